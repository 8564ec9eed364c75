package dev.banos.libc.hash;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.banos.bindings.Native;
import java.lang.foreign.MemorySegment;

/** C strings as keys: pointers, equal where the texts are. */
enum StringKeys implements Keys {
    INSTANCE;

    @Override
    public long byteSize() {
        return HashTable.WORD;
    }

    @Override
    public long hash(long key, long seed) {
        if (key == 0) {
            throw new IllegalArgumentException("key=0 is a null pointer, and no text");
        }
        long multiplier = seed | 1;
        long hash = seed;
        long word = 0;
        int inWord = 0;
        for (long at = key, character; (character = character(at)) != 0; at++) {
            word = word << Byte.SIZE | character;
            if (++inWord == HashTable.WORD) {
                hash = Mixer.fold(hash ^ word, multiplier);
                word = inWord = 0;
            }
        }
        return Mixer.fold(hash ^ word, multiplier);
    }

    @Override
    public boolean equal(long left, long right) {
        if (left == right) {
            return true;
        }
        for (long offset = 0; ; offset++) {
            long character = character(left + offset);
            if (character != character(right + offset)) {
                return false;
            }
            if (character == 0) {
                return true;
            }
        }
    }

    @Override
    public MemorySegment segment(long key) {
        long length = 0;
        while (character(key + length) != 0) {
            length++;
        }
        return Native.segment(key, length + 1);
    }

    private static long character(long address) {
        return Native.EVERYTHING.get(JAVA_BYTE, address) & 0xFF;
    }

    @Override
    public long load(long slot) {
        return HashTable.load(slot);
    }

    @Override
    public void store(long slot, long key) {
        HashTable.store(slot, key);
    }

    /** @throws IllegalArgumentException where no null byte ends the text within the segment */
    @Override
    public long of(MemorySegment segment) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException("key=" + segment + " is not in native memory");
        }
        for (long offset = 0; offset < segment.byteSize(); offset++) {
            if (segment.get(JAVA_BYTE, offset) == 0) {
                return segment.address();
            }
        }
        throw new IllegalArgumentException("key=" + segment + " has no null byte at its end");
    }
}
