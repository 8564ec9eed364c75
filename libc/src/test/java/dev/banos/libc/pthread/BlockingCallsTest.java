package dev.banos.libc.pthread;

import static dev.banos.libc.pthread.Pthread.CANCELED;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.bindings.FileCalls;
import dev.banos.bindings.generated.Linux;
import dev.banos.bindings.generated.pollfd;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.ChildProcess;
import dev.banos.thread.Tcb;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A call that waits is ended by a cancel, by what it waits for, and by an interrupt, and each is told from the others. */
@Timeout(30)
class BlockingCallsTest {
    private static final List<String> LIMITED = List.of("sh", "-c", "ulimit -n 128 && exec \"$0\" \"$@\"");
    private static final long A_LONG_TIME = 3600_000_000_000L;

    private final Arena scope = Arena.ofShared();
    private final List<String> seen = new CopyOnWriteArrayList<>();
    private int reading;
    private int writing;

    @BeforeEach
    void openPipe() {
        MemorySegment ends = scope.allocate(JAVA_INT, 2);
        assertThat(FileCalls.pipe2(Tcb.current().segment(), ends, Linux.O_CLOEXEC())).isZero();
        reading = ends.getAtIndex(JAVA_INT, 0);
        writing = ends.getAtIndex(JAVA_INT, 1);
    }

    @AfterEach
    void closePipe() {
        FileCalls.close(Tcb.current().segment(), reading);
        FileCalls.close(Tcb.current().segment(), writing);
        scope.close();
    }

    @ParameterizedTest
    @EnumSource
    void aReaderThatWaitsIsCancelled(Kind kind) {
        Kind.Running thread = kind.start(argument -> BlockingCalls.read(reading, scope.allocate(8)));
        awaitParked(thread);
        thread.cancel();
        assertThat(thread.join()).isEqualTo(CANCELED);
    }

    @ParameterizedTest
    @EnumSource
    void aReaderThatWaitsGetsWhatIsWritten(Kind kind) {
        MemorySegment into = scope.allocate(8);
        Kind.Running thread = kind.start(argument -> BlockingCalls.read(reading, into));
        awaitParked(thread);
        assertThat(BlockingCalls.write(writing, scope.allocateFrom("abc"))).isEqualTo(4);
        assertThat(thread.join()).isEqualTo(4);
        assertThat(into.getString(0)).isEqualTo("abc");
    }

    @ParameterizedTest
    @EnumSource
    void aReaderWakesAtTheEndOfThePipe(Kind kind) {
        Kind.Running thread = kind.start(argument -> BlockingCalls.read(reading, scope.allocate(8)));
        awaitParked(thread);
        FileCalls.close(Tcb.current().segment(), writing);
        assertThat(thread.join()).isZero();
    }

    @Test
    void theWrongEndOfAPipeIsRefusedInsteadOfWaitedFor() {
        assertThat(BlockingCalls.read(writing, scope.allocate(8))).isEqualTo(-Linux.EBADF());
        assertThat(BlockingCalls.write(reading, scope.allocate(8))).isEqualTo(-Linux.EBADF());
        assertThat(Tcb.current().errno()).isEqualTo(Linux.EBADF());
    }

    @Test
    void nobodyWaitsForNoBytes() {
        assertThat(BlockingCalls.read(reading, MemorySegment.NULL)).isZero();
        assertThat(BlockingCalls.write(writing, pattern(65536))).as("fills the pipe").isEqualTo(65536);
        assertThat(BlockingCalls.write(writing, MemorySegment.NULL)).isZero();
        assertThat(BlockingCalls.read(writing, MemorySegment.NULL)).isEqualTo(-Linux.EBADF());
    }

    @ParameterizedTest
    @EnumSource
    void aPendingCancelActsEvenWhenNothingWouldBlock(Kind kind) {
        BlockingCalls.write(writing, scope.allocateFrom("abc"));
        assertThat(kind.start(argument -> {
            Pthread.cancel(Thread.currentThread());
            return BlockingCalls.read(reading, scope.allocate(8));
        }).join()).isEqualTo(CANCELED);
        assertThat(BlockingCalls.read(reading, scope.allocate(8))).describedAs("nothing was consumed").isEqualTo(4);
    }

