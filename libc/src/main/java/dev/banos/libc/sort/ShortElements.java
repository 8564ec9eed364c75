package dev.banos.libc.sort;

/** Whole numbers of 16 bits. */
final class ShortElements extends Elements {
    /** Makes the order that of signed numbers, which is what the processor compares. */
    private final int toSigned;

    ShortElements(Key key) {
        super(Short.BYTES, key.flip & 0xFFFF);
        toSigned = (int) key.flip ^ Short.MIN_VALUE;
    }

    @Override
    boolean isAscending(long from, int count) {
        int flipped = toSigned;
        int previous = Integer.MIN_VALUE;
        for (int i = 0; i < count; i++) {
            int rank = number(from, i) ^ flipped;
            if (rank < previous) {
                return false;
            }
            previous = rank;
        }
        return true;
    }

    @Override
    long varyingBits(long from, int count) {
        int first = Memory.getShort(from);
        int varying = 0;
        for (int i = 0; i < count; i++) {
            varying |= first ^ number(from, i);
        }
        return varying & 0xFFFF;
    }

    @Override
    long count(long from, int count, long counters, int shift, long mask) {
        int first = Memory.getShort(from);
        int varying = 0;
        for (int i = 0; i < count; i++) {
            short number = number(from, i);
            varying |= first ^ number;
            increment(counters, counterOf(number >>> shift, mask));
        }
        return varying & 0xFFFF;
    }

    @Override
    void countTwo(long from, int count, long low, int lowShift, long high, int highShift, long mask) {
        for (int i = 0; i < count; i++) {
            short number = number(from, i);
            increment(low, counterOf(number >>> lowShift, mask));
            increment(high, counterOf(number >>> highShift, mask));
        }
    }

    private static short number(long from, int i) {
        return Memory.getShort(from, (long) i * Short.BYTES);
    }

    private static void increment(long counters, long counter) {
        Memory.setLong(counters, counter, Memory.getLong(counters, counter) + Short.BYTES);
    }

    @Override
    void scatter(long from, int count, long target, long counters, int shift, long mask) {
        for (int i = 0; i < count; i++) {
            short number = number(from, i);
            long counter = counterOf(number >>> shift, mask);
            long offset = Memory.getLong(counters, counter);
            Memory.setLong(counters, counter, offset + Short.BYTES);
            Memory.setShort(target, offset, number);
        }
    }

    @Override
    long key(long address) {
        return Short.toUnsignedLong(Memory.getShort(address));
    }

    @Override
    boolean countValues(long from, int count, long table) {
        for (int i = 0; i < count; i++) {
            long counter = FewValues.counter(table, Short.toUnsignedLong(number(from, i)));
            if (counter == 0) {
                return false;
            }
            Memory.setLong(counter, Memory.getLong(counter) + Short.BYTES);
        }
        return true;
    }

    @Override
    void scatterValues(long from, int count, long target, long table) {
        for (int i = 0; i < count; i++) {
            short number = number(from, i);
            long counter = FewValues.offset(table, Short.toUnsignedLong(number));
            long offset = Memory.getLong(counter);
            Memory.setLong(counter, offset + Short.BYTES);
            Memory.setShort(target + offset, number);
        }
    }

    @Override
    boolean settle(long from, int count, long hold, long steps) {
        int flipped = toSigned;
        long left = steps;
        for (int i = 1; i < count; i++) {
            short number = number(from, i);
            short before = number(from, i - 1);
            if ((number ^ flipped) < (before ^ flipped)) {
                long at = from + (long) i * Short.BYTES;
                do {
                    Memory.setShort(at, before);
                    at -= Short.BYTES;
                    before = at > from ? Memory.getShort(at - Short.BYTES) : number;
                } while ((number ^ flipped) < (before ^ flipped) && left-- > 0);
                Memory.setShort(at, number);
                if (left < 0) {
                    return false;
                }
            }
        }
        return true;
    }
}
