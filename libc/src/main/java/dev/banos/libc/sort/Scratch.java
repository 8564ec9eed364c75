package dev.banos.libc.sort;

import dev.banos.mem.Malloc;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * What a sort needs beside its data, off-heap. A block belongs to one sort at a time and is kept for the next: as many exist
 * as sorts ever ran at the same moment (a sort neither blocks nor yields, so that number is small with any number of threads).
 */
final class Scratch {
    /** For each split above a window one table, then three of 2048. */
    static final long COUNTERS_BYTES = Radix.SPLIT_LEVELS * Radix.SPLIT_BYTES + Radix.WINDOW_DIGITS * Radix.WINDOW_BYTES;

    static final Scratch COUNTERS = new Scratch(COUNTERS_BYTES);

    /** Behind the counters a temporary area. */
    static final Scratch IN_PLACE = new Scratch(COUNTERS_BYTES + NumberIntrosort.PART_BYTES);

    private static final long NONE = 0;

    private final AtomicLongArray idle = new AtomicLongArray(64);
    private final long bytes;

    private Scratch(long bytes) {
        this.bytes = bytes;
    }

    /** @throws OutOfMemoryError when there is none idle and malloc has no memory */
    long claim() {
        for (int i = 0; i < idle.length(); i++) {
            long block = idle.get(i);
            if (block != NONE && idle.compareAndSet(i, block, NONE)) {
                return block;
            }
        }
        long block = Malloc.malloc(bytes);
        if (block == NONE) {
            throw new OutOfMemoryError("no " + bytes + " bytes of native memory for what a sort needs beside its data");
        }
        return block;
    }

    void release(long block) {
        for (int i = 0; i < idle.length(); i++) {
            if (idle.get(i) == NONE && idle.compareAndSet(i, NONE, block)) {
                return;
            }
        }
        Malloc.free(block);
    }
}
