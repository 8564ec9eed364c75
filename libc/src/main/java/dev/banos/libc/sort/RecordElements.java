package dev.banos.libc.sort;

/** Records of any fixed size, compared by one number in each. */
final class RecordElements extends Elements {
    final Key key;
    final long keyOffset;

    RecordElements(long bytes, Key key, long keyOffset) {
        super(bytes, 0); // its keys are read in order
        this.key = key;
        this.keyOffset = keyOffset;
    }

    @Override
    long key(long record) {
        return key.read(record + keyOffset);
    }

    private void copy(long from, long to) {
        long at = 0;
        for (; at <= bytes - Long.BYTES; at += Long.BYTES) {
            Memory.setLong(to + at, Memory.getLong(from + at));
        }
        for (; at < bytes; at++) {
            Memory.setByte(to + at, Memory.getByte(from + at));
        }
    }

    @Override
    boolean isAscending(long from, int count) {
        long previous = 0;
        long at = from;
        for (int i = 0; i < count; i++, at += bytes) {
            long key = key(at);
            if (Long.compareUnsigned(key, previous) < 0) {
                return false;
            }
            previous = key;
        }
        return true;
    }

    @Override
    long varyingBits(long from, int count) {
        long first = key(from);
        long varying = 0;
        long at = from;
        for (int i = 0; i < count; i++, at += bytes) {
            varying |= first ^ key(at);
        }
        return varying;
    }

    @Override
    long count(long from, int count, long counters, int shift, long mask) {
        long first = key(from);
        long varying = 0;
        long at = from;
        for (int i = 0; i < count; i++, at += bytes) {
            long key = key(at);
            varying |= first ^ key;
            increment(counters, key >>> shift & mask);
        }
        return varying;
    }

    @Override
    void countTwo(long from, int count, long low, int lowShift, long high, int highShift, long mask) {
        long at = from;
        for (int i = 0; i < count; i++, at += bytes) {
            long key = key(at);
            increment(low, key >>> lowShift & mask);
            increment(high, key >>> highShift & mask);
        }
    }

    private void increment(long counters, long digit) {
        long counter = counters + digit * COUNTER_BYTES;
        Memory.setLong(counter, Memory.getLong(counter) + bytes);
    }

    @Override
    void scatter(long from, int count, long target, long counters, int shift, long mask) {
        long at = from;
        for (int i = 0; i < count; i++, at += bytes) {
            long counter = counters + (key(at) >>> shift & mask) * COUNTER_BYTES;
            long offset = Memory.getLong(counter);
            Memory.setLong(counter, offset + bytes);
            copy(at, target + offset);
        }
    }

    @Override
    boolean countValues(long from, int count, long table) {
        long at = from;
        for (int i = 0; i < count; i++, at += bytes) {
            long counter = FewValues.counter(table, key(at));
            if (counter == 0) {
                return false;
            }
            Memory.setLong(counter, Memory.getLong(counter) + bytes);
        }
        return true;
    }

    @Override
    void scatterValues(long from, int count, long target, long table) {
        long at = from;
        for (int i = 0; i < count; i++, at += bytes) {
            long counter = FewValues.offset(table, key(at));
            long offset = Memory.getLong(counter);
            Memory.setLong(counter, offset + bytes);
            copy(at, target + offset);
        }
    }

    @Override
    boolean settle(long from, int count, long hold, long steps) {
        long left = steps;
        long at = from + bytes;
        for (int i = 1; i < count; i++, at += bytes) {
            if (Long.compareUnsigned(key(at), key(at - bytes)) < 0) {
                left -= insert(from, at, hold, left);
                if (left < 0) {
                    return false;
                }
            }
        }
        return true;
    }

    /** @return how many records made room; more than {@code limit} if the one at {@code end} had to stop before its place */
    private long insert(long first, long end, long hold, long limit) {
        copy(end, hold);
        long key = key(hold);
        long at = end;
        long steps = 0;
        do {
            copy(at - bytes, at);
            at -= bytes;
            steps++;
        } while (at > first && steps <= limit && Long.compareUnsigned(key(at - bytes), key) > 0);
        copy(hold, at);
        return steps;
    }
}
