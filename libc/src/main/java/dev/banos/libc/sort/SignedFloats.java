package dev.banos.libc.sort;

/**
 * Floating-point numbers as signed whole numbers of the same order: those with the sign bit have all their other bits
 * inverted. The same once more gives back what they were.
 */
final class SignedFloats {
    /** A loop that counts with an int is vectorised, one with a long is not. */
    private static final long BLOCK_BYTES = 1 << 30;

    private SignedFloats() {
    }

    static void exchange(Key key, long from, long end) {
        if (key == Key.F64) {
            exchangeDoubles(from, end);
        } else if (key == Key.F32) {
            exchangeFloats(from, end);
        }
    }

    static boolean isAscending(Key key, long from, long end) {
        for (long at = from + key.bytes(); at < end; at += key.bytes()) {
            if (Long.compareUnsigned(key.read(at), key.read(at - key.bytes())) < 0) {
                return false;
            }
        }
        return true;
    }

    private static void exchangeDoubles(long from, long end) {
        for (long block = from; block < end; block += BLOCK_BYTES) {
            int count = (int) (Math.min(end - block, BLOCK_BYTES) / Long.BYTES);
            for (int i = 0; i < count; i++) {
                long bits = Memory.getLong(block, (long) i * Long.BYTES);
                Memory.setLong(block, (long) i * Long.BYTES, bits ^ (bits >> 63 & Long.MAX_VALUE));
            }
        }
    }

    private static void exchangeFloats(long from, long end) {
        for (long block = from; block < end; block += BLOCK_BYTES) {
            int count = (int) (Math.min(end - block, BLOCK_BYTES) / Integer.BYTES);
            for (int i = 0; i < count; i++) {
                int bits = Memory.getInt(block, (long) i * Integer.BYTES);
                Memory.setInt(block, (long) i * Integer.BYTES, bits ^ (bits >> 31 & Integer.MAX_VALUE));
            }
        }
    }
}
