package dev.banos.mem.slots;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Malloc;
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

    private static Bin binAfterMalloc() {
        Malloc.free(Malloc.malloc(100));
        return RecentBins.bin(100);
    }
}
