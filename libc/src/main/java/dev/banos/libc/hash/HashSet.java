package dev.banos.libc.hash;

import dev.banos.bindings.Native;
import java.lang.foreign.MemorySegment;

/**
 * A set in native memory. Its {@link Keys} say what a key is: {@code insert(key)}, {@code contains(key)} and {@code remove(key)}
 * take a key as that strategy does. For one thread at a time.
 */
public final class HashSet extends HashTable {
    private static final long MOST_BYTES = 1L << 31;

    private final Keys keys;
    private final long slotWords;

    /**
     * An empty set, which has no memory yet.
     *
     * @param keys what a key is
     * @throws IllegalArgumentException when its size is not 1 byte to 2 GiB
     */
    public HashSet(Keys keys) {
        this(keys, 0, Storage.MALLOC);
    }

    /** A set of entries: behind each key, at the next whole word, {@code valueBytes} more. */
    HashSet(Keys keys, long valueBytes, Storage storage) {
        super(storage);
        if (valueBytes < 0 || valueBytes > MOST_BYTES || keys.byteSize() <= 0 || keys.byteSize() > MOST_BYTES) {
            throw new IllegalArgumentException("keys.byteSize()=" + keys.byteSize() + " or valueBytes=" + valueBytes
                    + " is out of range: a key has at least 1 byte, each at most " + MOST_BYTES);
        }
        this.keys = keys;
        this.slotWords = wordsFor(keys.byteSize()) + wordsFor(valueBytes);
    }

    static long wordsFor(long bytes) {
        return (bytes + WORD - 1) / WORD;
    }

    @Override
    long slotWords() {
        return slotWords;
    }

    @Override
    void copy(long from, long to) {
        MemorySegment.copy(Native.EVERYTHING, from, Native.EVERYTHING, to, slotWords * WORD);
    }

    @Override
    long groupWords() {
        return ControlWord.GROUP_SLOTS * slotWords;
    }

    @Override
    boolean holds(long slot, long key) {
        boolean nested = inKeys;
        inKeys = true;
        try {
            return keys.equal(keys.load(slot), key);
        } finally {
            inKeys = nested;
        }
    }

    @Override
    boolean readsCallersMemory() {
        return true;
    }

    @Override
    long hashAt(long slot) {
        boolean nested = inKeys;
        inKeys = true;
        try {
            return hash(keys.load(slot));
        } finally {
            inKeys = nested;
        }
    }

    @Override
    long findAgain(long slot, long hash) {
        return find(keys.load(slot), hash);
    }

    private long hash(long key) {
        return mix(keys.hash(key, seed()));
    }

    /**
     * {@return the address of the element of {@code key}, or 0}
     *
     * @param key as the {@link Keys} take it
     */
    public long find(long key) {
        return find(key, hash(key));
    }

    /**
     * {@return whether {@code key} is in the set}
     *
     * @param key as the {@link Keys} take it
     */
    public boolean contains(long key) {
        return find(key) != ABSENT;
    }

    /**
     * {@return the key of the element at this address}
     *
     * @param element what {@link #find}, {@link #first} or {@link #next} returned, with no insertion since
     * @throws IllegalArgumentException where no element can be at this address
     */
    public long key(long element) {
        return keys.load(checked(element));
    }

    /**
     * {@return the bytes of the key of the element at this address, if keys are addresses of bytes} For {@link Keys#bytes} they are the
     * table's copy, valid until the next insertion, the removal of the element, or the close. For {@link Keys#strings} they are the
     * owner's text, of which {@code getString(0)} makes a Java string.
     *
     * @param element what {@link #find}, {@link #first} or {@link #next} returned, with no insertion since
     * @throws IllegalArgumentException where no element can be at this address
     * @throws UnsupportedOperationException where keys are numbers
     */
    public MemorySegment keyBytes(long element) {
        return keys.segment(key(element));
    }

    /**
     * Inserts a key.
     *
     * @param key as the {@link Keys} take it
     * @return whether it was inserted, was there, or found no memory: then the set is as it was
     */
    public Insertion insert(long key) {
        try {
            long element = findOrClaim(key);
            if (element > ABSENT) {
                return Insertion.PRESENT;
            }
            return element == ABSENT ? Insertion.OUT_OF_MEMORY : Insertion.INSERTED;
        } finally {
            freeRetired();
        }
    }

    /** As {@link HashTable#findOrClaim}, and a new slot has its key. The caller calls {@link #freeRetired} whatever happens. */
    long findOrClaim(long key) {
        requireIdle();
        long hash = hash(key);
        long element = findOrClaim(key, hash);
        if (element < ABSENT) {
            store(~element, key, hash);
        }
        return element;
    }

    private void store(long slot, long key, long hash) {
        inKeys = true;
        try {
            keys.store(slot, key);
        } catch (RuntimeException | Error thrown) {
            erase(slot, hash);
            throw thrown;
        } finally {
            inKeys = false;
        }
    }

    /**
     * Removes a key.
     *
     * @param key as the {@link Keys} take it
     * @return whether the key was there
     */
    public boolean remove(long key) {
        requireIdle();
        long hash = hash(key);
        long element = find(key, hash);
        if (element == ABSENT) {
            return false;
        }
        erase(element, hash);
        return true;
    }
}
