package dev.banos.libc.sort;

/** Whole numbers of 16 bits. */
final class ShortElements extends Elements {
    /** Makes the order that of signed numbers, which is what the processor compares. */
    private final int toSigned;

    ShortElements(Key key) {
        super(Short.BYTES, key.flip & 0xFFFF);
        toSigned = (int) key.flip ^ Short.MIN_VALUE;
    }

    @Override
    boolean isAscending(long from, long end) {
        int flipped = toSigned;
        int previous = Integer.MIN_VALUE;
        for (long at = from; at < end; at += Short.BYTES) {
            int rank = Memory.getShort(at) ^ flipped;
            if (rank < previous) {
                return false;
            }
            previous = rank;
        }
        return true;
    }

    @Override
    long varyingBits(long from, long end) {
        int first = Memory.getShort(from);
        int varying = 0;
        for (long at = from; at < end; at += Short.BYTES) {
            varying |= first ^ Memory.getShort(at);
        }
        return varying & 0xFFFF;
    }

    @Override
    void count(long from, long end, long counters, int shift, long mask) {
        for (long at = from; at < end; at += Short.BYTES) {
            increment(counters, Memory.getShort(at) >>> shift & mask);
        }
    }

    @Override
    void countTwo(long from, long end, long low, int lowShift, long high, int highShift, long mask) {
        for (long at = from; at < end; at += Short.BYTES) {
            short number = Memory.getShort(at);
            increment(low, number >>> lowShift & mask);
            increment(high, number >>> highShift & mask);
        }
    }

    private static void increment(long counters, long digit) {
        long counter = counters + digit * COUNTER_BYTES;
        Memory.setLong(counter, Memory.getLong(counter) + Short.BYTES);
    }

    @Override
    void scatter(long from, long end, long counters, int shift, long mask) {
        for (long at = from; at < end; at += Short.BYTES) {
            short number = Memory.getShort(at);
            long counter = counters + (number >>> shift & mask) * COUNTER_BYTES;
            long to = Memory.getLong(counter);
            Memory.setLong(counter, to + Short.BYTES);
            Memory.setShort(to, number);
        }
    }

    @Override
    boolean settle(long from, long end, long hold, long steps) {
        int flipped = toSigned;
        long left = steps;
        for (long next = from + Short.BYTES; next < end; next += Short.BYTES) {
            short number = Memory.getShort(next);
            short before = Memory.getShort(next - Short.BYTES);
            if ((number ^ flipped) < (before ^ flipped)) {
                long at = next;
                do {
                    Memory.setShort(at, before);
                    at -= Short.BYTES;
                    before = at > from ? Memory.getShort(at - Short.BYTES) : number;
                } while ((number ^ flipped) < (before ^ flipped) && left-- > 0);
                Memory.setShort(at, number);
                if (left < 0) {
                    return false;
                }
            }
        }
        return true;
    }
}
