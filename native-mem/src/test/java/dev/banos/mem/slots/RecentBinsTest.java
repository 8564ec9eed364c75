package dev.banos.mem.slots;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Heap;
import dev.banos.mem.Malloc;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.FullJavaHeap;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class RecentBinsTest {
    /** Threads whose ids differ by so many have one place in the table. */
    private static final int THREADS = 512;

    @Test
    void aSizeHasTheBinThatThePoolOfTheThreadHasForIt() {
        Malloc.free(Malloc.malloc(1));
        for (int round = 0; round < 2; round++) { // what was not in the table is, the second time
            for (long size = 0; size < SizeClasses.DIRECT_BYTES; size++) {
                assertThat(RecentBins.bin(size)).as("%d bytes", size).isSameAs(ThreadPools.current().bin(size));
            }
        }
    }

    @Test
    void noSlotServesAMappingOrANegativeSize() {
        for (long size : new long[] {SizeClasses.DIRECT_BYTES, Long.MAX_VALUE, Long.MIN_VALUE, -1}) {
            assertThat(RecentBins.bin(size)).as("%d bytes", size).isSameAs(Bin.NEVER);
        }
    }

    @Test
    void threadsThatShareAPlaceHaveTheirOwnBinsByTurns() throws Exception {
        CompletableFuture<Bin> bins = new CompletableFuture<>();
        Thread other = new Thread(() -> bins.complete(binAfterMalloc()));
        while (other.threadId() % THREADS != Thread.currentThread().threadId() % THREADS) {
            other = new Thread(() -> bins.complete(binAfterMalloc()));
        }
        Bin own = binAfterMalloc();
        other.start();
        assertThat(bins.get()).isNotSameAs(own);
        other.join();
        assertThat(RecentBins.bin(100)).isSameAs(own);
    }

    @Test
    void whoHasNoPoolHasABinWithoutSlots() throws InterruptedException {
        AtomicBoolean isNobodys = new AtomicBoolean();
        Thread thread = new Thread(() -> isNobodys.set(RecentBins.bin(100).pool == SlotPool.NOBODY && RecentBins.bin(100).next() == 0));
        thread.start();
        thread.join();
        assertThat(isNobodys).isTrue();
    }

    @Test
    void aJavaHeapThatIsNearlyFullLeavesRoomForASmallerTable() throws Exception {
        String said = ChildJvm.run(List.of("-Xmx16m", "-XX:+UseSerialGC", "-XX:-UseTLAB"), LateMalloc.class).output();
        assertThat(said).contains("while it is full true, with room again true");
    }

    /** What the JVM with the small heap runs: malloc's first call, when all else of the allocator has been used. */
    public static final class LateMalloc {
        private static final int CRUMBS = 3_000; // some 50 KB, where the table would take 256 KiB

        private LateMalloc() {
        }

        public static void main(String[] arguments) {
            Malloc.free(Heap.current().malloc(100));
            FullJavaHeap javaHeap = new FullJavaHeap(CRUMBS);
            javaHeap.fill();
            javaHeap.giveBack(CRUMBS);
            boolean whileFull = served();
            javaHeap.empty();
            System.out.println("while it is full " + whileFull + ", with room again " + served());
        }

        private static boolean served() {
            try {
                long block = Malloc.malloc(100);
                Malloc.free(block);
                return block != 0;
            } catch (OutOfMemoryError | NoClassDefFoundError lost) {
                return false;
            }
        }
    }

    private static Bin binAfterMalloc() {
        Malloc.free(Malloc.malloc(100));
        return RecentBins.bin(100);
    }
}
