package dev.banos.libc.sort;

/** Numbers of 32 bits. */
final class IntElements extends Elements {
    private final int flip;
    private final int flipIfNegative;

    IntElements(Key key) {
        super(Integer.BYTES);
        flip = (int) key.flip;
        flipIfNegative = (int) key.flipIfNegative;
    }

    private static int ordered(int number, int flip, int flipIfNegative) {
        return number ^ (number >> 31 & flipIfNegative) ^ flip;
    }

    /** Of unsigned order made signed, which is what the processor compares. */
    private int rank(int number) {
        return ordered(number, flip, flipIfNegative) ^ Integer.MIN_VALUE;
    }

    @Override
    boolean isAscending(long from, long end) {
        int previous = Integer.MIN_VALUE;
        for (long at = from; at < end; at += Integer.BYTES) {
            int rank = rank(Memory.getInt(at));
            if (rank < previous) {
                return false;
            }
            previous = rank;
        }
        return true;
    }

    @Override
    long varyingBits(long from, long end) {
        int first = ordered(Memory.getInt(from), flip, flipIfNegative);
        int varying = 0;
        for (long at = from; at < end; at += Integer.BYTES) {
            varying |= first ^ ordered(Memory.getInt(at), flip, flipIfNegative);
        }
        return Integer.toUnsignedLong(varying);
    }

    @Override
    void count(long from, long end, long counters, int shift, long mask) {
        int f = flip;
        int g = flipIfNegative;
        for (long at = from; at < end; at += Integer.BYTES) {
            increment(counters, ordered(Memory.getInt(at), f, g) >>> shift & mask);
        }
    }

    @Override
    void countTwo(long from, long end, long low, int lowShift, long high, int highShift, long mask) {
        int f = flip;
        int g = flipIfNegative;
        for (long at = from; at < end; at += Integer.BYTES) {
            int key = ordered(Memory.getInt(at), f, g);
            increment(low, key >>> lowShift & mask);
            increment(high, key >>> highShift & mask);
        }
    }

    private static void increment(long counters, long digit) {
        long counter = counters + digit * COUNTER_BYTES;
        Memory.setLong(counter, Memory.getLong(counter) + Integer.BYTES);
    }

    @Override
    void scatter(long from, long end, long counters, int shift, long mask) {
        int f = flip;
        int g = flipIfNegative;
        for (long at = from; at < end; at += Integer.BYTES) {
            int number = Memory.getInt(at);
            long counter = counters + (ordered(number, f, g) >>> shift & mask) * COUNTER_BYTES;
            long to = Memory.getLong(counter);
            Memory.setLong(counter, to + Integer.BYTES);
            Memory.setInt(to, number);
        }
    }

    @Override
    boolean settle(long from, long end, long to, long hold, long steps) {
        long left = steps;
        long out = to;
        int largest = Integer.MIN_VALUE;
        for (long at = from; at < end; at += Integer.BYTES, out += Integer.BYTES) {
            int number = Memory.getInt(at);
            int rank = rank(number);
            if (rank >= largest) {
                Memory.setInt(out, number);
                largest = rank;
            } else {
                left -= insert(to, out, number, rank, left);
                if (left < 0) {
                    Memory.move(at + Integer.BYTES, out + Integer.BYTES, end - at - Integer.BYTES);
                    return false;
                }
            }
        }
        return true;
    }

    /** @return how many elements made room; more than {@code limit} if {@code number} had to stop before its place */
    private long insert(long first, long end, int number, int rank, long limit) {
        long at = end;
        long steps = 0;
        do {
            Memory.setInt(at, Memory.getInt(at - Integer.BYTES));
            at -= Integer.BYTES;
            steps++;
        } while (at > first && steps <= limit && rank(Memory.getInt(at - Integer.BYTES)) > rank);
        Memory.setInt(at, number);
        return steps;
    }
}
