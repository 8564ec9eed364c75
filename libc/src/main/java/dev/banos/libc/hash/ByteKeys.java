package dev.banos.libc.hash;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.banos.bindings.Native;
import java.lang.foreign.MemorySegment;

/** Keys of a fixed number of bytes, equal where all bytes are. */
record ByteKeys(long byteSize) implements Keys {

    ByteKeys {
        if (byteSize <= 0 || byteSize > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("bytes=" + byteSize + " is not from 1 to " + Integer.MAX_VALUE);
        }
    }

    @Override
    public long hash(long key, long seed) {
        if (key == 0) {
            throw new IllegalArgumentException("key=0 is a null pointer, and no " + byteSize + " bytes");
        }
        long multiplier = seed | 1;
        long hash = seed;
        long whole = byteSize & -HashTable.WORD;
        for (long offset = 0; offset < whole; offset += HashTable.WORD) {
            hash = Mixer.fold(hash ^ HashTable.load(key + offset), multiplier);
        }
        return whole == byteSize ? hash : Mixer.fold(hash ^ rest(key + whole), multiplier);
    }

    private long rest(long address) {
        long rest = 0;
        for (long offset = 0; offset < byteSize % HashTable.WORD; offset++) {
            rest = rest << Byte.SIZE | Native.EVERYTHING.get(JAVA_BYTE, address + offset) & 0xFF;
        }
        return rest;
    }

    @Override
    public boolean equal(long left, long right) {
        long whole = byteSize & -HashTable.WORD;
        for (long offset = 0; offset < whole; offset += HashTable.WORD) {
            if (HashTable.load(left + offset) != HashTable.load(right + offset)) {
                return false;
            }
        }
        return rest(left + whole) == rest(right + whole);
    }

    @Override
    public MemorySegment segment(long key) {
        return Native.segment(key, byteSize);
    }

    @Override
    public long load(long slot) {
        return slot;
    }

    @Override
    public void store(long slot, long key) {
        MemorySegment.copy(Native.EVERYTHING, key, Native.EVERYTHING, slot, byteSize);
    }
}