    @ParameterizedTest
    @EnumSource
    void aWriterWritesAllHoweverLittleThePipeHolds(Kind kind) {
        long bytes = 300_000;
        Kind.Running writer = kind.start(argument -> BlockingCalls.write(writing, pattern(bytes)));
        MemorySegment all = scope.allocate(bytes);
        for (long got = 0; got < bytes; ) {
            got += BlockingCalls.read(reading, all.asSlice(got));
        }
        assertThat(writer.join()).isEqualTo(bytes);
        assertThat(all.mismatch(pattern(bytes))).isEqualTo(-1);
    }

    @ParameterizedTest
    @EnumSource
    void aWriterOfAFullPipeReportsWhatHasGoneAndIsCancelledAtTheNextPoint(Kind kind) {
        Kind.Running thread = kind.start(argument -> {
            seen.add("wrote " + BlockingCalls.write(writing, pattern(300_000)));
            Pthread.testcancel();
            seen.add("not reached");
            return 0;
        });
        awaitParked(thread);
        thread.cancel();
        assertThat(thread.join()).isEqualTo(CANCELED);
        assertThat(seen).containsExactly("wrote 65536");
    }

    @ParameterizedTest
    @EnumSource
    void aDisabledThreadIsNotDisturbedByACancel(Kind kind) {
        Kind.Running thread = kind.start(argument -> {
            Pthread.setcancelstate(Pthread.CANCEL_DISABLE);
            return BlockingCalls.read(reading, scope.allocate(8));
        });
        awaitParked(thread);
        thread.cancel();
        BlockingCalls.write(writing, scope.allocateFrom("x"));
        assertThat(thread.join()).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource
    void anInterruptIsEintrAndStays(Kind kind) {
        Kind.Running thread = kind.start(argument -> {
            long result = BlockingCalls.read(reading, scope.allocate(8));
            seen.add(result + " errno=" + Tcb.current().errno() + " " + Thread.currentThread().isInterrupted());
            return 0;
        });
        awaitParked(thread);
        thread.thread().interrupt();
        thread.join();
        assertThat(seen).containsExactly("-4 errno=4 true");
    }

    @ParameterizedTest
    @EnumSource
    void aCancelLeavesNoInterruptBehind(Kind kind) {
        Kind.Running thread = kind.start(argument -> {
            try (CleanUp _ = Pthread.cleanupPush(value -> seen.add("interrupted: " + Thread.interrupted()), 0)) {
                return BlockingCalls.nanosleep(A_LONG_TIME);
            }
        });
        awaitParked(thread);
        thread.cancel();
        assertThat(thread.join()).isEqualTo(CANCELED);
        assertThat(seen).containsExactly("interrupted: false");
    }

    @Test
    void sleepTakesItsTime() {
        long begin = System.nanoTime();
        assertThat(BlockingCalls.nanosleep(2_000_000)).isZero();
        assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(2_000_000);
        assertThat(BlockingCalls.nanosleep(0)).isZero();
    }

    /** As C's, which has it of the kernel. */
    @Test
    void aNegativeTimeIsInvalid() {
        assertThat(BlockingCalls.nanosleep(-5)).isEqualTo(-Linux.EINVAL());
        assertThat(Tcb.current().errno()).isEqualTo(Linux.EINVAL());
    }

    @Test
    void pollTimesOutAndReportsEachDescriptor() {
        MemorySegment fds = pollfd.allocateArray(2, scope);
        pollfd.fd(pollfd.asSlice(fds, 0), reading);
        pollfd.events(pollfd.asSlice(fds, 0), (short) Linux.POLLIN());
        pollfd.fd(pollfd.asSlice(fds, 1), writing);
        assertThat(BlockingCalls.poll(fds, 2, 1)).isZero();

        pollfd.events(pollfd.asSlice(fds, 1), (short) Linux.POLLOUT());
        assertThat(BlockingCalls.poll(fds, 2, -1)).isEqualTo(1);
        assertThat(pollfd.revents(pollfd.asSlice(fds, 1))).isEqualTo((short) Linux.POLLOUT());
    }

    @ParameterizedTest
    @EnumSource
    void aPollThatWaitsSeesWhichDescriptorBecameReady(Kind kind) {
        MemorySegment fds = pollfd.allocateArray(2, scope);
        pollfd.fd(pollfd.asSlice(fds, 0), writing);
        pollfd.fd(pollfd.asSlice(fds, 1), reading);
        pollfd.events(pollfd.asSlice(fds, 1), (short) Linux.POLLIN());
        Kind.Running thread = kind.start(argument -> BlockingCalls.poll(fds, 2, -1));
        awaitParked(thread);
        BlockingCalls.write(writing, scope.allocateFrom(""));
        assertThat(thread.join()).isEqualTo(1);
        assertThat(pollfd.revents(pollfd.asSlice(fds, 1))).isEqualTo((short) Linux.POLLIN());
        assertThat(pollfd.revents(pollfd.asSlice(fds, 0))).isZero();
    }

    @Test
    void aBadDescriptorIsEbadf() {
        assertThat(BlockingCalls.read(-1, scope.allocate(1))).isEqualTo(-Linux.EBADF());
        assertThat(Tcb.current().errno()).isEqualTo(Linux.EBADF());
        assertThat(BlockingCalls.write(9999, scope.allocate(1))).isEqualTo(-Linux.EBADF());
    }

    /** The pipe is empty and stays so: what is wrong is said without a wait. */
    @Test
    void whatIsWrongIsSaidBeforeAnythingIsWaitedFor() {
        MemorySegment onHeap = MemorySegment.ofArray(new byte[8]);
        MemorySegment native8 = scope.allocate(8);
        Arena closed = Arena.ofConfined();
        MemorySegment gone = closed.allocate(8);
        closed.close();
        refused("into=", () -> BlockingCalls.read(reading, onHeap));
        refused("read-only", () -> BlockingCalls.read(reading, native8.asReadOnly()));
        refused("from=", () -> BlockingCalls.write(writing, onHeap));
        refused("fds=", () -> BlockingCalls.poll(onHeap, 1, 0));
        refused("read-only", () -> BlockingCalls.poll(native8.asReadOnly(), 1, 0));
        refused("count=2", () -> BlockingCalls.poll(native8, 2, 0));
        refused("count=-1", () -> BlockingCalls.poll(native8, -1, 0));
        assertThatThrownBy(() -> BlockingCalls.read(reading, gone)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> BlockingCalls.write(writing, gone)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> BlockingCalls.poll(gone, 1, 0)).isInstanceOf(IllegalStateException.class);
        try (Arena ours = Arena.ofConfined()) {
            MemorySegment ofThisThread = ours.allocate(8);
            assertThat(Kind.PLATFORM.start(argument -> {
                assertThatThrownBy(() -> BlockingCalls.read(reading, ofThisThread)).isInstanceOf(WrongThreadException.class);
                return 1;
            }).join()).isEqualTo(1);
        }
        assertThat(BlockingCalls.write(writing, native8.asReadOnly())).isEqualTo(8);
        assertThat(BlockingCalls.poll(native8, 0, 0)).isZero();
    }

    private static void refused(String reason, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(reason);
    }

    @Test
    void manyVirtualThreadsWaitAtOnceWithoutCarriersOrDescriptors() {
        List<Kind.Running> readers = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            readers.add(Kind.VIRTUAL.start(argument -> BlockingCalls.read(reading, scope.allocate(1))));
        }
        readers.forEach(BlockingCallsTest::awaitParked);
        readers.forEach(Kind.Running::cancel);
        assertThat(readers).allMatch(reader -> reader.join() == CANCELED);
    }

