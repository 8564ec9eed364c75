package dev.banos.libc.pthread;

import static dev.banos.libc.pthread.Pthread.CANCELED;
import static dev.banos.libc.pthread.Pthread.CANCEL_ASYNCHRONOUS;
import static dev.banos.libc.pthread.Pthread.CANCEL_DEFERRED;
import static dev.banos.libc.pthread.Pthread.CANCEL_DISABLE;
import static dev.banos.libc.pthread.Pthread.CANCEL_ENABLE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.banos.bindings.generated.Linux;
import dev.banos.thread.Tcb;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each law of POSIX on thread cancellation and exit. */
@Timeout(30)
class PthreadTest {
    private static final long A_LONG_TIME = 3600_000_000_000L;

    private final List<Long> ran = new CopyOnWriteArrayList<>();
    private final CountDownLatch cancelSent = new CountDownLatch(1);

    @ParameterizedTest
    @EnumSource
    void aRoutinesResultIsWhatAJoinYields(Kind kind) {
        assertThat(kind.start(argument -> 42).join()).isEqualTo(42);
    }

    @ParameterizedTest
    @EnumSource
    void exitEndsTheThreadFromAnyDepthWithItsResult(Kind kind) {
        assertThat(kind.start(argument -> {
            List.of(1, 2, 3).forEach(each -> {
                throw Pthread.exit(7);
            });
            return 0;
        }).join()).isEqualTo(7);
    }

