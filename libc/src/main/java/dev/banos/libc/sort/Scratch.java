package dev.banos.libc.sort;

import dev.banos.mem.Malloc;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The counters of a radix sort, off-heap. A block belongs to one sort at a time and is kept for the next: as many exist as
 * sorts ever ran at the same moment (a sort neither blocks nor yields, so that number is small with any number of threads).
 */
final class Scratch {
    /** For each of the at most eight splits above a window one table of 256, then three tables of 2048. */
    static final long BYTES = Radix.SPLIT_LEVELS * Radix.SPLIT_BYTES + Radix.WINDOW_DIGITS * Radix.WINDOW_BYTES;

    private static final long NONE = 0;
    private static final AtomicLongArray IDLE = new AtomicLongArray(64);

    private Scratch() {
    }

    /** @throws OutOfMemoryError when there is none idle and malloc has no memory */
    static long claim() {
        for (int i = 0; i < IDLE.length(); i++) {
            long block = IDLE.get(i);
            if (block != NONE && IDLE.compareAndSet(i, block, NONE)) {
                return block;
            }
        }
        long block = Malloc.malloc(BYTES);
        if (block == NONE) {
            throw new OutOfMemoryError("no " + BYTES + " bytes of native memory for the counters of a sort");
        }
        return block;
    }

    static void release(long block) {
        for (int i = 0; i < IDLE.length(); i++) {
            if (IDLE.get(i) == NONE && IDLE.compareAndSet(i, NONE, block)) {
                return;
            }
        }
        Malloc.free(block);
    }
}
