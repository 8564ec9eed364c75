package dev.banos.libc.sort;

/** Numbers of 16 bits. */
final class ShortElements extends Elements {
    private final int flip;

    ShortElements(Key key) {
        super(Short.BYTES);
        flip = (int) key.flip;
    }

    private static int ordered(short number, int flip) {
        return (number ^ flip) & 0xFFFF;
    }

    /** Not negative, so that signed comparison serves. */
    private int rank(short number) {
        return ordered(number, flip);
    }

    @Override
    boolean isAscending(long from, long end) {
        int previous = Integer.MIN_VALUE;
        for (long at = from; at < end; at += Short.BYTES) {
            int rank = rank(Memory.getShort(at));
            if (rank < previous) {
                return false;
            }
            previous = rank;
        }
        return true;
    }

    @Override
    long varyingBits(long from, long end) {
        int first = ordered(Memory.getShort(from), flip);
        int varying = 0;
        for (long at = from; at < end; at += Short.BYTES) {
            varying |= first ^ ordered(Memory.getShort(at), flip);
        }
        return varying;
    }

    @Override
    void count(long from, long end, long counters, int shift, long mask) {
        int f = flip;
        for (long at = from; at < end; at += Short.BYTES) {
            increment(counters, ordered(Memory.getShort(at), f) >>> shift & mask);
        }
    }

    @Override
    void countTwo(long from, long end, long low, int lowShift, long high, int highShift, long mask) {
        int f = flip;
        for (long at = from; at < end; at += Short.BYTES) {
            int key = ordered(Memory.getShort(at), f);
            increment(low, key >>> lowShift & mask);
            increment(high, key >>> highShift & mask);
        }
    }

    private static void increment(long counters, long digit) {
        long counter = counters + digit * COUNTER_BYTES;
        Memory.setLong(counter, Memory.getLong(counter) + Short.BYTES);
    }

    @Override
    void scatter(long from, long end, long counters, int shift, long mask) {
        int f = flip;
        for (long at = from; at < end; at += Short.BYTES) {
            short number = Memory.getShort(at);
            long counter = counters + (ordered(number, f) >>> shift & mask) * COUNTER_BYTES;
            long to = Memory.getLong(counter);
            Memory.setLong(counter, to + Short.BYTES);
            Memory.setShort(to, number);
        }
    }

    @Override
    boolean settle(long from, long end, long to, long hold, long steps) {
        long left = steps;
        long out = to;
        int largest = Integer.MIN_VALUE;
        for (long at = from; at < end; at += Short.BYTES, out += Short.BYTES) {
            short number = Memory.getShort(at);
            int rank = rank(number);
            if (rank >= largest) {
                Memory.setShort(out, number);
                largest = rank;
            } else {
                left -= insert(to, out, number, rank, left);
                if (left < 0) {
                    Memory.move(at + Short.BYTES, out + Short.BYTES, end - at - Short.BYTES);
                    return false;
                }
            }
        }
        return true;
    }

    /** @return how many elements made room; more than {@code limit} if {@code number} had to stop before its place */
    private long insert(long first, long end, short number, int rank, long limit) {
        long at = end;
        long steps = 0;
        do {
            Memory.setShort(at, Memory.getShort(at - Short.BYTES));
            at -= Short.BYTES;
            steps++;
        } while (at > first && steps <= limit && rank(Memory.getShort(at - Short.BYTES)) > rank);
        Memory.setShort(at, number);
        return steps;
    }
}
