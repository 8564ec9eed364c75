package dev.banos.libc.hash;

/** A set of {@code long}s in native memory. For one thread at a time. */
public final class LongHashSet extends LongTable {

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

    public boolean contains(long key) {
        return find(key, mix(key)) != ABSENT;
    }

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

    /** @return whether the key was there */
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
