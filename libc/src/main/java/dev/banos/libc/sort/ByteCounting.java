package dev.banos.libc.sort;

/** Bytes are sorted by writing as many of each as were counted: one reading, one writing, no temporary area. */
final class ByteCounting {
    private static final int VALUES = 1 << Byte.SIZE;
    private static final int MASK = VALUES - 1;

    /** Neighbours count in different tables: a run of one value would otherwise wait for its own last increment. */
    private static final int TABLES = 4;
    private static final long TABLE_BYTES = VALUES * Elements.COUNTER_BYTES;

    private ByteCounting() {
    }

    static void sort(Key key, long from, long end, long counters) {
        Memory.fill(counters, TABLES * TABLE_BYTES, (byte) 0);
        for (long block = from; block < end; block += Elements.MOST) {
            count(block, (int) Math.min(end - block, Elements.MOST), counters);
        }
        long at = from;
        for (int rank = 0; rank < VALUES; rank++) {
            int value = (rank ^ (int) key.flip) & MASK;
            long count = count(counters, value);
            Memory.fill(at, count, (byte) value);
            at += count;
        }
    }

    private static void count(long from, int bytes, long counters) {
        for (int i = 0; i < bytes; i++) {
            long counter = (i & TABLES - 1) * TABLE_BYTES + (Memory.getByte(from, i) & MASK) * Elements.COUNTER_BYTES;
            Memory.setLong(counters, counter, Memory.getLong(counters, counter) + 1);
        }
    }

    private static long count(long counters, int value) {
        long count = 0;
        for (int table = 0; table < TABLES; table++) {
            count += Memory.getLong(counters + table * TABLE_BYTES + value * Elements.COUNTER_BYTES);
        }
        return count;
    }
}
