package dev.banos.libc.sort;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** Whole numbers of 64 bits. */
final class LongElements extends Elements {
    /** Makes the order that of signed numbers, which is what the processor compares. */
    private final long toSigned;

    LongElements(Key key) {
        super(Long.BYTES, key.flip);
        toSigned = key.flip ^ Long.MIN_VALUE;
    }

    @Override
    boolean isAscending(long from, int count) {
        return count < 2 || ascending(Memory.range(from, count * (long) Long.BYTES), 1, count, toSigned) == count;
    }

    /** {@return the first element from {@code first} on that is less than the one before it, or {@code count}} */
    private static int ascending(MemorySegment range, int first, int count, long flipped) {
        long previous = range.getAtIndex(JAVA_LONG_UNALIGNED, first - 1) ^ flipped;
        for (int i = first; i < count; i++) {
            long rank = range.getAtIndex(JAVA_LONG_UNALIGNED, i) ^ flipped;
            if (rank < previous) {
                return i;
            }
            previous = rank;
        }
        return count;
    }

    @Override
    long varyingBits(long from, int count) {
        MemorySegment range = Memory.range(from, count * (long) Long.BYTES);
        long first = Memory.getLong(from);
        long varying = 0;
        for (int i = 0; i < count; i++) {
            varying |= first ^ range.getAtIndex(JAVA_LONG_UNALIGNED, i);
        }
        return varying;
    }

    @Override
    long count(long from, int count, long counters, int shift, long mask) {
        long first = Memory.getLong(from);
        long varying = 0;
        for (int i = 0; i < count; i++) {
            long number = number(from, i);
            varying |= first ^ number;
            increment(counters, counterOf(number >>> shift, mask));
        }
        return varying;
    }

    @Override
    void countTwo(long from, int count, long low, int lowShift, long high, int highShift, long mask) {
        for (int i = 0; i < count; i++) {
            long number = number(from, i);
            increment(low, counterOf(number >>> lowShift, mask));
            increment(high, counterOf(number >>> highShift, mask));
        }
    }

    private static long number(long from, int i) {
        return Memory.getLong(from, (long) i * Long.BYTES);
    }

    private static void increment(long counters, long counter) {
        Memory.setLong(counters, counter, Memory.getLong(counters, counter) + Long.BYTES);
    }

    @Override
    void scatter(long from, int count, long target, long counters, int shift, long mask) {
        for (int i = 0; i < count; i++) {
            long number = number(from, i);
            long counter = counterOf(number >>> shift, mask);
            long offset = Memory.getLong(counters, counter);
            Memory.setLong(counters, counter, offset + Long.BYTES);
            Memory.setLong(target, offset, number);
        }
    }

    @Override
    long key(long address) {
        return Memory.getLong(address);
    }

    @Override
    boolean countValues(long from, int count, long table) {
        for (int i = 0; i < count; i++) {
            long counter = FewValues.counter(table, number(from, i));
            if (counter == 0) {
                return false;
            }
            Memory.setLong(counter, Memory.getLong(counter) + Long.BYTES);
        }
        return true;
    }

    @Override
    void scatterValues(long from, int count, long target, long table) {
        for (int i = 0; i < count; i++) {
            long number = number(from, i);
            long counter = FewValues.offset(table, number);
            long offset = Memory.getLong(counter);
            Memory.setLong(counter, offset + Long.BYTES);
            Memory.setLong(target + offset, number);
        }
    }

    @Override
    boolean settle(long from, int count, long hold, long steps) {
        MemorySegment range = Memory.range(from, count * (long) Long.BYTES);
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
    private static long insert(long from, int i, long flipped, long steps) {
        long number = number(from, i);
        long before = number(from, i - 1);
        long left = steps;
        long at = from + (long) i * Long.BYTES;
        do {
            Memory.setLong(at, before);
            at -= Long.BYTES;
            before = at > from ? Memory.getLong(at - Long.BYTES) : number;
        } while ((number ^ flipped) < (before ^ flipped) && left-- > 0);
        Memory.setLong(at, number);
        return left;
    }

    /** The mask tells the compiler what it cannot see: no access has a bound to check, nor an offset a mask of 64 bits. */
    @Override
    int partition(long from, int count, long limit) {
        long first = Memory.getLong(from);
        int less = 0;
        for (int i = 1; i < count; i++) {
            long number = Memory.getLong(from, (long) i * Long.BYTES);
            long boundary = (long) (less & Integer.MAX_VALUE) * Long.BYTES;
            Memory.setLong(from, (long) (i - 1) * Long.BYTES, Memory.getLong(from, boundary));
            Memory.setLong(from, boundary, number);
            less += number < limit ? 1 : 0;
        }
        long boundary = (long) less * Long.BYTES;
        Memory.setLong(from, (long) (count - 1) * Long.BYTES, Memory.getLong(from, boundary));
        Memory.setLong(from, boundary, first);
        return less + (first < limit ? 1 : 0);
    }
}
