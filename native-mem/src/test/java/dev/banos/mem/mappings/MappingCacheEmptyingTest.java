package dev.banos.mem.mappings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.fault.SystemCallFaults;
import dev.banos.mem.fault.SystemCallFaults.Call;
import dev.banos.mem.system.Budget;
import dev.banos.testing.OtherThread;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is on its way out of a cache while another thread empties it. */
@Timeout(60)
class MappingCacheEmptyingTest {
    private static final long MIB = 1 << 20;

    /** What the purger has taken out is charged until the kernel has it: a close, a trim and a reclaim are done when that is gone, too. */
    @Test
    void whoEmptiesTheCacheWaitsForWhatAnotherThreadIsUnmapping() {
        for (boolean closes : new boolean[] {false, true}) {
            Budget budget = Budget.unlimited("test");
            MappingCache cache = MappingCaches.open(budget, 64 * MIB, () -> { });
            for (int i = 0; i < 40; i++) {
                MappingCacheTest.put(cache, budget, MIB);
            }
            AtomicReference<Thread> emptier = new AtomicReference<>();
            CountDownLatch reached = new CountDownLatch(1);
            CountDownLatch goOn = new CountDownLatch(1);
            SystemCallFaults.during((call, _) -> {
                if (call == Call.MUNMAP && Thread.currentThread() != emptier.get()) {
                    reached.countDown();
                    await(goOn);
                }
                return 0;
            }, () -> {
                OtherThread purger = OtherThread.start(() -> {
                    MappingCache.age();
                    MappingCache.age();
                });
                await(reached);
                assertThat(cache.bytes()).as("of what is charged").isEqualTo(budget.usedBytes()).isEqualTo(40 * MIB);
                assertThat(cache.isValid()).isTrue();
                AtomicLong left = new AtomicLong(-1);
                OtherThread emptying = OtherThread.start(() -> {
                    emptier.set(Thread.currentThread());
                    if (closes) {
                        cache.close();
                    } else {
                        cache.empty();
                    }
                    left.set(budget.usedBytes());
                });
                LockSupport.parkNanos(100_000_000); // in which it could end too early
                goOn.countDown();
                emptying.join();
                purger.join();
                assertThat(left).hasValue(0);
            });
            cache.close();
            assertThat(budget.usedBytes()).isZero();
            assertThat(cache.isValid()).isTrue();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }
}
