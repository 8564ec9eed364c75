package dev.banos.libc.sort;

/**
 * Numbers of 16 bits are sorted, where they are many, by writing as many of each as were counted: one reading, one writing.
 * The temporary area has the counters, which the first-level cache does not; digits of eight bits win while it helps.
 */
final class ShortCounting {
    private static final int VALUES = 1 << Short.SIZE;
    private static final int MASK = VALUES - 1;
    /** Half of what {@link Elements} has: the counters then take a quarter of a second-level cache, not half of it. */
    private static final long COUNTER_BYTES = Integer.BYTES;
    static final long COUNTERS_BYTES = VALUES * COUNTER_BYTES;

    private ShortCounting() {
    }

    /** Whether the temporary area is as large as the counters, and none of these can overflow. */
    static boolean suits(long bytes) {
        return bytes >= COUNTERS_BYTES && bytes / Short.BYTES <= Integer.MAX_VALUE;
    }

    static void sort(Key key, long from, long end, long counters) {
        Memory.fill(counters, COUNTERS_BYTES, (byte) 0);
        int count = (int) ((end - from) / Short.BYTES);
        for (int i = 0; i < count; i++) {
            long counter = (Memory.getShort(from, (long) i * Short.BYTES) & MASK) * COUNTER_BYTES;
            Memory.setInt(counters, counter, Memory.getInt(counters, counter) + 1);
        }
        long at = from;
        for (int rank = 0; rank < VALUES; rank++) {
            int value = (rank ^ (int) key.flip) & MASK;
            long next = at + Memory.getInt(counters + value * COUNTER_BYTES) * (long) Short.BYTES;
            write(value, at, next, end);
            at = next;
        }
    }

    /** Four at once, even where this spills over {@code to}: what comes there is written later. */
    private static void write(int value, long from, long to, long end) {
        long four = value * 0x0001_0001_0001_0001L;
        long stop = Math.min(to, end - Long.BYTES);
        long at = from;
        for (; at < stop; at += Long.BYTES) {
            Memory.setLong(at, four);
        }
        for (; at < to; at += Short.BYTES) {
            Memory.setShort(at, (short) value);
        }
    }
}
