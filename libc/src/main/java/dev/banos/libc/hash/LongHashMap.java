package dev.banos.libc.hash;

/**
 * A map from {@code long} to {@code long} in native memory. For one thread at a time.
 *
 * <p>An entry is 16 bytes at an address that {@link #find} and the iteration give: {@code long} key, {@code long} value.
 */
public final class LongHashMap extends LongTable {
    private static final long VALUE = WORD;

    /** An empty map, which has no memory yet. */
    public LongHashMap() {
        this(Storage.MALLOC);
    }

    LongHashMap(Storage storage) {
        super(storage);
    }

    @Override
    long slotWords() {
        return 2;
    }

    @Override
    long groupWords() {
        return 2 * LINE_WORDS;
    }

    @Override
    void copy(long from, long to) {
        store(to, load(from));
        store(to + VALUE, load(from + VALUE));
    }

    /**
     * {@return whether there is an entry of {@code key}}
     *
     * @param key any number
     */
    public boolean contains(long key) {
        return find(key) != ABSENT;
    }

    /**
     * {@return the address of the entry of {@code key}, or 0}
     *
     * @param key any number
     */
    public long find(long key) {
        return find(key, mix(key));
    }

    /**
     * {@return the value of {@code key}, or {@code otherwise} where it has none}
     *
     * @param key any number
     * @param otherwise any number
     */
    public long get(long key, long otherwise) {
        long entry = find(key, mix(key));
        return entry == ABSENT ? otherwise : load(entry + VALUE);
    }

    /**
     * {@return the value of the entry at this address}
     *
     * @param entry what {@link #find}, {@link #first} or {@link #next} returned, with no insertion since
     * @throws IllegalArgumentException where no entry can be at this address
     */
    public long value(long entry) {
        return load(checked(entry) + VALUE);
    }

    /**
     * Changes the value of the entry at this address.
     *
     * @param value any number
     * @param entry what {@link #find}, {@link #first} or {@link #next} returned, with no insertion since
     * @throws IllegalArgumentException where no entry can be at this address
     */
    public void value(long entry, long value) {
        store(checked(entry) + VALUE, value);
    }

    /**
     * Inserts the entry, but leaves one of the same key as it is.
     *
     * @param key any number
     * @param value any number
     * @return whether it was inserted, was there, or found no memory: then the map is as it was
     */
    public Insertion insert(long key, long value) {
        long entry = findOrClaim(key, mix(key));
        return entry > ABSENT ? Insertion.PRESENT : fill(entry, key, value);
    }

    /**
     * Inserts the entry, or assigns the value to the one that is there.
     *
     * @param key any number
     * @param value any number
     * @return whether it was inserted, was there and has the new value, or found no memory: then the map is as it was
     */
    public Insertion insertOrAssign(long key, long value) {
        long entry = findOrClaim(key, mix(key));
        if (entry > ABSENT) {
            store(entry + VALUE, value);
            return Insertion.PRESENT;
        }
        return fill(entry, key, value);
    }

    private static Insertion fill(long claimed, long key, long value) {
        if (claimed == ABSENT) {
            return Insertion.OUT_OF_MEMORY;
        }
        long entry = ~claimed;
        store(entry, key);
        store(entry + VALUE, value);
        return Insertion.INSERTED;
    }

    /**
     * Removes the entry of {@code key}.
     *
     * @param key any number
     * @return whether the key was there
     */
    public boolean remove(long key) {
        long hash = mix(key);
        long entry = find(key, hash);
        if (entry == ABSENT) {
            return false;
        }
        erase(entry, hash);
        return true;
    }
}
