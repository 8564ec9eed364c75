package dev.banos.libc.sort;

/** Whole numbers of 64 bits. */
final class LongElements extends Elements {
    /** Makes the order that of signed numbers, which is what the processor compares. */
    private final long toSigned;

    LongElements(Key key) {
        super(Long.BYTES, key.flip);
        toSigned = key.flip ^ Long.MIN_VALUE;
    }

    @Override
    boolean isAscending(long from, long end) {
        long flipped = toSigned;
        long previous = Long.MIN_VALUE;
        for (long at = from; at < end; at += Long.BYTES) {
            long rank = Memory.getLong(at) ^ flipped;
            if (rank < previous) {
                return false;
            }
            previous = rank;
        }
        return true;
    }

    @Override
    long varyingBits(long from, long end) {
        long first = Memory.getLong(from);
        long varying = 0;
        for (long at = from; at < end; at += Long.BYTES) {
            varying |= first ^ Memory.getLong(at);
        }
        return varying;
    }

    @Override
    void count(long from, long end, long counters, int shift, long mask) {
        for (long at = from; at < end; at += Long.BYTES) {
            increment(counters, Memory.getLong(at) >>> shift & mask);
        }
    }

    @Override
    void countTwo(long from, long end, long low, int lowShift, long high, int highShift, long mask) {
        for (long at = from; at < end; at += Long.BYTES) {
            long number = Memory.getLong(at);
            increment(low, number >>> lowShift & mask);
            increment(high, number >>> highShift & mask);
        }
    }

    private static void increment(long counters, long digit) {
        long counter = counters + digit * COUNTER_BYTES;
        Memory.setLong(counter, Memory.getLong(counter) + Long.BYTES);
    }

    @Override
    void scatter(long from, long end, long counters, int shift, long mask) {
        for (long at = from; at < end; at += Long.BYTES) {
            long number = Memory.getLong(at);
            long counter = counters + (number >>> shift & mask) * COUNTER_BYTES;
            long to = Memory.getLong(counter);
            Memory.setLong(counter, to + Long.BYTES);
            Memory.setLong(to, number);
        }
    }

    @Override
    boolean settle(long from, long end, long hold, long steps) {
        long flipped = toSigned;
        long left = steps;
        for (long next = from + Long.BYTES; next < end; next += Long.BYTES) {
            long number = Memory.getLong(next);
            long before = Memory.getLong(next - Long.BYTES);
            if ((number ^ flipped) < (before ^ flipped)) {
                long at = next;
                do {
                    Memory.setLong(at, before);
                    at -= Long.BYTES;
                    before = at > from ? Memory.getLong(at - Long.BYTES) : number;
                } while ((number ^ flipped) < (before ^ flipped) && left-- > 0);
                Memory.setLong(at, number);
                if (left < 0) {
                    return false;
                }
            }
        }
        return true;
    }
}