    /** The kernel polls no list that is longer than the process may have descriptors; more threads than that may wait. */
    @Test
    void moreThreadsWaitThanThereMayBeDescriptors() throws IOException, InterruptedException {
        String said = ChildJvm.run(LIMITED, List.of("-XX:-MaxFDLimit"), ManyWaitersChild.class, "500").output();
        assertThat(said.strip()).isEqualTo("500 [false]");
    }

    /** Negative descriptors are none: however many of them others have in their lists, each waits on. */
    @Test
    void negativeDescriptorsOfOthersEndNoWait() throws IOException, InterruptedException {
        String said = ChildJvm.run(LIMITED, List.of("-XX:-MaxFDLimit"), LongListsChild.class, LongListsChild.NEGATIVE).output();
        assertThat(said.strip()).isEqualTo("[1, 1, 1]");
    }

    @Test
    void aLimitThatIsLoweredEndsNoWait() throws IOException, InterruptedException {
        assumeTrue(ChildProcess.isInstalled("prlimit"), "nothing here lowers the limit of another process");
        String said = ChildJvm.run(LIMITED, List.of("-XX:-MaxFDLimit"), LongListsChild.class, LongListsChild.LOWERED).output();
        assertThat(said.strip()).isEqualTo("[1, 1, 1]");
    }

