package dev.banos.libc.hash;

import dev.banos.libc.segment.Liveness;
import java.lang.foreign.MemorySegment;

/**
 * The strategy of a {@link HashSet} or {@link HashMap}: the size of a key in a slot, its hash and its equality. A key is passed as
 * a {@code long}, so that a search needs no key object. The strategy decides what the {@code long} means: the number itself, the
 * address of bytes, a C pointer. A strategy must not change the table that calls it, which then throws
 * {@link IllegalStateException} if it was in the middle of a change.
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
     * The hash of a key. It is also asked for when a table moves its keys. The table throws what the strategy throws, and is then as
     * it was. The table mixes the hash further, but keys of equal hash stay together. So a strategy that must withstand hostile keys
     * mixes in the seed, which is the table's secret.
     *
     * @param key the key
     * @param seed of the table, drawn at random
     * @return any number
     */
    long hash(long key, long seed);

    /**
     * Says whether two keys are equal. Equal keys must have equal hashes.
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
     * The bytes of a key, if a key is the address of bytes; those of a C string have the null byte at the end. The JVM does not check
     * that they are still there.
     *
     * @param key as {@link #load} returns it
     * @return all of them
     * @throws UnsupportedOperationException where a key is a number, as it is by default
     */
    default MemorySegment segment(long key) {
        throw new UnsupportedOperationException("key=" + key + " is a number to these keys, and no address of bytes");
    }

    /**
     * The key that is in a segment, as the other methods take it: by default the segment's address.
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
