package dev.banos.mem.hardened;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What freed memory is filled with: zeros where these are wanted, otherwise a byte of which eight are no address. */
final class FreedFill {
    /** A pointer made of this byte is in no user's half of the address space: following it faults. */
    static final byte PATTERN = (byte) 0xDB;
    static final long NONE = -1;

    private static final long COMPARED_BYTES = 4096;

    private final byte value;
    private final MemorySegment expected;

    FreedFill(boolean zero) {
        value = zero ? 0 : PATTERN;
        expected = zero ? Expected.ZEROS : Expected.PATTERNS;
    }

    private static final class Expected {
        private static final MemorySegment ZEROS = of((byte) 0);
        private static final MemorySegment PATTERNS = of(PATTERN);

        private static MemorySegment of(byte value) {
            return Arena.global().allocate(COMPARED_BYTES).fill(value);
        }
    }

    /** Of a slot, by one call of C, which needs no object: a block that is being freed must not be left half way. */
    void fill(long from, long to) {
        SystemCalls.memset(from, value, to - from);
    }

    /** @return the address of the first byte that was changed, or {@link #NONE} */
    long firstWrong(long from, long to) {
        for (long at = from; at < to; at += COMPARED_BYTES) {
            long bytes = Math.min(COMPARED_BYTES, to - at);
            long wrong = MemorySegment.mismatch(Native.EVERYTHING, at, at + bytes, expected, 0, bytes);
            if (wrong != NONE) {
                return at + wrong;
            }
        }
        return NONE;
    }

    byte expected() {
        return value;
    }
}
