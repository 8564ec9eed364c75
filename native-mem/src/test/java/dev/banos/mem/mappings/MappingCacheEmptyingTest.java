package dev.banos.mem.mappings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.mem.ProcSelf;
import dev.banos.mem.fault.SystemCallFaults;
import dev.banos.mem.fault.SystemCallFaults.Call;
import dev.banos.mem.system.Budget;
import dev.banos.mem.system.Kernel;
import dev.banos.mem.system.Unmapping;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.FullJavaHeap;
import dev.banos.testing.OtherThread;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is on its way out of a cache while another thread empties it. */
@Timeout(60)
class MappingCacheEmptyingTest {
    private static final long MIB = 1 << 20;

    /** What the purger has taken out is charged until the kernel has it: a close, a trim and a reclaim are done when that is gone, too. */
    @Test
    void whoEmptiesTheCacheWaitsForWhatAnotherThreadIsUnmapping() {
        for (boolean closes : new boolean[] {false, true}) {
            Budget budget = Budget.unlimited("test");
            MappingCache cache = MappingCaches.alone(budget, 64 * MIB, () -> { });
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
                    cache.giveBackUnused();
                    cache.giveBackUnused();
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

    /** One thread cannot unmap what it has in hand while another closes the cache, or frees a mapping for which there is no room. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatCouldNotBeUnmappedIsKeptUntilTheClose(boolean closes) {
        for (int round = 0; round < (closes ? 1500 : 300); round++) {
            Budget budget = Budget.unlimited("test");
            MappingCache cache = Objects.requireNonNull(MappingCache.make(budget, MIB, () -> { })); // the purger does not come by
            long first = MappingCacheTest.put(cache, budget, MIB);
            long second = closes ? 0 : map(budget);
            Failing failing = new Failing(round % 64 * 40);
            SystemCallFaults.during(failing, () -> {
                OtherThread emptying = OtherThread.start(() -> failing.empty(cache));
                await(failing.reached);
                OtherThread asking = OtherThread.start(() -> { // so that nobody has the lock at once
                    while (emptying.isAlive()) {
                        assertThat(cache.bytes()).isNotNegative();
                    }
                });
                if (closes) {
                    cache.close();
                } else {
                    putWhileNotKept(cache, first, second);
                    int ignored = Kernel.unmap(second, MIB);
                    budget.release(MIB);
                }
                emptying.join();
                asking.join();
            });
            assertThat(cache.isValid()).isTrue();
            assertThat(cache.bytes()).as("of what is charged, in round %d", round).isEqualTo(budget.usedBytes()).isEqualTo(closes ? 0 : MIB);
            assertThat(cache.keeps(first)).isEqualTo(!closes);
            cache.close();
            assertThat(budget.usedBytes()).isZero();
        }
    }

    private static long map(Budget budget) {
        assertThat(budget.reserve(MIB)).isTrue();
        return Kernel.map(MIB);
    }

    private static void putWhileNotKept(MappingCache cache, long first, long second) {
        do {
            assertThat(cache.put(second, MIB)).as("there is room for one, and that is taken").isFalse();
        } while (!cache.keeps(first));
    }

    /** One thread's first munmap does, as where Java's heap is full. */
    private static final class Failing implements SystemCallFaults.Schedule {
        private final CountDownLatch reached = new CountDownLatch(1);
        private final int spins;
        private volatile @Nullable Thread thread;

        private Failing(int spins) {
            this.spins = spins;
        }

        private void empty(MappingCache cache) {
            thread = Thread.currentThread();
            assertThatThrownBy(cache::empty).isInstanceOf(OutOfMemoryError.class);
        }

        @Override
        public int errnoFor(Call call, long ordinal) {
            if (call == Call.MUNMAP && Thread.currentThread() == thread) {
                thread = null;
                reached.countDown();
                for (int i = 0; i < spins; i++) {
                    Thread.onSpinWait();
                }
                throw new OutOfMemoryError("as if");
            }
            return 0;
        }
    }

    /** As by a budget that was never charged: who empties the cache next would wait for good. */
    @Test
    void whoThrowsAfterTheUnmapHasNothingInHand() {
        Budget budget = Budget.unlimited("test");
        MappingCache cache = MappingCaches.alone(budget, 8 * MIB, () -> { });
        assertThat(cache.put(Kernel.map(MIB), MIB)).isTrue();
        assertThatThrownBy(cache::empty).isInstanceOf(AssertionError.class).hasMessageContaining("gave back more than it had");
        assertThat(cache.bytes()).isZero();
        cache.close();
    }

    /** Another thread has put as many meanwhile as the cache has places for, and Java's heap has no room for more of these. */
    @Test
    void whatCannotBeKeptAgainIsUnmappedLater() throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of("-Xmx8m", "-XX:+UseSerialGC", "-XX:-UseTLAB", "-ea"), Full.class).output())
                .contains("threw true, kept 8, charged 8, mapped true, later false, after the close 0;");
    }

    /** What the JVM with the small heap runs for that. */
    public static final class Full {
        private static final int PLACES = 8;
        private static final OutOfMemoryError FULL = new OutOfMemoryError("as if");

        private Full() {
        }

        public static void main(String[] arguments) {
            Budget budget = Budget.unlimited("test");
            MappingCache cache = Objects.requireNonNull(MappingCache.make(budget, 64 * MIB, () -> { }));
            MappingCacheTest.put(cache, budget, MIB);
            cache.empty(); // then all classes are there
            long last = 0;
            for (int i = 0; i < PLACES; i++) {
                last = ProcSelf.mark(MappingCacheTest.put(cache, budget, MIB));
            }
            long another = map(budget);
            FullJavaHeap javaHeap = new FullJavaHeap(0);
            boolean[] threw = new boolean[1];
            SystemCallFaults.during((call, _) -> {
                if (call == Call.MUNMAP) {
                    threw[0] = cache.put(another, MIB);
                    javaHeap.fill();
                    throw FULL;
                }
                return 0;
            }, () -> {
                try {
                    cache.empty();
                } catch (OutOfMemoryError full) {
                    threw[0] &= full == FULL;
                }
            });
            javaHeap.empty();
            String found = "threw " + threw[0] + ", kept " + cache.bytes() / MIB + ", charged " + budget.usedBytes() / MIB + ", mapped "
                    + ProcSelf.isStillMapped(last);
            Unmapping.retryRefused();
            found += ", later " + ProcSelf.isStillMapped(last);
            cache.close();
            System.out.println(found + ", after the close " + budget.usedBytes() + ";");
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
