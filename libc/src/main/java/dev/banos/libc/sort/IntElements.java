package dev.banos.libc.sort;

/** Whole numbers of 32 bits. */
final class IntElements extends Elements {
    /** Makes the order that of signed numbers, which is what the processor compares. */
    private final int toSigned;

    IntElements(Key key) {
        super(Integer.BYTES, Integer.toUnsignedLong((int) key.flip));
        toSigned = (int) key.flip ^ Integer.MIN_VALUE;
    }

    @Override
    boolean isAscending(long from, long end) {
        int flipped = toSigned;
        int previous = Integer.MIN_VALUE;
        for (long at = from; at < end; at += Integer.BYTES) {
            int rank = Memory.getInt(at) ^ flipped;
            if (rank < previous) {
                return false;
            }
            previous = rank;
        }
        return true;
    }

    @Override
    long varyingBits(long from, long end) {
        int first = Memory.getInt(from);
        int varying = 0;
        for (long at = from; at < end; at += Integer.BYTES) {
            varying |= first ^ Memory.getInt(at);
        }
        return Integer.toUnsignedLong(varying);
    }

    @Override
    void count(long from, long end, long counters, int shift, long mask) {
        for (long at = from; at < end; at += Integer.BYTES) {
            increment(counters, Memory.getInt(at) >>> shift & mask);
        }
    }

    @Override
    void countTwo(long from, long end, long low, int lowShift, long high, int highShift, long mask) {
        for (long at = from; at < end; at += Integer.BYTES) {
            int number = Memory.getInt(at);
            increment(low, number >>> lowShift & mask);
            increment(high, number >>> highShift & mask);
        }
    }

    private static void increment(long counters, long digit) {
        long counter = counters + digit * COUNTER_BYTES;
        Memory.setLong(counter, Memory.getLong(counter) + Integer.BYTES);
    }

    @Override
    void scatter(long from, long end, long counters, int shift, long mask) {
        for (long at = from; at < end; at += Integer.BYTES) {
            int number = Memory.getInt(at);
            long counter = counters + (number >>> shift & mask) * COUNTER_BYTES;
            long to = Memory.getLong(counter);
            Memory.setLong(counter, to + Integer.BYTES);
            Memory.setInt(to, number);
        }
    }

    @Override
    boolean settle(long from, long end, long hold, long steps) {
        int flipped = toSigned;
        long left = steps;
        for (long next = from + Integer.BYTES; next < end; next += Integer.BYTES) {
            int number = Memory.getInt(next);
            int before = Memory.getInt(next - Integer.BYTES);
            if ((number ^ flipped) < (before ^ flipped)) {
                long at = next;
                do {
                    Memory.setInt(at, before);
                    at -= Integer.BYTES;
                    before = at > from ? Memory.getInt(at - Integer.BYTES) : number;
                } while ((number ^ flipped) < (before ^ flipped) && left-- > 0);
                Memory.setInt(at, number);
                if (left < 0) {
                    return false;
                }
            }
        }
        return true;
    }
}
