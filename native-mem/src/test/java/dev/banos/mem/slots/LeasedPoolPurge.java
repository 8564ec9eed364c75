package dev.banos.mem.slots;

import dev.banos.mem.Malloc;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;

/**
 * Frees what a virtual thread allocated while that runs, waits until the purger has looked, and ends the thread: nobody frees or
 * allocates there afterwards, so only the purger can give the memory back.
 */
final class LeasedPoolPurge {
    private static final int BLOCKS = 1000;
    private static final int BLOCK_BYTES = 40_000;
    private static volatile boolean mayEnd;

    private LeasedPoolPurge() {
    }

    public static void main(String[] args) throws InterruptedException {
        long[] blocks = new long[BLOCKS];
        CountDownLatch allocated = new CountDownLatch(1);
        Thread lessee = Thread.ofVirtual().start(() -> {
            for (int i = 0; i < BLOCKS; i++) {
                blocks[i] = Malloc.malloc(BLOCK_BYTES);
            }
            allocated.countDown();
            while (!mayEnd) {
                Thread.onSpinWait();
            }
        });
        allocated.await();
        for (long block : blocks) {
            Malloc.free(block);
        }
        Thread.sleep(500);
        System.out.println("of a running thread " + (reservedBytes() >= BLOCKS * BLOCK_BYTES ? "kept" : "given back"));
        mayEnd = true;
        lessee.join();
        for (int tries = 0; reservedBytes() > 0 && tries < 2000; tries++) {
            Thread.sleep(5);
        }
        System.out.println("of an ended one " + (reservedBytes() > 0 ? "kept" : "given back"));
    }

    private static long reservedBytes() {
        SlotCounts counts = SharedPools.counts();
        return IntStream.range(SizeClasses.indexOf(BLOCK_BYTES), SizeClasses.COUNT).mapToLong(counts::spanBytes).sum();
    }
}
