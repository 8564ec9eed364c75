package dev.banos.libc.sort;

/** Numbers of 64 bits. */
final class LongElements extends Elements {
    private final long flip;
    private final long flipIfNegative;

    LongElements(Key key) {
        super(Long.BYTES);
        flip = key.flip;
        flipIfNegative = key.flipIfNegative;
    }

    private static long ordered(long number, long flip, long flipIfNegative) {
        return number ^ (number >> 63 & flipIfNegative) ^ flip;
    }

    /** Of unsigned order made signed, which is what the processor compares. */
    private long rank(long number) {
        return ordered(number, flip, flipIfNegative) ^ Long.MIN_VALUE;
    }

    @Override
    boolean isAscending(long from, long end) {
        long previous = Long.MIN_VALUE;
        for (long at = from; at < end; at += Long.BYTES) {
            long rank = rank(Memory.getLong(at));
            if (rank < previous) {
                return false;
            }
            previous = rank;
        }
        return true;
    }

    @Override
    long varyingBits(long from, long end) {
        long first = ordered(Memory.getLong(from), flip, flipIfNegative);
        long varying = 0;
        for (long at = from; at < end; at += Long.BYTES) {
            varying |= first ^ ordered(Memory.getLong(at), flip, flipIfNegative);
        }
        return varying;
    }

    @Override
    void count(long from, long end, long counters, int shift, long mask) {
        long f = flip;
        long g = flipIfNegative;
        for (long at = from; at < end; at += Long.BYTES) {
            increment(counters, ordered(Memory.getLong(at), f, g) >>> shift & mask);
        }
    }

    @Override
    void countTwo(long from, long end, long low, int lowShift, long high, int highShift, long mask) {
        long f = flip;
        long g = flipIfNegative;
        for (long at = from; at < end; at += Long.BYTES) {
            long key = ordered(Memory.getLong(at), f, g);
            increment(low, key >>> lowShift & mask);
            increment(high, key >>> highShift & mask);
        }
    }

    private static void increment(long counters, long digit) {
        long counter = counters + digit * COUNTER_BYTES;
        Memory.setLong(counter, Memory.getLong(counter) + Long.BYTES);
    }

    @Override
    void scatter(long from, long end, long counters, int shift, long mask) {
        long f = flip;
        long g = flipIfNegative;
        for (long at = from; at < end; at += Long.BYTES) {
            long number = Memory.getLong(at);
            long counter = counters + (ordered(number, f, g) >>> shift & mask) * COUNTER_BYTES;
            long to = Memory.getLong(counter);
            Memory.setLong(counter, to + Long.BYTES);
            Memory.setLong(to, number);
        }
    }

    @Override
    boolean settle(long from, long end, long to, long hold, long steps) {
        long left = steps;
        long out = to;
        long largest = Long.MIN_VALUE;
        for (long at = from; at < end; at += Long.BYTES, out += Long.BYTES) {
            long number = Memory.getLong(at);
            long rank = rank(number);
            if (rank >= largest) {
                Memory.setLong(out, number);
                largest = rank;
            } else {
                left -= insert(to, out, number, rank, left);
                if (left < 0) {
                    Memory.move(at + Long.BYTES, out + Long.BYTES, end - at - Long.BYTES);
                    return false;
                }
            }
        }
        return true;
    }

    /** @return how many elements made room; more than {@code limit} if {@code number} had to stop before its place */
    private long insert(long first, long end, long number, long rank, long limit) {
        long at = end;
        long steps = 0;
        do {
            Memory.setLong(at, Memory.getLong(at - Long.BYTES));
            at -= Long.BYTES;
            steps++;
        } while (at > first && steps <= limit && rank(Memory.getLong(at - Long.BYTES)) > rank);
        Memory.setLong(at, number);
        return steps;
    }
}
