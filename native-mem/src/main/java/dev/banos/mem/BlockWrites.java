package dev.banos.mem;

import dev.banos.bindings.Native;
import dev.banos.mem.system.Zeros;
import java.lang.foreign.MemorySegment;

/**
 * What the allocator writes into a block that it has from a heap's malloc. Where another thread may close the heap meanwhile, and give
 * the memory to others, that is under the heap's lock; in pieces, since others wait for the lock.
 */
final class BlockWrites {
    /** Takes some microseconds. */
    private static final long PIECE_BYTES = 64 * 1024;

    private BlockWrites() {
    }

    /** @throws IllegalStateException where another thread has closed the heap, and the block is gone */
    static void clear(Heap heap, long block, long bytes) {
        if (heap.staysOpen()) {
            Zeros.write(block, bytes);
            return;
        }
        for (long done = 0; done < bytes; done += PIECE_BYTES) {
            long piece = block + done;
            long length = Math.min(PIECE_BYTES, bytes - done);
            long ignored = heap.guarded(() -> {
                Zeros.write(piece, length);
                return piece;
            });
        }
    }

    /** Between two blocks of the heap. @throws IllegalStateException where another thread has closed the heap, and both are gone */
    static void copy(Heap heap, long from, long to, long bytes) {
        if (heap.staysOpen()) {
            copy(from, to, bytes);
            return;
        }
        for (long done = 0; done < bytes; done += PIECE_BYTES) {
            long offset = done;
            long length = Math.min(PIECE_BYTES, bytes - done);
            long ignored = heap.guarded(() -> {
                copy(from + offset, to + offset, length);
                return to;
            });
        }
    }

    /** In a heap that stays open. */
    static void copy(long from, long to, long bytes) {
        MemorySegment.copy(Native.EVERYTHING, from, Native.EVERYTHING, to, bytes);
    }
}