    @ParameterizedTest
    @EnumSource
    void aNewThreadIsCancelableAndDeferred(Kind kind) {
        assertThat(kind.start(argument ->
                Pthread.setcancelstate(CANCEL_ENABLE) * 10 + Pthread.setcanceltype(CANCEL_DEFERRED)).join()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void settingReturnsTheOldValueAndRefusesAnyOther(Kind kind) {
        assertThat(kind.start(argument -> {
            assertThat(Pthread.setcancelstate(CANCEL_DISABLE)).isEqualTo(CANCEL_ENABLE);
            assertThat(Pthread.setcancelstate(2)).isEqualTo(-Linux.EINVAL());
            assertThat(Pthread.setcancelstate(-1)).isEqualTo(-Linux.EINVAL());
            assertThat(Pthread.setcancelstate(CANCEL_ENABLE)).isEqualTo(CANCEL_DISABLE);
            assertThat(Pthread.setcanceltype(CANCEL_ASYNCHRONOUS)).isEqualTo(CANCEL_DEFERRED);
            assertThat(Pthread.setcanceltype(5)).isEqualTo(-Linux.EINVAL());
            assertThat(Pthread.setcanceltype(CANCEL_DEFERRED)).isEqualTo(CANCEL_ASYNCHRONOUS);
            return 1;
        }).join()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    void aDeferredCancelWaitsForACancellationPoint(Kind kind) {
        Kind.Running thread = kind.start(argument -> {
            awaitCancel();
            ran.add(1L); // no cancellation point has been passed
            Pthread.testcancel();
            ran.add(2L);
            return 0;
        });
        cancel(thread);
        assertThat(thread.join()).isEqualTo(CANCELED);
        assertThat(ran).containsExactly(1L);
    }

    @ParameterizedTest
    @EnumSource
    void aCancelOfADisabledThreadStaysPendingUntilTheFirstPointAfterEnabling(Kind kind) {
        Kind.Running thread = kind.start(argument -> {
            Pthread.setcancelstate(CANCEL_DISABLE);
            awaitCancel();
            Pthread.testcancel();
            BlockingCalls.nanosleep(1);
            ran.add(1L);
            Pthread.setcancelstate(CANCEL_ENABLE); // itself no cancellation point while deferred
            ran.add(2L);
            Pthread.testcancel();
            ran.add(3L);
            return 0;
        });
        cancel(thread);
        assertThat(thread.join()).isEqualTo(CANCELED);
        assertThat(ran).containsExactly(1L, 2L);
    }

    @ParameterizedTest
    @EnumSource
    void anAsynchronousCancelThatIsPendingActsAsSoonAsItIsEnabled(Kind kind) {
        Kind.Running thread = kind.start(argument -> {
            Pthread.setcancelstate(CANCEL_DISABLE);
            Pthread.setcanceltype(CANCEL_ASYNCHRONOUS);
            awaitCancel();
            ran.add(1L);
            Pthread.setcancelstate(CANCEL_ENABLE);
            ran.add(2L);
            return 0;
        });
        cancel(thread);
        assertThat(thread.join()).isEqualTo(CANCELED);
        assertThat(ran).containsExactly(1L);
    }

    @ParameterizedTest
    @EnumSource
    void aSecondCancelIsNoMoreThanOne(Kind kind) {
        Kind.Running thread = kind.start(argument -> BlockingCalls.nanosleep(A_LONG_TIME));
        thread.cancel();
        Pthread.cancel(thread.thread());
        assertThat(thread.join()).isEqualTo(CANCELED);
    }

    @ParameterizedTest
    @EnumSource
    void aThreadMayCancelItself(Kind kind) {
        assertThat(kind.start(argument -> {
            assertThat(Pthread.cancel(Thread.currentThread())).isZero();
            ran.add(1L);
            Pthread.testcancel();
            return 0;
        }).join()).isEqualTo(CANCELED);
        assertThat(ran).containsExactly(1L);
    }

    @ParameterizedTest
    @EnumSource
    void handlersRunLastInFirstOut(Kind kind) {
        kind.start(argument -> {
            CleanUp _ = Pthread.cleanupPush(ran::add, 1);
            CleanUp _ = Pthread.cleanupPush(ran::add, 2);
            CleanUp _ = Pthread.cleanupPush(ran::add, 3);
            throw Pthread.exit(0);
        }).join();
        assertThat(ran).containsExactly(3L, 2L, 1L);
    }

    @ParameterizedTest
    @EnumSource
    void aPoppedHandlerRunsOnlyIfAskedTo(Kind kind) {
        kind.start(argument -> {
            CleanUp _ = Pthread.cleanupPush(ran::add, 1);
            CleanUp _ = Pthread.cleanupPush(ran::add, 2);
            Pthread.cleanupPop(true);
            Pthread.cleanupPop(false);
            assertThatThrownBy(() -> Pthread.cleanupPop(false)).isInstanceOf(IllegalStateException.class);
            throw Pthread.exit(0);
        }).join();
        assertThat(ran).containsExactly(2L);
    }

    @ParameterizedTest
    @EnumSource
    void handlersRunWithCancellationOff(Kind kind) {
        Kind.Running thread = kind.start(argument -> {
            CleanUp _ = Pthread.cleanupPush(value -> {
                Pthread.cancel(Thread.currentThread());
                Pthread.setcancelstate(CANCEL_ENABLE);
                Pthread.testcancel();
                BlockingCalls.nanosleep(1);
                ran.add(value);
            }, 5);
            return BlockingCalls.nanosleep(A_LONG_TIME);
        });
        thread.cancel();
        assertThat(thread.join()).isEqualTo(CANCELED);
        assertThat(ran).containsExactly(5L);
    }

    @ParameterizedTest
    @EnumSource
    void aScopedHandlerRunsBetweenWhatWasOpenedAfterItAndBeforeIt(Kind kind) {
        kind.start(argument -> {
            try (AutoCloseable _ = () -> ran.add(1L);
                    CleanUp _ = Pthread.cleanupPush(ran::add, 2);
                    AutoCloseable _ = () -> ran.add(3L)) {
                throw Pthread.exit(0);
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }).join();
        assertThat(ran).containsExactly(3L, 2L, 1L);
    }

    @ParameterizedTest
    @EnumSource
    void aScopedHandlerOfABlockThatEndsOrdinarilyDoesNotRun(Kind kind) {
        kind.start(argument -> {
            try (CleanUp _ = Pthread.cleanupPush(ran::add, 1)) {
                ran.add(0L);
            }
            throw Pthread.exit(0);
        }).join();
        assertThat(ran).containsExactly(0L);
    }

    @ParameterizedTest
    @EnumSource
    void aHandlerThatFailsOrExitsDoesNotStopTheOthers(Kind kind) {
        Kind.Running thread = kind.start(argument -> {
            CleanUp _ = Pthread.cleanupPush(ran::add, 1);
            CleanUp _ = Pthread.cleanupPush(value -> {
                throw Pthread.exit(9);
            }, 0);
            CleanUp _ = Pthread.cleanupPush(ran::add, 3);
            throw Pthread.exit(4);
        });
        assertThat(thread.join()).isEqualTo(4);
        assertThat(ran).containsExactly(3L, 1L);
    }

    @ParameterizedTest
    @EnumSource
    void anExitThatSomebodyCatchesIsStillTheEnd(Kind kind) {
        Kind.Running thread = kind.start(argument -> {
            try {
                Pthread.exit(3);
            } catch (ThreadExit swallowed) {
                ran.add(swallowed.result());
            }
            Pthread.cancel(Thread.currentThread());
            Pthread.testcancel();
            return 99;
        });
        assertThat(thread.join()).isEqualTo(3);
        assertThat(ran).containsExactly(3L);
    }

    @Test
    void whatDoesNothingIsRefusedBeforeAThreadBegins() {
        assertThatThrownBy(() -> Pthread.create(null, 0)).isInstanceOf(NullPointerException.class).hasMessageContaining("routine");
        assertThatThrownBy(() -> Pthread.createVirtual(null, 0)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> Pthread.call(null, 0)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> Pthread.cleanupPush(null, 0)).isInstanceOf(NullPointerException.class).hasMessageContaining("handler");
    }

    /** The JVM does not count what a virtual thread allocates. */
    @ParameterizedTest
    @EnumSource(names = {"PLATFORM", "FOREIGN_PLATFORM"})
    void hotCallsAllocateNothing(Kind kind) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int key = ThreadKeys.create(null);
        long least = kind.start(argument -> {
            long fewest = Long.MAX_VALUE;
            for (int round = 0; round < 100 && fewest > 0; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                callOften(key);
                fewest = Math.min(fewest, threads.getCurrentThreadAllocatedBytes() - before);
            }
            return fewest;
        }).join();
        ThreadKeys.delete(key);
        assertThat(least).as("bytes in 30,000 calls").isZero();
    }

    private static void callOften(int key) {
        for (int i = 0; i < 5_000; i++) {
            Pthread.testcancel();
            Tcb.current().errno(i);
            Pthread.setcancelstate(Tcb.current().errno() & 1);
            Pthread.setcanceltype(CANCEL_DEFERRED);
            ThreadKeys.set(key, i);
            assert ThreadKeys.get(key) == i;
        }
        Pthread.setcancelstate(CANCEL_ENABLE);
    }

    @Test
    void aThreadMadeElsewhereIsCancelledByItsNameOnceItIsKnown() {
        CompletableFuture<Throwable> end = new CompletableFuture<>();
        CountDownLatch known = new CountDownLatch(1);
        Thread thread = Thread.ofPlatform().start(() -> {
            Tcb.current();
            known.countDown();
            try {
                end.complete(new AssertionError("slept: " + BlockingCalls.nanosleep(A_LONG_TIME)));
            } catch (ThreadExit exit) {
                end.complete(exit);
            }
        });
        await(known);
        assertThat(Pthread.cancel(thread.threadId())).isZero();
        assertThat(end.join()).isInstanceOfSatisfying(ThreadExit.class, exit -> assertThat(exit.result()).isEqualTo(CANCELED));
    }

    @Test
    void withoutABeginningHandlersAndDestructorsRunWhereTheExitHappens() throws InterruptedException {
        int key = ThreadKeys.create(ran::add);
        Thread thread = Thread.ofVirtual().start(() -> {
            ThreadKeys.set(key, 2);
            CleanUp _ = Pthread.cleanupPush(ran::add, 1);
            Pthread.setcancelstate(CANCEL_DISABLE);
            Pthread.setcanceltype(CANCEL_ASYNCHRONOUS);
            try {
                Pthread.exit(0);
            } catch (ThreadExit exit) {
                ran.add(3L);
            }
            assertThat(ThreadKeys.get(key)).isZero();
            assertThat(Pthread.setcancelstate(CANCEL_ENABLE)).isEqualTo(CANCEL_ENABLE);
            assertThat(Pthread.setcanceltype(CANCEL_DEFERRED)).isEqualTo(CANCEL_DEFERRED);
            ran.add(4L);
        });
        thread.join();
        ThreadKeys.delete(key);
        assertThat(ran).containsExactly(1L, 2L, 3L, 4L);
    }

    @Test
    void aPooledThreadBeginsEachCallAnew() {
        assertThat(Pthread.call(argument -> {
            Pthread.setcancelstate(CANCEL_DISABLE);
            Pthread.setcanceltype(CANCEL_ASYNCHRONOUS);
            Pthread.cancel(Thread.currentThread());
            return argument;
        }, 5)).isEqualTo(5);
        Pthread.testcancel();
        assertThat(Pthread.call(argument -> Pthread.setcancelstate(CANCEL_ENABLE), 0)).isEqualTo(CANCEL_ENABLE);
    }

    @Test
    void aThreadHasOneBeginning() {
        assertThatThrownBy(() -> Pthread.call(outer -> Pthread.call(inner -> 0, 0), 0))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("thread=" + Pthread.self());
    }

    @Test
    void aCallLeavesTheCallersHandlersStateAndTypeAlone() {
        CompletableFuture<String> seen = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> {
            Pthread.setcancelstate(CANCEL_DISABLE);
            Pthread.setcanceltype(CANCEL_ASYNCHRONOUS);
            try (CleanUp _ = Pthread.cleanupPush(ran::add, 1)) {
                long result = Pthread.call(argument -> {
                    CleanUp _ = Pthread.cleanupPush(ran::add, 2);
                    throw Pthread.exit(Pthread.setcancelstate(CANCEL_ENABLE) * 10 + Pthread.setcanceltype(CANCEL_DEFERRED));
                }, 0);
                seen.complete(result + " " + ran + " "
                        + Pthread.setcancelstate(CANCEL_ENABLE) + " " + Pthread.setcanceltype(CANCEL_DEFERRED));
            }
        });
        assertThat(seen.join()).as("result, handlers, state, type").isEqualTo("0 [2] 1 1");
        assertThat(ran).as("the block ended ordinarily").containsExactly(2L);
    }

    @Test
    void aHandlerThatFailsWhileAnExitGoesUpIsHeardOf() {
        assertThatThrownBy(() -> Pthread.call(argument -> {
            try (CleanUp _ = Pthread.cleanupPush(value -> {
                throw new IllegalArgumentException("expected by this test");
            }, 0)) {
                throw Pthread.exit(1);
            }
        }, 0)).isInstanceOf(IllegalArgumentException.class).hasMessage("expected by this test");
    }

    @Test
    void whatTheRoutineThrewIsNotHiddenByAHandlerThatFails() {
        assertThatThrownBy(() -> Pthread.call(argument -> {
            CleanUp _ = Pthread.cleanupPush(value -> {
                throw new IllegalArgumentException("the handler");
            }, 0);
            throw new UnsupportedOperationException("the routine");
        }, 0)).isInstanceOf(UnsupportedOperationException.class).satisfies(thrown ->
                assertThat(thrown.getSuppressed()).singleElement().isInstanceOf(IllegalArgumentException.class));
    }

    @Test
    void withoutABeginningAnExitIsThrownWhateverAHandlerDoes() {
        CompletableFuture<Throwable> end = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> {
            CleanUp _ = Pthread.cleanupPush(value -> {
                throw new IllegalArgumentException("the handler");
            }, 0);
            try {
                Pthread.exit(3);
            } catch (Throwable thrown) {
                end.complete(thrown);
            }
        });
        assertThat(end.join()).isInstanceOfSatisfying(ThreadExit.class, exit -> assertThat(exit.result()).isEqualTo(3));
        assertThat(end.join().getSuppressed()).singleElement().isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @EnumSource(names = {"PLATFORM", "VIRTUAL"})
    void aRoutineThatThrowsCountsAsCancelledAndItsHandlersRun(Kind kind) {
        Kind.Running thread = kind.start(argument -> {
            Thread.currentThread().setUncaughtExceptionHandler((ended, thrown) -> ran.add(2L));
            CleanUp _ = Pthread.cleanupPush(ran::add, 1);
            throw new IllegalArgumentException("expected by this test");
        });
        assertThat(thread.join()).isEqualTo(CANCELED);
        assertThat(ran).startsWith(1L);
    }

    @Test
    void aHandlerIsClosedInOrderAndByItsOwnThread() {
        Pthread.call(argument -> {
            CleanUp first = Pthread.cleanupPush(ran::add, 1);
            CleanUp second = Pthread.cleanupPush(ran::add, 2);
            assertThatThrownBy(first::close).isInstanceOf(IllegalStateException.class).hasMessageContaining("later");
            assertThat(Kind.PLATFORM.start(other -> {
                assertThatThrownBy(second::close).isInstanceOf(IllegalStateException.class).hasMessageContaining("another");
                return 1;
            }).join()).isEqualTo(1);
            second.close();
            second.close();
            first.close();
            return 0;
        }, 0);
        assertThat(ran).isEmpty();
    }

    private void awaitCancel() {
        await(cancelSent);
    }

    private void cancel(Kind.Running thread) {
        thread.cancel();
        cancelSent.countDown();
    }

    /** Waits without a cancellation point. */
    static long await(CountDownLatch latch) {
        try {
            latch.await();
            return 0;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
