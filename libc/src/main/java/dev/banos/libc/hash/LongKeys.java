package dev.banos.libc.hash;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** Numbers as keys. */
enum LongKeys implements Keys {
    INSTANCE;

    @Override
    public long byteSize() {
        return HashTable.WORD;
    }

    @Override
    public long hash(long key, long seed) {
        return key; // the table's own mixing suffices
    }

    @Override
    public boolean equal(long left, long right) {
        return left == right;
    }

    @Override
    public long load(long slot) {
        return HashTable.load(slot);
    }

    @Override
    public void store(long slot, long key) {
        HashTable.store(slot, key);
    }

    /** The number in the first bytes of a segment of any kind. */
    @Override
    public long of(MemorySegment segment) {
        if (segment.byteSize() < byteSize()) {
            throw new IllegalArgumentException("key=" + segment + " is too short for byteSize=" + byteSize());
        }
        return segment.get(JAVA_LONG_UNALIGNED, 0);
    }
}
