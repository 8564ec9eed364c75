package dev.banos.libc.sort;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** Whole numbers of 32 bits. */
final class IntElements extends Elements {
    /** Makes the order that of signed numbers, which is what the processor compares. */
    private final int toSigned;

    IntElements(Key key) {
        super(Integer.BYTES, Integer.toUnsignedLong((int) key.flip));
        toSigned = (int) key.flip ^ Integer.MIN_VALUE;
    }

    @Override
    boolean isAscending(long from, int count) {
        return count < 2 || ascending(Memory.range(from, count * (long) Integer.BYTES), 1, count, toSigned) == count;
    }

    /** {@return the first element from {@code first} on that is less than the one before it, or {@code count}} */
    private static int ascending(MemorySegment range, int first, int count, int flipped) {
        int previous = range.getAtIndex(JAVA_INT_UNALIGNED, first - 1) ^ flipped;
        for (int i = first; i < count; i++) {
            int rank = range.getAtIndex(JAVA_INT_UNALIGNED, i) ^ flipped;
            if (rank < previous) {
                return i;
            }
            previous = rank;
        }
        return count;
    }

    @Override
    long varyingBits(long from, int count) {
        MemorySegment range = Memory.range(from, count * (long) Integer.BYTES);
        int first = Memory.getInt(from);
        int varying = 0;
        for (int i = 0; i < count; i++) {
            varying |= first ^ range.getAtIndex(JAVA_INT_UNALIGNED, i);
        }
        return Integer.toUnsignedLong(varying);
    }

    @Override
    long count(long from, int count, long counters, int shift, long mask) {
        long first = unsigned(from, 0);
        long varying = 0;
        for (int i = 0; i < count; i++) {
            long number = unsigned(from, i);
            varying |= first ^ number;
            increment(counters, counterOf(number >>> shift, mask));
        }
        return varying;
    }

    @Override
    void countTwo(long from, int count, long low, int lowShift, long high, int highShift, long mask) {
        for (int i = 0; i < count; i++) {
            long number = unsigned(from, i);
            increment(low, counterOf(number >>> lowShift, mask));
            increment(high, counterOf(number >>> highShift, mask));
        }
    }

    private static int number(long from, int i) {
        return Memory.getInt(from, (long) i * Integer.BYTES);
    }

    /** A digit of it needs no other extension. */
    private static long unsigned(long from, int i) {
        return Integer.toUnsignedLong(number(from, i));
    }

    private static void increment(long counters, long counter) {
        Memory.setLong(counters, counter, Memory.getLong(counters, counter) + Integer.BYTES);
    }

    @Override
    void scatter(long from, int count, long target, long counters, int shift, long mask) {
        for (int i = 0; i < count; i++) {
            long number = unsigned(from, i);
            long counter = counterOf(number >>> shift, mask);
            long offset = Memory.getLong(counters, counter);
            Memory.setLong(counters, counter, offset + Integer.BYTES);
            Memory.setInt(target, offset, (int) number);
        }
    }

    @Override
    long key(long address) {
        return Integer.toUnsignedLong(Memory.getInt(address));
    }

    @Override
    boolean countValues(long from, int count, long table) {
        for (int i = 0; i < count; i++) {
            long counter = FewValues.counter(table, Integer.toUnsignedLong(number(from, i)));
            if (counter == 0) {
                return false;
            }
            Memory.setLong(counter, Memory.getLong(counter) + Integer.BYTES);
        }
        return true;
    }

    @Override
    void scatterValues(long from, int count, long target, long table) {
        for (int i = 0; i < count; i++) {
            int number = number(from, i);
            long counter = FewValues.offset(table, Integer.toUnsignedLong(number));
            long offset = Memory.getLong(counter);
            Memory.setLong(counter, offset + Integer.BYTES);
            Memory.setInt(target + offset, number);
        }
    }

    @Override
    boolean settle(long from, int count, long hold, long steps) {
        MemorySegment range = Memory.range(from, count * (long) Integer.BYTES);
        long left = steps;
        for (int i = 1; i < count; i++) {
            i = ascending(range, i, count, toSigned);
            if (i < count) {
                left = insert(from, i, toSigned, left);
                if (left < 0) {
                    return false;
                }
            }
        }
        return true;
    }

    /** @return what is left of the steps */
    private static long insert(long from, int i, int flipped, long steps) {
        int number = number(from, i);
        int before = number(from, i - 1);
        long left = steps;
        long at = from + (long) i * Integer.BYTES;
        do {
            Memory.setInt(at, before);
            at -= Integer.BYTES;
            before = at > from ? Memory.getInt(at - Integer.BYTES) : number;
        } while ((number ^ flipped) < (before ^ flipped) && left-- > 0);
        Memory.setInt(at, number);
        return left;
    }

    /** As {@link LongElements#partition}. */
    @Override
    int partition(long from, int count, long limit) {
        int first = Memory.getInt(from);
        int less = 0;
        for (int i = 1; i < count; i++) {
            int number = Memory.getInt(from, (long) i * Integer.BYTES);
            long boundary = (long) (less & Integer.MAX_VALUE) * Integer.BYTES;
            Memory.setInt(from, (long) (i - 1) * Integer.BYTES, Memory.getInt(from, boundary));
            Memory.setInt(from, boundary, number);
            less += number < limit ? 1 : 0;
        }
        long boundary = (long) less * Integer.BYTES;
        Memory.setInt(from, (long) (count - 1) * Integer.BYTES, Memory.getInt(from, boundary));
        Memory.setInt(from, boundary, first);
        return less + (first < limit ? 1 : 0);
    }
}
