package dev.banos.libc.sort;

import dev.banos.mem.Malloc;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongUnaryOperator;

/**
 * What a sort needs beside its data, off-heap. A block belongs to one sort at a time and is kept for the next, one for each
 * processor and at most {@value #MOST_IDLE}: where more sorts run at the same moment, the others' blocks are freed at their end.
 * Where there is no memory for one more, a sort waits for another's end: only the very first can fail.
 */
final class Scratch {
    /** For each split above a window one table, then three of 2048. */
    static final long COUNTERS_BYTES = Radix.SPLITS_BYTES + Radix.WINDOW_DIGITS * Radix.WINDOW_BYTES;

    static final Scratch COUNTERS = new Scratch(COUNTERS_BYTES, Malloc::malloc);

    /** Behind the counters a temporary area. */
    static final Scratch IN_PLACE = new Scratch(COUNTERS_BYTES + NumberIntrosort.PART_BYTES, Malloc::malloc);

    /** Blocks that are kept for sorts to come. */
    static final int MOST_IDLE = 8;

    private static final long NONE = 0;

    private final AtomicLongArray idle = new AtomicLongArray(Math.min(MOST_IDLE, Runtime.getRuntime().availableProcessors()));
    private final AtomicInteger blocks = new AtomicInteger();
    private final long bytes;
    private final LongUnaryOperator malloc;

    /** @param malloc returns 0 where it has no memory; what it returns is freed by {@link Malloc} */
    Scratch(long bytes, LongUnaryOperator malloc) {
        this.bytes = bytes;
        this.malloc = malloc;
    }

    /** @throws OutOfMemoryError when there is none at all, idle or not, and malloc has no memory */
    long claim() {
        while (true) {
            long block = takeIdle();
            if (block != NONE) {
                return block;
            }
            block = malloc.applyAsLong(bytes);
            if (block != NONE) {
                blocks.incrementAndGet();
                return block;
            }
            if (blocks.get() == 0) {
                throw new OutOfMemoryError("no " + bytes + " bytes of native memory for what a sort needs beside its data");
            }
            Thread.yield();
        }
    }

    /**
     * Makes sure that no later claim is without memory: for a sort that could not tell its caller of it.
     *
     * @throws OutOfMemoryError as {@link #claim}
     */
    void prepare() {
        if (blocks.get() == 0) {
            release(claim());
        }
    }

    private long takeIdle() {
        for (int i = 0; i < idle.length(); i++) {
            long block = idle.get(i);
            if (block != NONE && idle.compareAndSet(i, block, NONE)) {
                return block;
            }
        }
        return NONE;
    }

    void release(long block) {
        for (int i = 0; i < idle.length(); i++) {
            if (idle.get(i) == NONE && idle.compareAndSet(i, NONE, block)) {
                return;
            }
        }
        blocks.decrementAndGet();
        Malloc.free(block);
    }
}