    @ParameterizedTest
    @EnumSource
    void aDescriptorThatTwoThreadsWaitForDifferentlyWakesEachForItsOwn(Kind kind) {
        BlockingCalls.write(writing, pattern(65536));
        Kind.Running writer = kind.start(argument -> pollOf(writing, Linux.POLLOUT()));
        Kind.Running listener = kind.start(argument -> pollOf(writing, 0));
        awaitParked(writer);
        awaitParked(listener);
        assertThat(BlockingCalls.read(reading, scope.allocate(65536))).isEqualTo(65536);
        assertThat(writer.join()).isEqualTo(Linux.POLLOUT());
        assertThat(listener.thread().isAlive()).isTrue();
        FileCalls.close(Tcb.current().segment(), reading);
        assertThat(listener.join()).isEqualTo(Linux.POLLERR());
    }

    /** What happened to {@code fd}, waited for with another that nothing happens to and one that is none. */
    private long pollOf(int fd, int events) {
        MemorySegment fds = scope.allocate(pollfd.layout(), 3);
        int silent = FileCalls.eventfd(Tcb.current().segment(), 0, Linux.O_CLOEXEC());
        for (int i = 0; i < 3; i++) {
            pollfd.fd(pollfd.asSlice(fds, i), i == 1 ? -1 : i == 0 ? silent : fd);
        }
        pollfd.events(pollfd.asSlice(fds, 2), (short) events);
        assertThat(BlockingCalls.poll(fds, 3, -1)).isEqualTo(1);
        FileCalls.close(Tcb.current().segment(), silent);
        assertThat(pollfd.revents(fds) | pollfd.revents(pollfd.asSlice(fds, 1))).isZero();
        return pollfd.revents(pollfd.asSlice(fds, 2));
    }

    @ParameterizedTest
    @EnumSource
    void javaCodeThatBlocksIsReachedByACancel(Kind kind) {
        Kind.Running thread = kind.start(argument -> takeFromEmptyQueue());
        awaitParked(thread);
        thread.cancel();
        assertThat(thread.join()).isEqualTo(CANCELED);
    }

    @Test
    void theInterruptOfACancelIsTakenBackInAThreadOfOurs() {
        Kind.Running thread = Kind.PLATFORM.start(argument -> {
            try (CleanUp _ = Pthread.cleanupPush(value -> seen.add("interrupted: " + Thread.interrupted()), 0)) {
                return takeFromEmptyQueue();
            }
        });
        awaitParked(thread);
        thread.cancel();
        thread.join();
        assertThat(seen).containsExactly("interrupted: false");
    }

