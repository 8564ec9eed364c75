package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.bindings.Native;
import dev.banos.mem.slots.SizeClasses;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.OtherThread;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What happens to a thread between a malloc and its free: an interrupt, or other carriers. */
@Timeout(60)
class ThreadChangesTest {
    private static final long[] SIZES = {40, 5000, 100_000};

    @Test
    void anInterruptedThreadAllocatesAndFreesAndStaysInterrupted() throws InterruptedException {
        try (Heap shared = Heap.createShared(); Heap hardened = Heap.create(HeapOptions.shared().hardened(Hardening.ALL))) {
            for (Thread.Builder kind : List.of(Thread.ofPlatform(), Thread.ofVirtual())) {
                OtherThread.start(kind, () -> useInterrupted(shared, hardened)).join();
            }
        }
    }

    private static void useInterrupted(Heap... others) {
        Thread.currentThread().interrupt();
        List<Heap> heaps = new ArrayList<>(List.of(others));
        heaps.add(Heap.current());
        for (Heap heap : heaps) {
            for (long size : SIZES) {
                long block = heap.realloc(heap.malloc(size), size * 2);
                heap.free(block);
                assertThatThrownBy(() -> heap.free(block)).isInstanceOf(InvalidBlockException.class);
            }
            heap.trim();
        }
        assertThat(Thread.currentThread().isInterrupted()).isTrue();
    }

    /** Run by a JVM of its own, in which no thread begins after these, which would notice their end. */
    public static final class EndedThreads {
        private EndedThreads() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            Malloc.free(Malloc.malloc(1));
            Malloc.trim();
            Thread[] threads = new Thread[40];
            CyclicBarrier all = new CyclicBarrier(threads.length);
            for (int i = 0; i < threads.length; i++) {
                threads[i] = Thread.ofPlatform().start(() -> useAllSizes(all));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            Malloc.trim();
            System.out.println("used after the trim: " + Malloc.statistics().budget().usedBytes());
        }

        private static void useAllSizes(CyclicBarrier all) {
            try {
                Malloc.free(Malloc.malloc(1));
                all.await();
                for (int i = 0; i < SizeClasses.COUNT - 1; i++) {
                    Malloc.free(Malloc.malloc(SizeClasses.slotBytes(i)));
                }
            } catch (InterruptedException | BrokenBarrierException nobodyBreaksIt) {
                throw new AssertionError(nobodyBreaksIt);
            }
        }
    }

    @Test
    void aTrimNoticesThreadsThatHaveEnded() throws IOException, InterruptedException {
        List<String> flags = List.of("-Dbanos.mem.purgeDelayMillis=100000");
        assertThat(ChildJvm.run(flags, EndedThreads.class).output()).isEqualTo("used after the trim: 0\n");
    }

    @Test
    void blocksOfAVirtualThreadOutliveItsUnmounting() throws InterruptedException {
        ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
        try (Heap shared = Heap.createShared(); Heap hardened = Heap.create(HeapOptions.shared().hardened(Hardening.ALL))) {
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                threads.add(Thread.ofVirtual().unstarted(() -> holdWhileUnmounted(shared, hardened)));
            }
            for (Thread thread : threads) {
                thread.setUncaughtExceptionHandler((t, failure) -> failures.add(failure));
                thread.start();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            hardened.verify();
            assertThat(shared.statistics().liveBlocks()).isZero();
        }
        assertThat(failures).isEmpty();
    }

    private static void holdWhileUnmounted(Heap... others) {
        List<Heap> heaps = new ArrayList<>(List.of(others));
        heaps.add(Heap.current());
        for (int round = 0; round < 5; round++) {
            for (Heap heap : heaps) {
                for (long size : SIZES) {
                    long block = heap.malloc(size);
                    Native.EVERYTHING.set(ValueLayout.JAVA_LONG_UNALIGNED, block, block);
                    LockSupport.parkNanos(10_000);
                    assertThat(Native.EVERYTHING.get(ValueLayout.JAVA_LONG_UNALIGNED, block)).isEqualTo(block);
                    heap.free(block);
                }
            }
        }
    }
}
