package dev.banos.libc.sort;

/**
 * {@link Introsort} of numbers. They are first made signed ones of the same order, which one instruction compares, and in
 * the end made again what they were.
 *
 * <pre>
 *   partition     from            boundary        at             end
 *                 +---------------+---------------+--------------+
 *                 |   &lt; limit     |   &gt;= limit    |   not seen   |
 *                 +---------------+---------------+--------------+
 * </pre>
 *
 * Each number trades places with the one at the boundary, which then moves on if it was less; and {@link EightNumbers} sorts
 * what is small. No branch depends on what was compared, so random numbers cost no mispredictions.
 */
final class NumberIntrosort {
    private static final int BY_NINTHER = 128;

    private NumberIntrosort() {
    }

    static void sort(Key key, long from, long end) {
        int log = Integer.numberOfTrailingZeros(key.bytes());
        long count = end - from >> log;
        exchangeOrder(key, from, end);
        if (count < EightNumbers.COUNT) {
            sortByInsertion(log, from, end);
        } else {
            long lastEight = end - ((long) EightNumbers.COUNT << log);
            sort(log, from, end, lastEight, Introsort.depthLimit(count));
        }
        exchangeOrder(key, from, end);
    }

    /** Its own inverse. */
    private static void exchangeOrder(Key key, long from, long end) {
        if (key.isFloating()) {
            SignedFloats.exchange(key, from, end);
        } else if (key.flip == 0) {
            invertSigns(key.bytes(), from, end);
        }
    }

    /** The sign is in the last byte of a number: this machine is little-endian. */
    private static void invertSigns(int bytes, long from, long end) {
        for (long at = from + bytes - 1; at < end; at += bytes) {
            Memory.setByte(at, (byte) (Memory.getByte(at) ^ Byte.MIN_VALUE));
        }
    }

    /**
     * @param log the logarithm of a number's size in bytes
     * @param lastEight where the last eight of all numbers begin
     */
    private static void sort(int log, long allFrom, long allEnd, long lastEight, int depth) {
        long from = allFrom;
        long end = allEnd;
        for (int depthLeft = depth; end - from > (long) EightNumbers.COUNT << log; depthLeft--) {
            if (depthLeft == 0) {
                sortByHeap(log, from, end - from >> log);
                return;
            }
            long pivot = pivot(log, from, end);
            long middle = partition(log, from, end, pivot);
            if (middle == from) { // the pivot is the least: set aside all that equal it
                from = pivot == Long.MAX_VALUE ? end : partition(log, from, end, pivot + 1);
            } else if (middle - from < end - middle) {
                sort(log, from, middle, lastEight, depthLeft - 1);
                from = middle;
            } else {
                sort(log, middle, end, lastEight, depthLeft - 1);
                end = middle;
            }
        }
        EightNumbers.sort(log, Math.min(from, lastEight));
    }

    private static long pivot(int log, long from, long end) {
        long step = end - from >> log + 3 << log;
        long middle = from + 4 * step;
        long last = end - (1L << log);
        if (end - from < (long) BY_NINTHER << log) {
            return medianAt(log, from, middle, last);
        }
        return median(medianAt(log, from, from + step, from + 2 * step),
                medianAt(log, middle - step, middle, middle + step),
                medianAt(log, last - 2 * step, last - step, last));
    }

    private static long medianAt(int log, long a, long b, long c) {
        return median(Memory.getSigned(log, a), Memory.getSigned(log, b), Memory.getSigned(log, c));
    }

    private static long median(long x, long y, long z) {
        return Math.max(Math.min(x, y), Math.min(Math.max(x, y), z));
    }

    /**
     * Brings the numbers less than {@code limit} to the front.
     *
     * @return where they end
     */
    private static long partition(int log, long from, long end, long limit) {
        long boundary = from;
        for (long at = from; at < end; at += 1L << log) {
            long number = Memory.getSigned(log, at);
            Memory.setSigned(log, at, Memory.getSigned(log, boundary));
            Memory.setSigned(log, boundary, number);
            boundary += isLess(number, limit) << log;
        }
        return boundary;
    }

    /** 1 or 0, without a branch: the sign of the difference, corrected where the subtraction overflows. */
    private static long isLess(long a, long b) {
        return (a & ~b | ~(a ^ b) & a - b) >>> 63;
    }

    private static void sortByInsertion(int log, long from, long end) {
        long step = 1L << log;
        for (long next = from + step; next < end; next += step) {
            long number = Memory.getSigned(log, next);
            long at = next;
            for (; at > from && Memory.getSigned(log, at - step) > number; at -= step) {
                Memory.setSigned(log, at, Memory.getSigned(log, at - step));
            }
            Memory.setSigned(log, at, number);
        }
    }

    private static void sortByHeap(int log, long from, long count) {
        for (long i = count / 2 - 1; i >= 0; i--) {
            siftDown(log, from, i, count, number(log, from, i));
        }
        for (long last = count - 1; last > 0; last--) {
            long number = number(log, from, last);
            setNumber(log, from, last, number(log, from, 0));
            siftDown(log, from, 0, last, number);
        }
    }

    /** Lets {@code number} sink from the hole at {@code i} of a heap of {@code count}. */
    private static void siftDown(int log, long from, long i, long count, long number) {
        long hole = i;
        for (long child = 2 * hole + 1; child < count; child = 2 * hole + 1) {
            if (child + 1 < count && number(log, from, child + 1) > number(log, from, child)) {
                child++;
            }
            if (number(log, from, child) <= number) {
                break;
            }
            setNumber(log, from, hole, number(log, from, child));
            hole = child;
        }
        setNumber(log, from, hole, number);
    }

    private static long number(int log, long from, long i) {
        return Memory.getSigned(log, from + (i << log));
    }

    private static void setNumber(int log, long from, long i, long number) {
        Memory.setSigned(log, from + (i << log), number);
    }
}
