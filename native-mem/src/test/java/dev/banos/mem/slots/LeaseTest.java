package dev.banos.mem.slots;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When a virtual thread's pool may be taken from it: while it waits or has ended, and not in the middle of something. */
@Timeout(60)
class LeaseTest {
    private final Lease lease = new Lease();
    private volatile boolean mayEnd;

    @Test
    void aFreePoolIsHadOnceUntilItsRelease() {
        assertThat(lease.tryAcquire()).isTrue();
        assertThat(lease.tryAcquire()).isFalse();
        lease.release();
        assertThat(lease.tryAcquire()).isTrue();
    }

    @Test
    void anEndedThreadsPoolIsTaken() throws InterruptedException {
        lessee(() -> { }).join();
        assertThat(lease.tryAcquire()).isTrue();
        assertThat(lease.pool.threadId).isEqualTo(SlotPool.NO_THREAD);
        assertThat(lease.pool.leased).isFalse();
    }

    @Test
    void aWaitingThreadsPoolIsTakenAndTheThreadSeesIt() throws InterruptedException {
        boolean[] found = new boolean[2];
        Thread thread = lessee(() -> {
            found[0] = owns();
            waitForTheEnd();
            found[1] = owns();
        });
        awaitState(thread, Thread.State.WAITING);
        assertThat(lease.tryAcquire()).isTrue();
        end(thread);
        assertThat(found).containsExactly(true, false);
    }

    @Test
    void aRunningOrYieldingThreadKeepsItsPool() throws InterruptedException {
        for (Runnable pause : new Runnable[] {Thread::onSpinWait, Thread::yield}) {
            Lease other = new Lease();
            CountDownLatch leased = new CountDownLatch(1);
            mayEnd = false;
            boolean[] kept = new boolean[1];
            Thread thread = Thread.ofVirtual().start(() -> {
                other.tryAcquire();
                other.giveTo(Thread.currentThread());
                leased.countDown();
                while (!mayEnd) {
                    pause.run();
                }
                kept[0] = other.pool.threadId == Thread.currentThread().threadId();
            });
            leased.await();
            for (int i = 0; i < 1000; i++) {
                assertThat(other.tryAcquire()).isFalse();
            }
            end(thread);
            assertThat(kept[0]).isTrue();
        }
    }

    @Test
    void aThreadThatWaitsInTheMiddleOfAnAllocationKeepsItsPool() throws InterruptedException {
        boolean[] kept = new boolean[1];
        Thread thread = lessee(() -> {
            lease.pool.beginWork();
            lease.pool.beginWork();
            lease.pool.endWork();
            waitForTheEnd();
            kept[0] = owns();
            lease.pool.endWork();
        });
        awaitState(thread, Thread.State.WAITING);
        assertThat(lease.tryAcquire()).isFalse();
        assertThat(lease.pool.threadId).isEqualTo(thread.threadId());
        end(thread);
        assertThat(kept[0]).isTrue();
        assertThat(lease.tryAcquire()).isTrue();
    }

    private Thread lessee(Runnable body) {
        return Thread.ofVirtual().start(() -> {
            assertThat(lease.tryAcquire()).isTrue();
            lease.giveTo(Thread.currentThread());
            body.run();
        });
    }

    private boolean owns() {
        return lease.pool.threadId == Thread.currentThread().threadId();
    }

    private void waitForTheEnd() {
        while (!mayEnd) {
            LockSupport.park();
        }
    }

    private void end(Thread thread) throws InterruptedException {
        mayEnd = true;
        LockSupport.unpark(thread);
        thread.join();
    }

    private static void awaitState(Thread thread, Thread.State state) {
        while (thread.getState() != state) {
            Thread.onSpinWait();
        }
    }
}
