package dev.banos.libc.hash;

/** A set of {@code long}s in native memory. For one thread at a time. */
public final class LongHashSet extends LongTable {

    /** An empty set, which has no memory yet. */
    public LongHashSet() {
        this(Storage.MALLOC);
    }

    LongHashSet(Storage storage) {
        super(storage);
    }

    @Override
    long slotWords() {
        return 1;
    }

    @Override
    long groupWords() {
        return LINE_WORDS;
    }

    @Override
    void copy(long from, long to) {
        store(to, load(from));
    }

    /**
     * {@return whether {@code key} is in the set}
     *
     * @param key any number
     */
    public boolean contains(long key) {
        return find(key, mix(key)) != ABSENT;
    }

    /**
     * Inserts a number.
     *
     * @param key any number
     * @return whether it was inserted, was there, or found no memory: then the set is as it was
     */
    public Insertion insert(long key) {
        long slot = findOrClaim(key, mix(key));
        if (slot > ABSENT) {
            return Insertion.PRESENT;
        }
        if (slot == ABSENT) {
            return Insertion.OUT_OF_MEMORY;
        }
        store(~slot, key);
        return Insertion.INSERTED;
    }

    /**
     * Removes a number.
     *
     * @param key any number
     * @return whether the key was there
     */
    public boolean remove(long key) {
        long hash = mix(key);
        long slot = find(key, hash);
        if (slot == ABSENT) {
            return false;
        }
        erase(slot, hash);
        return true;
    }
}
