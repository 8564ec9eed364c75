package dev.banos.libc.sort;

/**
 * {@link Introsort} of numbers. Quicksort makes parts small enough for a temporary area that is kept between sorts, and
 * {@link RadixSort} sorts these; most data is one such part. What is partitioned is first made signed numbers of the same
 * order, which one instruction compares, and in the end made again what it was.
 *
 * <pre>
 *   partition     from            less            at             end
 *                 +---------------+---------------+--------------+
 *                 |   &lt; limit     |   &gt;= limit    |   not seen   |
 *                 +---------------+---------------+--------------+
 * </pre>
 *
 * No branch depends on what was compared, so random numbers cost no mispredictions. The number before {@code at} is a copy
 * of one already moved: each step writes the one at {@code less} there and the new one in its place.
 *
 * @see <a href="https://orlp.net/blog/branchless-lomuto-partitioning/">Peters, Branchless Lomuto partitioning</a>
 */
final class NumberIntrosort {
    private static final long MOST_PART_BYTES = 1 << 20; // a second-level cache

    /** No more is sorted by radix at once, nor what it would split. Where numbers of 16 bits are counted, there is room for the counters. */
    static final long PART_BYTES = Math.clamp(Radix.HERE.splitFromBytes(), ShortCounting.COUNTERS_BYTES, MOST_PART_BYTES);

    private static final long BLOCK_BYTES = (long) Elements.MOST * Long.BYTES; // for a loop that counts with an int

    private static final int INT = 2;

    private NumberIntrosort() {
    }

    /** @throws OutOfMemoryError if there was never any scratch memory; nothing was touched */
    static void sort(Key key, long from, long end) {
        sort(key, from, end, PART_BYTES);
    }

    /** @param partBytes at most {@link #PART_BYTES} */
    static void sort(Key key, long from, long end, long partBytes) {
        long scratch = Scratch.IN_PLACE.claim();
        try {
            if (end - from <= partBytes || RadixSort.isCounted(key, end - from)) {
                RadixSort.sort(key, from, end, temporary(scratch), scratch);
            } else {
                exchangeOrder(key, from, end);
                Elements elements = RadixSort.signed(key.bytes());
                int log = Integer.numberOfTrailingZeros(key.bytes());
                sort(elements, log, from, end, Introsort.depthLimit(end - from >> log), partBytes, scratch);
                exchangeOrder(key, from, end);
            }
        } finally {
            Scratch.IN_PLACE.release(scratch);
        }
    }

    private static long temporary(long scratch) {
        return scratch + Scratch.COUNTERS_BYTES;
    }

    /** Its own inverse. */
    private static void exchangeOrder(Key key, long from, long end) {
        if (key.isFloating()) {
            SignedFloats.exchange(key, from, end);
        } else if (key.flip == 0) {
            invertSigns(key.bytes(), from, end);
        }
    }

    /** Eight bytes at once; of the rest the last byte of each number: this machine is little-endian. */
    private static void invertSigns(int bytes, long from, long end) {
        long signs = switch (bytes) {
            case Short.BYTES -> 0x8000_8000_8000_8000L;
            case Integer.BYTES -> 0x8000_0000_8000_0000L;
            default -> Long.MIN_VALUE;
        };
        long wholeEnd = end - (end - from) % Long.BYTES;
        for (long at = from; at < wholeEnd; at += BLOCK_BYTES) {
            invert(at, (int) (Math.min(wholeEnd - at, BLOCK_BYTES) / Long.BYTES), signs);
        }
        for (long at = wholeEnd + bytes - 1; at < end; at += bytes) {
            Memory.setByte(at, (byte) (Memory.getByte(at) ^ Byte.MIN_VALUE));
        }
    }

    private static void invert(long from, int count, long bits) {
        for (int i = 0; i < count; i++) {
            Memory.setLong(from, (long) i * Long.BYTES, Memory.getLong(from, (long) i * Long.BYTES) ^ bits);
        }
    }

    /** @param log the logarithm of a number's size in bytes */
    static void sort(Elements elements, int log, long allFrom, long allEnd, int depth, long partBytes, long scratch) {
        long from = allFrom;
        long end = allEnd;
        for (int depthLeft = depth; end - from > partBytes; depthLeft--) {
            if (depthLeft == 0) {
                sortByHeap(log, from, end - from >> log);
                return;
            }
            long pivot = pivot(log, from, end);
            long middle = partition(elements, log, from, end, pivot);
            if (middle == from) { // the pivot is the least: set aside all that equal it
                from = pivot == Long.MAX_VALUE ? end : partition(elements, log, from, end, pivot + 1);
            } else if (middle - from < end - middle) {
                sort(elements, log, from, middle, depthLeft - 1, partBytes, scratch);
                from = middle;
            } else {
                sort(elements, log, middle, end, depthLeft - 1, partBytes, scratch);
                end = middle;
            }
        }
        Radix.HERE.sort(elements, from, end, from, temporary(scratch), scratch);
    }

    private static long pivot(int log, long from, long end) {
        long step = end - from >> log + 3 << log;
        long middle = from + 4 * step;
        long last = end - (1L << log);
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
    private static long partition(Elements elements, int log, long from, long end, long limit) {
        long count = end - from >> log;
        if (count > Integer.MAX_VALUE || log < INT) {
            return partitionMany(log, from, end, limit);
        }
        return from + ((long) elements.partition(from, (int) count, limit) << log);
    }

    /** For what an int cannot count: each number trades places with the one at the boundary. */
    static long partitionMany(int log, long from, long end, long limit) {
        long boundary = from;
        for (long at = from; at < end; at += 1L << log) {
            long number = Memory.getSigned(log, at);
            Memory.setSigned(log, at, Memory.getSigned(log, boundary));
            Memory.setSigned(log, boundary, number);
            boundary += number < limit ? 1L << log : 0;
        }
        return boundary;
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
