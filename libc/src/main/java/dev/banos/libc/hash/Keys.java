package dev.banos.libc.hash;

import dev.banos.libc.segment.Liveness;
import java.lang.foreign.MemorySegment;

/**
 * The strategy of a {@link HashSet} or {@link HashMap}: the size of a key in a slot, its hash and its equality. A key is
 * handed over as a {@code long}, and what that means is the strategy's affair: the number itself, the address of bytes, a C
 * pointer. So a search needs no key object. A strategy must not change the table that calls it: where the table has places in hand, it
 * throws {@link IllegalStateException}.
 */
public interface Keys {

    /** {@return keys that are {@code long}s; the table keeps the number} */
    static Keys longs() {
        return LongKeys.INSTANCE;
    }

    /**
     * {@return keys that are {@code bytes} bytes at an address; the table keeps a copy of the bytes}
     *
     * @param bytes the size of each key, 1 to 2^31 - 1
     * @throws IllegalArgumentException where it is not
     */
    static Keys bytes(long bytes) {
        return new ByteKeys(bytes);
    }

    /** {@return keys that are C strings, {@code const char *}; the table keeps the pointer, and the text is its owner's} */
    static Keys strings() {
        return StringKeys.INSTANCE;
    }

    /** {@return what a key takes in a slot, in bytes} */
    long byteSize();

    /**
     * The hash of a key, also asked for when a table moves its keys. What a strategy throws passes through its table, which is then
     * as it was. The table mixes it further, but keys of equal hash stay together: a strategy that shall stand up to
     * hostile keys lets the seed, which is the table's secret, into it.
     *
     * @param key the key
     * @param seed of the table, drawn at random
     * @return any number
     */
    long hash(long key, long seed);

    /**
     * Whether two keys are the same one. Equal keys must have equal hashes.
     *
     * @param left a key
     * @param right another
     * @return whether they are equal
     */
    boolean equal(long left, long right);

    /**
     * {@return the key in this slot, as the other methods take it}
     *
     * @param slot the address of {@link #byteSize} bytes, a multiple of 8
     */
    long load(long slot);

    /**
     * Puts the key into this slot.
     *
     * @param slot the address of {@link #byteSize} bytes, a multiple of 8
     * @param key the key
     */
    void store(long slot, long key);

    /**
     * The bytes of a key, where a key is the address of bytes: those of a C string with the null byte at its end. They are good for as long
     * as they are there, which the JVM does not check.
     *
     * @param key as {@link #load} returns it
     * @return all of them
     * @throws UnsupportedOperationException where a key is a number, as it is by default
     */
    default MemorySegment segment(long key) {
        throw new UnsupportedOperationException("key=" + key + " is a number to these keys, and no address of bytes");
    }

    /**
     * A key in a segment, as the other methods take it: by default its address.
     *
     * @param segment {@link #byteSize} bytes of native memory, or more
     * @return the key
     * @throws IllegalArgumentException where the segment is not in native memory, or too short for a key
     * @throws IllegalStateException where its scope is closed
     * @throws WrongThreadException where it is confined to another thread
     */
    default long of(MemorySegment segment) {
        Liveness.requireAccessible("key", segment);
        if (!segment.isNative() || segment.byteSize() < byteSize()) {
            throw new IllegalArgumentException("key=" + segment + " is not byteSize=" + byteSize() + " bytes of native memory");
        }
        return segment.address();
    }
}
