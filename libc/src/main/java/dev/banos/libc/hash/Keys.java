package dev.banos.libc.hash;

import java.lang.foreign.MemorySegment;

/**
 * The strategy of a {@link HashSet} or {@link HashMap}: the size of a key in a slot, its hash and its equality. A key is
 * handed over as a {@code long}, and what that means is the strategy's affair: the number itself, the address of bytes, a C
 * pointer. So a search needs no key object.
 */
public interface Keys {

    /** Keys that are {@code long}s; the table keeps the number. */
    static Keys longs() {
        return LongKeys.INSTANCE;
    }

    /** Keys that are {@code bytes} bytes at an address; the table keeps a copy of the bytes. */
    static Keys bytes(long bytes) {
        return new ByteKeys(bytes);
    }

    /** Keys that are C strings, {@code const char *}; the table keeps the pointer, and the text is its owner's. */
    static Keys strings() {
        return StringKeys.INSTANCE;
    }

    /** What a key takes in a slot, in bytes. */
    long byteSize();

    /**
     * The hash of a key. The table mixes it further, but keys of equal hash stay together: a strategy that shall stand up to
     * hostile keys lets the seed, which is the table's secret, into it.
     */
    long hash(long key, long seed);

    boolean equal(long left, long right);

    /** The key in this slot, as the other methods take it. */
    long load(long slot);

    /** Puts the key into this slot. */
    void store(long slot, long key);

    /**
     * A key in a segment, as the other methods take it: by default its address.
     *
     * @throws IllegalArgumentException where the segment is not in native memory, or too short for a key
     */
    default long of(MemorySegment segment) {
        if (!segment.isNative() || segment.byteSize() < byteSize()) {
            throw new IllegalArgumentException("key=" + segment + " is not byteSize=" + byteSize() + " bytes of native memory");
        }
        return segment.address();
    }
}
