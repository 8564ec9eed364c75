package dev.banos.samples.replay;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.banos.bindings.Native;
import dev.banos.fuzz.AllocatorUnderTest;
import dev.banos.fuzz.Trace;
import java.util.Arrays;

/**
 * Makes the calls of a trace, one round after another. It writes one byte in each page of what a call gives, as the least
 * that a program does with its memory: an allocator that gives fresh pages each time pays for them, one that gives warm
 * ones does not.
 */
public final class Replayer {
    private static final long PAGE = 4096;

    private final AllocatorUnderTest allocator;
    private final Trace trace;
    private final long[] blocks;

    public Replayer(AllocatorUnderTest allocator, Trace trace) {
        this.allocator = allocator;
        this.trace = trace;
        this.blocks = new long[trace.slots()];
    }

    /** Makes the calls {@code from} up to, not including, {@code to}. */
    void run(int from, int to) {
        for (int i = from; i < to; i++) {
            call(i);
        }
    }

    /** Frees what the program left behind, so that the next round begins as this one did. */
    public void freeRest() {
        for (long block : blocks) {
            if (block != 0) {
                allocator.free(block);
            }
        }
        Arrays.fill(blocks, 0);
    }

    /** @throws IllegalStateException where the allocator refuses it */
    public void call(int i) {
        int slot = trace.slot(i);
        long size = trace.size(i);
        switch (trace.kind(i)) {
            case Trace.FREE -> {
                allocator.free(blocks[slot]);
                blocks[slot] = 0;
            }
            case Trace.MALLOC -> blocks[slot] = touched(i, allocator.malloc(size), size);
            case Trace.CALLOC -> blocks[slot] = touched(i, allocator.calloc(1, size), size);
            // Size 0 would free the block on some allocators and not on others.
            case Trace.REALLOC -> blocks[slot] = touched(i, allocator.realloc(blocks[slot], Math.max(size, 1)), size);
            default -> blocks[slot] = touched(i, allocator.alignedAlloc(trace.alignment(i), size), size);
        }
    }

    /** The block that the slot holds, or 0. */
    public long block(int slot) {
        return blocks[slot];
    }

    private long touched(int i, long block, long size) {
        if (block == 0) {
            throw refused(i);
        }
        for (long at = 0; at < size; at += PAGE) {
            Native.EVERYTHING.set(JAVA_BYTE, block + at, (byte) i);
        }
        return block;
    }

    private IllegalStateException refused(int i) {
        return new IllegalStateException("operation " + i + " of the trace: " + trace.size(i) + " bytes were refused with errno "
                + allocator.errno());
    }
}
