package dev.banos.libc.pthread;

import static dev.banos.libc.pthread.Pthread.CANCELED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.generated.Linux;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Races: two things that happen at once end as if one had come before the other. A lost cancel shows as a time-out. */
@Timeout(60)
class PthreadStressTest {
    private static final int ROUNDS = Integer.getInteger("banos.stress.rounds", 2_000);

    @ParameterizedTest
    @EnumSource
    void aCancelThatRacesWithEnablingIsNeverLost(Kind kind) {
        for (int round = 0; round < ROUNDS; round++) {
            AtomicBoolean go = new AtomicBoolean();
            Kind.Running thread = kind.start(argument -> {
                Pthread.setcancelstate(Pthread.CANCEL_DISABLE);
                go.set(true);
                Pthread.setcancelstate(Pthread.CANCEL_ENABLE);
                while (true) {
                    Pthread.testcancel();
                    Thread.yield();
                }
            });
            spinUntil(go);
            thread.cancel();
            assertThat(thread.join()).isEqualTo(CANCELED);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCancelThatRacesWithParkingIsNeverLost(Kind kind) {
        for (int round = 0; round < ROUNDS; round++) {
            AtomicBoolean go = new AtomicBoolean();
            Kind.Running thread = kind.start(argument -> {
                go.set(true);
                return BlockingCalls.nanosleep(Long.MAX_VALUE);
            });
            spinUntil(go);
            thread.cancel();
            assertThat(thread.join()).isEqualTo(CANCELED);
        }
    }

    /** And in a thread that can tell its interrupts apart, none is there while cancellation is disabled. */
    @ParameterizedTest
    @EnumSource
    void aCancelThatRacesWithABodyThatSetsItsStateIsNeverLost(Kind kind) {
        AtomicInteger disturbed = new AtomicInteger();
        for (int round = 0; round < ROUNDS; round++) {
            AtomicBoolean go = new AtomicBoolean();
            Kind.Running thread = kind.start(argument -> interruptible(() -> {
                go.set(true);
                for (int i = 0; i < 20; i++) {
                    Pthread.setcancelstate(Pthread.CANCEL_DISABLE);
                    disturbed.addAndGet(kind == Kind.PLATFORM && Thread.currentThread().isInterrupted() ? 1 : 0);
                    Pthread.setcancelstate(Pthread.CANCEL_ENABLE);
                }
                return new LinkedBlockingQueue<Integer>().take();
            }));
            spinUntil(go);
            thread.cancel();
            assertThat(thread.join()).isEqualTo(CANCELED);
        }
        assertThat(disturbed).hasValue(0);
    }

    @ParameterizedTest
    @EnumSource
    void aCancelThatRacesWithEnteringJavasOwnBlockingIsNeverLost(Kind kind) {
        for (int round = 0; round < ROUNDS; round++) {
            AtomicBoolean go = new AtomicBoolean();
            Kind.Running thread = kind.start(argument -> {
                go.set(true);
                return takeFromEmptyQueue();
            });
            spinUntil(go);
            thread.cancel();
            assertThat(thread.join()).isEqualTo(CANCELED);
        }
    }

    /** Whichever of the two comes first, both have their effect: the thread ends as cancelled and is interrupted. */
    @ParameterizedTest
    @EnumSource
    void anInterruptThatRacesWithACancelIsNeverLost(Kind kind) {
        for (int round = 0; round < ROUNDS; round++) {
            AtomicBoolean go = new AtomicBoolean();
            AtomicInteger interrupts = new AtomicInteger();
            Kind.Running thread = kind.start(argument -> {
                try (CleanUp _ = Pthread.cleanupPush(value -> countInterrupt(interrupts), 0)) {
                    go.set(true);
                    return takeUntilCancelled(interrupts);
                }
            });
            spinUntil(go);
            Thread interrupter = Thread.startVirtualThread(thread.thread()::interrupt);
            thread.cancel();
            assertThat(thread.join()).isEqualTo(CANCELED);
            joinJava(interrupter);
            assertThat(interrupts.get() > 0 || interruptArrivedTooLate(thread)).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"PLATFORM", "VIRTUAL"})
    void aCancelThatRacesWithTheEndHitsThatThreadOrNone(Kind kind) {
        List<Kind.Running> bystanders = new ArrayList<>();
        AtomicBoolean stop = new AtomicBoolean();
        for (int i = 0; i < 4; i++) {
            bystanders.add(Kind.PLATFORM.start(argument -> runUntil(stop)));
        }
        for (int round = 0; round < ROUNDS; round++) {
            Kind.Running thread = kind.start(argument -> 5);
            int status = Pthread.cancel(thread.thread());
            assertThat(status).isIn(0, -Linux.ESRCH());
            assertThat(thread.join()).isEqualTo(5);
        }
        stop.set(true);
        assertThat(bystanders).allMatch(each -> each.join() == 1);
    }

    @ParameterizedTest
    @EnumSource
    void aKeyThatIsDeletedWhileItIsSetLeavesNothingToItsSuccessor(Kind kind) {
        AtomicLong published = new AtomicLong(ThreadKeys.create(null));
        AtomicBoolean stop = new AtomicBoolean();
        Kind.Running setter = kind.start(argument -> {
            long last = -1;
            while (!stop.get()) {
                long key = published.get();
                if (key != last && key >= 0) {
                    assertThat(ThreadKeys.get((int) key)).describedAs("value of a new key").isZero();
                    last = key;
                }
                ThreadKeys.set((int) key, key + 1);
            }
            return 1;
        });
        for (int round = 0; round < ROUNDS * 10; round++) {
            int old = (int) published.get();
            ThreadKeys.delete(old);
            published.set(ThreadKeys.create(null));
        }
        stop.set(true);
        assertThat(setter.join()).isEqualTo(1);
        ThreadKeys.delete((int) published.get());
    }

    private static long runUntil(AtomicBoolean stop) {
        while (!stop.get()) {
            Pthread.testcancel();
            Thread.yield();
        }
        return 1;
    }

    private static long takeUntilCancelled(AtomicInteger interrupts) {
        while (true) {
            try {
                BlockingCalls.interruptible(() -> new LinkedBlockingQueue<Integer>().take());
            } catch (InterruptedException real) {
                interrupts.incrementAndGet();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }

    private static void countInterrupt(AtomicInteger interrupts) {
        if (Thread.interrupted()) {
            interrupts.incrementAndGet();
        }
    }

    /** After the clean-up handler had looked: then the status is still set, or the thread was gone. */
    private static boolean interruptArrivedTooLate(Kind.Running thread) {
        return thread.thread().isInterrupted() || !thread.thread().isAlive();
    }

    private static void spinUntil(AtomicBoolean go) {
        while (!go.get()) {
            Thread.yield();
        }
    }

    private static void joinJava(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static int takeFromEmptyQueue() {
        return interruptible(() -> new LinkedBlockingQueue<Integer>().take());
    }

    private static int interruptible(Callable<Integer> body) {
        try {
            return BlockingCalls.interruptible(body);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
