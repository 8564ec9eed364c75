package dev.banos.mem;

import dev.banos.bindings.Native;
import dev.banos.mem.slots.TrackedPool;
import dev.banos.mem.system.Zeros;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.LongSupplier;

/**
 * What the allocator writes into a new block that it has from a heap's malloc. Where another thread may close the heap meanwhile, and
 * give the memory to others, that is under the heap's lock; in pieces, since others wait for the lock. Where it is not done, for want of
 * stack or of Java's heap, the block goes back: nobody has its address.
 */
final class BlockWrites {
    /** Few enough for the page faults of fresh memory. */
    private static final long PIECE_BYTES = 16 * 1024;

    private BlockWrites() {
    }

    /** @throws IllegalStateException where another thread has closed the heap, and the block is gone */
    static void clear(Heap heap, long block, long bytes) {
        boolean done = false;
        try {
            if (heap.staysOpen()) {
                Zeros.write(block, bytes);
            } else {
                new Pieces(0, block, bytes).writeAll(heap);
            }
            done = true;
        } finally {
            if (!done) {
                giveBack(heap, block);
            }
        }
    }

    /** Between two blocks of the heap. @throws IllegalStateException where another thread has closed the heap, and both are gone */
    static void copy(Heap heap, long from, long to, long bytes) {
        boolean done = false;
        try {
            if (heap.staysOpen()) {
                copy(from, to, bytes);
            } else {
                new Pieces(from, to, bytes).writeAll(heap);
            }
            done = true;
        } finally {
            if (!done) {
                giveBack(heap, to);
            }
        }
    }

    /** In a heap that stays open. */
    static void copy(long from, long to, long bytes) {
        MemorySegment.copy(Native.EVERYTHING, from, Native.EVERYTHING, to, bytes);
    }

    /** Writes where a block is; where that throws, as out is closed, or of a file that is shorter by now, nobody has the block. */
    static void handOver(Heap heap, long block, MemorySegment out) {
        boolean isWritten = false;
        try {
            out.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, block);
            isWritten = true;
        } finally {
            if (!isWritten) {
                giveBack(heap, block);
            }
        }
    }

    /** Where the heap has not been closed meanwhile, and the block is gone with it. */
    static void giveBack(Heap heap, long block) {
        try {
            if (!heap.domain().isClosed()) {
                LiveBlocks.freeMoved(heap, block);
            }
        } catch (InvalidBlockException closed) {
            // by another thread, just now
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            takeBackTracked(block);
            throw tooLittleLeft;
        }
    }

    /** To look for a block's record takes a little of Java's heap: without it the record stays until the address is given out again. */
    private static void takeBackTracked(long block) {
        TrackedPool pool = TrackedPool.holding(block);
        if (pool != null) {
            pool.takeBack(block);
        }
    }

    /** What {@link HeapAccess#guarded} does again and again: one object, however many pieces there are. */
    private static final class Pieces implements LongSupplier {
        /** 0: zeros are written. */
        private final long from;
        private final long to;
        private final long bytes;
        private long done;

        Pieces(long from, long to, long bytes) {
            this.from = from;
            this.to = to;
            this.bytes = bytes;
        }

        void writeAll(Heap heap) {
            while (done < bytes) {
                done += HeapAccess.guarded(heap, this);
            }
        }

        /** @return how many bytes it has written */
        @Override
        public long getAsLong() {
            long length = Math.min(PIECE_BYTES, bytes - done);
            if (from == 0) {
                Zeros.write(to + done, length);
            } else {
                copy(from + done, to + done, length);
            }
            return length;
        }
    }
}
