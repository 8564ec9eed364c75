package dev.banos.libc.sort;

/**
 * {@link Introsort} of 64-bit numbers. They are first made signed ones of the same order, which one instruction compares,
 * and in the end made again what they were.
 *
 * <pre>
 *   partition     from            boundary        at             end
 *                 +---------------+---------------+--------------+
 *                 |   &lt; pivot     |   &gt;= pivot    |   not seen   |
 *                 +---------------+---------------+--------------+
 * </pre>
 *
 * Each element trades places with the one at the boundary, which then moves on if it was less: no branch depends on what
 * was compared, so random numbers cost no mispredictions.
 */
final class LongIntrosort {
    private static final long BY_INSERTION = 24 * Long.BYTES;
    private static final long BY_NINTHER = 128 * Long.BYTES;

    private LongIntrosort() {
    }

    static void sort(Key key, long from, long end) {
        exchangeOrder(key, from, end);
        sortSigned(from, end, Introsort.depthLimit((end - from) / Long.BYTES));
        exchangeOrder(key, from, end);
    }

    /** Its own inverse. */
    private static void exchangeOrder(Key key, long from, long end) {
        if (key == Key.U64) {
            invertSigns(from, end);
        } else {
            SignedFloats.exchange(key, from, end);
        }
    }

    private static void invertSigns(long from, long end) {
        for (long at = from; at < end; at += Long.BYTES) {
            Memory.setLong(at, Memory.getLong(at) ^ Long.MIN_VALUE);
        }
    }

    private static void sortSigned(long from, long end, int depthLeft) {
        while (end - from > BY_INSERTION) {
            if (depthLeft-- == 0) {
                sortByHeap(from, (end - from) / Long.BYTES);
                return;
            }
            long pivot = pivot(from, end);
            long middle = partition(from, end, pivot, 0);
            if (middle == from) { // the pivot is the least: set aside all that equal it
                from = partition(from, end, pivot, 1);
            } else if (middle - from < end - middle) {
                sortSigned(from, middle, depthLeft);
                from = middle;
            } else {
                sortSigned(middle, end, depthLeft);
                end = middle;
            }
        }
        sortByInsertion(from, end);
    }

    private static long pivot(long from, long end) {
        long step = (end - from) / 8 & -Long.BYTES;
        long middle = from + 4 * step;
        long last = end - Long.BYTES;
        if (end - from < BY_NINTHER) {
            return medianAt(from, middle, last);
        }
        return median(medianAt(from, from + step, from + 2 * step),
                medianAt(middle - step, middle, middle + step),
                medianAt(last - 2 * step, last - step, last));
    }

    private static long medianAt(long a, long b, long c) {
        return median(Memory.getLong(a), Memory.getLong(b), Memory.getLong(c));
    }

    private static long median(long x, long y, long z) {
        return Math.max(Math.min(x, y), Math.min(Math.max(x, y), z));
    }

    /**
     * Brings the numbers less than {@code pivot} to the front; with {@code orEqual} 1 also those equal to it.
     *
     * @return where they end
     */
    private static long partition(long from, long end, long pivot, int orEqual) {
        long boundary = from;
        for (long at = from; at < end; at += Long.BYTES) {
            long number = Memory.getLong(at);
            Memory.setLong(at, Memory.getLong(boundary));
            Memory.setLong(boundary, number);
            boundary += Long.BYTES & -isLess(number, pivot) | Long.BYTES & -(orEqual & ~isLess(pivot, number));
        }
        return boundary;
    }

    /** 1 or 0, without a branch: the sign of the difference, corrected where the subtraction overflows. */
    private static int isLess(long a, long b) {
        return (int) ((a & ~b | ~(a ^ b) & a - b) >>> 63);
    }

    private static void sortByInsertion(long from, long end) {
        for (long next = from + Long.BYTES; next < end; next += Long.BYTES) {
            long number = Memory.getLong(next);
            long at = next;
            for (; at > from && Memory.getLong(at - Long.BYTES) > number; at -= Long.BYTES) {
                Memory.setLong(at, Memory.getLong(at - Long.BYTES));
            }
            Memory.setLong(at, number);
        }
    }

    private static void sortByHeap(long from, long count) {
        for (long i = count / 2 - 1; i >= 0; i--) {
            siftDown(from, i, count, number(from, i));
        }
        for (long last = count - 1; last > 0; last--) {
            long number = number(from, last);
            Memory.setLong(from + last * Long.BYTES, number(from, 0));
            siftDown(from, 0, last, number);
        }
    }

    /** Lets {@code number} sink from the hole at {@code i} of a heap of {@code count}. */
    private static void siftDown(long from, long i, long count, long number) {
        long hole = i;
        for (long child = 2 * hole + 1; child < count; child = 2 * hole + 1) {
            if (child + 1 < count && number(from, child + 1) > number(from, child)) {
                child++;
            }
            if (number(from, child) <= number) {
                break;
            }
            Memory.setLong(from + hole * Long.BYTES, number(from, child));
            hole = child;
        }
        Memory.setLong(from + hole * Long.BYTES, number);
    }

    private static long number(long from, long i) {
        return Memory.getLong(from + i * Long.BYTES);
    }
}
