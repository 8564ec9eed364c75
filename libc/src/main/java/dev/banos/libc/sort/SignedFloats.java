package dev.banos.libc.sort;

/**
 * Floating-point numbers as signed whole numbers of the same order: those with the sign bit have all their other bits
 * inverted. The same once more gives back what they were.
 */
final class SignedFloats {
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
        for (long at = from; at < end; at += Long.BYTES) {
            long bits = Memory.getLong(at);
            Memory.setLong(at, bits ^ (bits >> 63 & Long.MAX_VALUE));
        }
    }

    private static void exchangeFloats(long from, long end) {
        for (long at = from; at < end; at += Integer.BYTES) {
            int bits = Memory.getInt(at);
            Memory.setInt(at, bits ^ (bits >> 31 & Integer.MAX_VALUE));
        }
    }
}