    @ParameterizedTest
    @EnumSource
    void aRealInterruptGoesThroughAsItIs(Kind kind) {
        Kind.Running thread = kind.start(argument -> {
            assertThatThrownBy(() -> BlockingCalls.interruptible(() -> new LinkedBlockingQueue<>().take()))
                    .isInstanceOf(InterruptedException.class);
            return 1;
        });
        awaitParked(thread);
        thread.thread().interrupt();
        assertThat(thread.join()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    void aRealInterruptThatComesWithACancelIsNotLost(Kind kind) {
        Kind.Running thread = kind.start(argument -> {
            try (CleanUp _ = Pthread.cleanupPush(value -> seen.add("interrupted: " + Thread.interrupted()), 0)) {
                return interruptible(() -> {
                    Pthread.cancel(Thread.currentThread());
                    Thread.currentThread().interrupt();
                    return new LinkedBlockingQueue<Integer>().take();
                });
            }
        });
        assertThat(thread.join()).isEqualTo(CANCELED);
        assertThat(seen).containsExactly("interrupted: true");
    }

    @ParameterizedTest
    @EnumSource
    void aRealInterruptFromBeforeACancelIsNotLost(Kind kind) {
        Kind.Running thread = kind.start(argument -> {
            try (CleanUp _ = Pthread.cleanupPush(value -> seen.add("interrupted: " + Thread.interrupted()), 0)) {
                Thread.currentThread().interrupt();
                return interruptible(() -> {
                    Pthread.cancel(Thread.currentThread());
                    return 3;
                });
            }
        });
        assertThat(thread.join()).isEqualTo(CANCELED);
        assertThat(seen).containsExactly("interrupted: true");
    }

    @ParameterizedTest
    @EnumSource
    void nestedRegionsEndWithTheirOwn(Kind kind) {
        Kind.Running thread = kind.start(argument -> interruptible(() -> interruptible(() -> 3) + takeFromEmptyQueue()));
        awaitParked(thread);
        thread.cancel();
        assertThat(thread.join()).isEqualTo(CANCELED);
    }

    @ParameterizedTest
    @EnumSource
    void aBodyThatDisablesCancellationIsNotInterrupted(Kind kind) {
        LinkedBlockingQueue<Integer> queue = new LinkedBlockingQueue<>();
        Kind.Running thread = kind.start(argument -> {
            seen.add("took " + interruptible(() -> {
                Pthread.setcancelstate(Pthread.CANCEL_DISABLE);
                return interruptible(queue::take) + queue.take();
            }) + " " + Thread.interrupted());
            Pthread.setcancelstate(Pthread.CANCEL_ENABLE);
            Pthread.testcancel();
            return 0;
        });
        awaitParked(thread);
        thread.cancel();
        queue.add(3);
        while (!queue.isEmpty()) {
            Thread.onSpinWait();
        }
        Pthread.cancel(thread.thread());
        queue.add(4);
        assertThat(thread.join()).isEqualTo(CANCELED);
        assertThat(seen).containsExactly("took 7 false");
    }

    @ParameterizedTest
    @EnumSource
    void aBodyThatEnablesCancellationIsReached(Kind kind) {
        for (boolean before : new boolean[] {true, false}) {
            Kind.Running thread = kind.start(argument -> {
                Pthread.setcancelstate(Pthread.CANCEL_DISABLE);
                if (before) {
                    Pthread.cancel(Thread.currentThread());
                }
                return interruptible(() -> {
                    Pthread.setcancelstate(Pthread.CANCEL_ENABLE);
                    return new LinkedBlockingQueue<Integer>().take();
                });
            });
            if (!before) {
                awaitParked(thread);
                thread.cancel();
            }
            assertThat(thread.join()).isEqualTo(CANCELED);
        }
    }

    @Test
    void theInterruptOfACancelThatIsDisabledInTimeIsTakenBackInAThreadOfOurs() {
        assertThat(Kind.PLATFORM.start(argument -> interruptible(() -> {
            Pthread.cancel(Thread.currentThread());
            seen.add("interrupted: " + Thread.currentThread().isInterrupted());
            Pthread.setcancelstate(Pthread.CANCEL_DISABLE);
            seen.add("interrupted: " + Thread.currentThread().isInterrupted());
            Pthread.setcancelstate(Pthread.CANCEL_ENABLE);
            seen.add("interrupted: " + Thread.currentThread().isInterrupted());
            return 0;
        })).join()).isEqualTo(CANCELED);
        assertThat(seen).containsExactly("interrupted: true", "interrupted: false", "interrupted: true");
    }

    private static int takeFromEmptyQueue() {
        return interruptible(() -> new LinkedBlockingQueue<Integer>().take());
    }

    private static int interruptible(java.util.concurrent.Callable<Integer> body) {
        try {
            return BlockingCalls.interruptible(body);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private MemorySegment pattern(long bytes) {
        MemorySegment segment = scope.allocate(bytes);
        for (long i = 0; i < bytes; i++) {
            segment.set(JAVA_BYTE, i, (byte) (i * 31 >> 5));
        }
        return segment;
    }

    private static void awaitParked(Kind.Running thread) {
        Thread.State state = thread.thread().getState();
        while (state != Thread.State.WAITING && state != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
            state = thread.thread().getState();
        }
    }
}
