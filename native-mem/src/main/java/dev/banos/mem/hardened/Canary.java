package dev.banos.mem.hardened;

import dev.banos.bindings.Native;
import dev.banos.bindings.Secrets;
import java.lang.foreign.ValueLayout;

/**
 * The bytes in the slack of a block: a secret of the heap mixed with their address, so that neither a guess nor a copy from
 * elsewhere matches. None is 0, so the terminator of a string that is one too long is always seen.
 */
final class Canary {
    /** Every block has at least so many bytes of slack. */
    static final int LEAST_BYTES = 8;
    /** No wrong byte: addresses of users are positive. */
    static final long NONE = -1;

    private static final long NO_ZEROS = 0x0101_0101_0101_0101L;
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private final long secret = Secrets.next();

    void fill(long from, long to) {
        long at = from;
        while (at < to) {
            if (isWord(at, to)) {
                Native.EVERYTHING.set(ValueLayout.JAVA_LONG, at, word(at));
                at += Long.BYTES;
            } else {
                Native.EVERYTHING.set(ValueLayout.JAVA_BYTE, at, expected(at));
                at++;
            }
        }
    }

    /** @return the address of the first byte that is not as filled, or {@link #NONE} */
    long firstWrong(long from, long to) {
        long at = from;
        while (at < to) {
            if (isWord(at, to) && Native.EVERYTHING.get(ValueLayout.JAVA_LONG, at) == word(at)) {
                at += Long.BYTES;
            } else if (Native.EVERYTHING.get(ValueLayout.JAVA_BYTE, at) == expected(at)) {
                at++;
            } else {
                return at;
            }
        }
        return NONE;
    }

    byte expected(long address) {
        return (byte) (word(address & -Long.BYTES) >>> ((address & (Long.BYTES - 1)) * Byte.SIZE)); // little-endian, as Linux is
    }

    private static boolean isWord(long at, long to) {
        return (at & (Long.BYTES - 1)) == 0 && to - at >= Long.BYTES;
    }

    private long word(long address) {
        long mixed = (address ^ secret) * GOLDEN;
        return (mixed ^ mixed >>> 32) * GOLDEN | NO_ZEROS;
    }
}
