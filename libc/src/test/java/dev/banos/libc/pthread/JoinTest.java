package dev.banos.libc.pthread;

import static dev.banos.libc.pthread.Pthread.CANCELED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.bindings.generated.Linux;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each law of POSIX on join and detach, and on the names that they end. */
@Timeout(30)
class JoinTest {
    private final List<Long> ran = new CopyOnWriteArrayList<>();

    @Test
    void aJoinGivesTheResultOnceAndThenTheNameIsForgotten() {
        long thread = Pthread.create(argument -> argument + 1, 4);
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment result = scope.allocate(JAVA_LONG);
            assertThat(Pthread.join(thread, result)).isZero();
            assertThat(result.get(JAVA_LONG, 0)).isEqualTo(5);
        }
        assertThat(Pthread.join(thread, MemorySegment.NULL)).isEqualTo(-Linux.ESRCH());
        assertThat(Pthread.detach(thread)).isEqualTo(-Linux.ESRCH());
    }

    @Test
    void aResultThatCannotBeStoredIsRefusedAndTheThreadStaysJoinable() throws InterruptedException {
        CountDownLatch release = new CountDownLatch(1);
        Kind.Running thread = Kind.PLATFORM.start(argument -> PthreadTest.await(release) + 8);
        Arena gone = Arena.ofShared();
        MemorySegment lost = gone.allocate(JAVA_LONG);
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment result = scope.allocate(JAVA_LONG);
            assertThatThrownBy(() -> Pthread.join(thread.id(), result.asReadOnly()))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("read-only");
            assertThatThrownBy(() -> Pthread.join(thread.id(), result.asSlice(0, 7))).isInstanceOf(IllegalArgumentException.class);
            assertThat(Kind.PLATFORM.start(other -> {
                assertThatThrownBy(() -> Pthread.join(thread.id(), result)).isInstanceOf(WrongThreadException.class);
                return 1;
            }).join()).isEqualTo(1);
        }
        Kind.Running joiner = Kind.PLATFORM.start(argument -> {
            assertThatThrownBy(() -> Pthread.join(thread.id(), lost)).isInstanceOf(IllegalStateException.class);
            return 2;
        });
        awaitParked(joiner);
        gone.close();
        release.countDown();
        assertThat(joiner.join()).isEqualTo(2);
        assertThatThrownBy(() -> Pthread.join(thread.id(), lost)).isInstanceOf(IllegalStateException.class);
        assertThat(thread.join()).isEqualTo(8);
    }

    @Test
    void noThreadCanBeJoinedByItself() {
        assertThat(Kind.PLATFORM.start(argument -> Pthread.join(Pthread.self(), MemorySegment.NULL)).join())
                .isEqualTo(-Linux.EDEADLK());
    }

    @Test
    void aDetachedThreadThatJoinsItselfIsToldWhatAnyOtherIs() throws InterruptedException {
        BlockingQueue<Integer> answers = new ArrayBlockingQueue<>(1);
        Pthread.create(argument -> {
            assertThat(Pthread.detach(Pthread.self())).isZero();
            answers.add(Pthread.join(Pthread.self(), MemorySegment.NULL));
            return 0;
        }, 0);
        assertThat(answers.poll(1, TimeUnit.MINUTES)).isEqualTo(-Linux.EINVAL());
    }

    @Test
    void noThreadJoinsOneThatWaitsForIt() {
        long[] ids = new long[3];
        CountDownLatch known = new CountDownLatch(1);
        Kind.Running third = Kind.PLATFORM.start(argument -> {
            PthreadTest.await(known);
            awaitParked(PosixThread.threadNamed(ids[0]));
            ran.add((long) Pthread.join(ids[0], MemorySegment.NULL));
            return ran.getFirst();
        });
        Kind.Running second = Kind.VIRTUAL.start(argument -> third.join());
        Kind.Running first = Kind.PLATFORM.start(argument -> {
            awaitParked(second);
            return second.join();
        });
        ids[0] = first.id();
        known.countDown();
        awaitEnd(third);
        assertThat(first.join()).as("the third ended with EDEADLK, so the others ended, too").isEqualTo(-Linux.EDEADLK());
        assertThat(ran).containsExactly((long) -Linux.EDEADLK());
    }

    @Test
    void aDetachedThreadCannotBeJoinedAndIsForgottenWhenItEnds() throws InterruptedException {
        CountDownLatch release = new CountDownLatch(1);
        long thread = Pthread.create(argument -> PthreadTest.await(release), 0);
        Thread java = PosixThread.threadNamed(thread);
        assertThat(Pthread.detach(thread)).isZero();
        assertThat(Pthread.detach(thread)).isEqualTo(-Linux.EINVAL());
        assertThat(Pthread.join(thread, MemorySegment.NULL)).isEqualTo(-Linux.EINVAL());
        release.countDown();
        java.join();
        assertThat(Pthread.cancel(thread)).isEqualTo(-Linux.ESRCH());
    }

    @Test
    void anEndedThreadIsForgottenWhenItIsDetached() throws InterruptedException {
        long thread = Pthread.create(argument -> argument, 0);
        PosixThread.threadNamed(thread).join();
        assertThat(Pthread.cancel(thread)).as("its name is still known").isZero();
        assertThat(Pthread.detach(thread)).isZero();
        assertThat(Pthread.detach(thread)).isEqualTo(-Linux.ESRCH());
        assertThat(Pthread.join(thread, MemorySegment.NULL)).isEqualTo(-Linux.ESRCH());
        assertThat(Pthread.cancel(thread)).isEqualTo(-Linux.ESRCH());
    }

    @Test
    void theResultMayBeStoredAnywhere() {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment memory = scope.allocate(2 * Long.BYTES, Long.BYTES);
            for (MemorySegment result : new MemorySegment[] {memory.asSlice(3, Long.BYTES), MemorySegment.ofArray(new byte[Long.BYTES])}) {
                assertThat(Pthread.join(Pthread.create(argument -> argument, 9), result)).isZero();
                assertThat(result.get(JAVA_LONG_UNALIGNED, 0)).isEqualTo(9);
            }
        }
    }

    @Test
    void aThreadHasOneJoinerAtMost() {
        CountDownLatch release = new CountDownLatch(1);
        Kind.Running thread = Kind.PLATFORM.start(argument -> PthreadTest.await(release));
        Kind.Running joiner = Kind.PLATFORM.start(argument -> thread.join());
        awaitParked(joiner);
        assertThat(Pthread.join(thread.id(), MemorySegment.NULL)).isEqualTo(-Linux.EINVAL());
        assertThat(Pthread.detach(thread.id())).isEqualTo(-Linux.EINVAL());
        release.countDown();
        joiner.join();
    }

    @ParameterizedTest
    @EnumSource
    void aJoinerThatIsCancelledLeavesTheThreadJoinable(Kind kind) {
        CountDownLatch release = new CountDownLatch(1);
        Kind.Running thread = Kind.PLATFORM.start(argument -> PthreadTest.await(release) + 6);
        Kind.Running joiner = kind.start(argument -> thread.join());
        awaitParked(joiner);
        joiner.cancel();
        assertThat(joiner.join()).isEqualTo(CANCELED);
        release.countDown();
        assertThat(thread.join()).isEqualTo(6);
    }

    @Test
    void anInterruptNeitherEndsAJoinNorIsLost() {
        CountDownLatch release = new CountDownLatch(1);
        Kind.Running thread = Kind.PLATFORM.start(argument -> PthreadTest.await(release) + 6);
        Kind.Running joiner = Kind.VIRTUAL.start(argument -> {
            Thread.currentThread().interrupt();
            return thread.join() * 10 + (Thread.interrupted() ? 1 : 0);
        });
        awaitParked(joiner);
        release.countDown();
        assertThat(joiner.join()).isEqualTo(61);
    }

    @Test
    void aNameThatNoThreadHasIsEsrch() {
        assertThat(Pthread.cancel(Long.MAX_VALUE)).isEqualTo(-Linux.ESRCH());
        assertThat(Pthread.join(Long.MAX_VALUE, MemorySegment.NULL)).isEqualTo(-Linux.ESRCH());
        assertThat(Pthread.detach(-1)).isEqualTo(-Linux.ESRCH());
        assertThat(Pthread.cancel(new Thread(() -> { }))).isEqualTo(-Linux.ESRCH());
    }

    @ParameterizedTest
    @EnumSource(names = {"PLATFORM", "VIRTUAL"})
    void aNameIsNoLongerValidOnceItsThreadIsJoined(Kind kind) {
        for (int round = 0; round < 500; round++) {
            Kind.Running thread = kind.start(argument -> 1);
            assertThat(thread.join()).isEqualTo(1);
            assertThat(Pthread.cancel(thread.id())).as("however alive the Java thread still is").isEqualTo(-Linux.ESRCH());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"PLATFORM", "VIRTUAL"})
    void aNameIsValidUntilItsThreadIsJoinedHoweverLongItHasEnded(Kind kind) {
        Kind.Running thread = kind.start(argument -> 3);
        awaitEnd(thread);
        assertThat(Pthread.cancel(thread.id())).as("a cancel that comes too late is no error").isZero();
        assertThat(thread.join()).isEqualTo(3);
        assertThat(Pthread.cancel(thread.id())).isEqualTo(-Linux.ESRCH());
    }

    @ParameterizedTest
    @EnumSource
    void aDueCancelActsBeforeAJoinReturnsWhateverItWouldReturn(Kind kind) {
        CountDownLatch release = new CountDownLatch(1);
        Kind.Running ended = Kind.PLATFORM.start(argument -> 6);
        awaitEnd(ended);
        Kind.Running detached = Kind.PLATFORM.start(argument -> PthreadTest.await(release));
        assertThat(Pthread.detach(detached.id())).isZero();
        for (long name : new long[] {ended.id(), detached.id(), Long.MAX_VALUE}) {
            assertThat(kind.start(argument -> {
                Pthread.cancel(Thread.currentThread());
                return Pthread.join(name, MemorySegment.NULL);
            }).join()).isEqualTo(CANCELED);
        }
        release.countDown();
        assertThat(ended.join()).as("nobody has joined it").isEqualTo(6);
    }

    private static void awaitEnd(Kind.Running thread) {
        while (thread.thread().isAlive()) {
            Thread.onSpinWait();
        }
    }

    private static void awaitParked(Kind.Running thread) {
        awaitParked(thread.thread());
    }

    private static void awaitParked(Thread thread) {
        while (thread.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
    }
}
