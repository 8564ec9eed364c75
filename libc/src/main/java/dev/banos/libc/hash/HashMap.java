package dev.banos.libc.hash;

import dev.banos.bindings.Native;
import java.lang.foreign.MemorySegment;

/**
 * A map in native memory from the keys of a {@link Keys} to values of a fixed number of bytes: a {@link HashSet} of entries,
 * hashed by key. For one thread at a time.
 *
 * <p>An entry is known by its address: the key, and at the next whole word the value.
 */
public final class HashMap implements AutoCloseable {
    private final HashSet entries;
    private final long valueOffset;
    private final long valueBytes;

    /** @param valueBytes the size of a value in bytes, 0 or more */
    public HashMap(Keys keys, long valueBytes) {
        this(keys, valueBytes, Storage.MALLOC);
    }

    HashMap(Keys keys, long valueBytes, Storage storage) {
        this.entries = new HashSet(keys, valueBytes, storage);
        this.valueOffset = HashSet.wordsFor(keys.byteSize()) * HashTable.WORD;
        this.valueBytes = valueBytes;
    }

    public long size() {
        return entries.size();
    }

    public long capacity() {
        return entries.capacity();
    }

    /** The address of the entry of {@code key}, or 0. */
    public long find(long key) {
        return entries.find(key);
    }

    public boolean contains(long key) {
        return entries.contains(key);
    }

    /**
     * The key of the entry at this address.
     *
     * @throws IllegalArgumentException where no entry can be at this address
     */
    public long key(long entry) {
        return entries.key(entry);
    }

    /**
     * Where the value of the entry at this address begins.
     *
     * @throws IllegalArgumentException where no entry can be at this address
     */
    public long valueAddress(long entry) {
        return entries.checked(entry) + valueOffset;
    }

    /**
     * The value of the entry at this address, for as long as that holds.
     *
     * @throws IllegalArgumentException where no entry can be at this address
     */
    public MemorySegment value(long entry) {
        return Native.segment(valueAddress(entry), valueBytes);
    }

    /** Inserts the entry, but leaves one of the same key as it is. {@code value}: the address of the value's bytes. */
    public Insertion insert(long key, long value) {
        return insert(key, value, false);
    }

    /** Inserts the entry, or assigns the value to the one that is there. {@code value}: the address of the value's bytes. */
    public Insertion insertOrAssign(long key, long value) {
        return insert(key, value, true);
    }

    private Insertion insert(long key, long value, boolean assign) {
        if (value == 0 && valueBytes != 0) {
            throw new IllegalArgumentException("value=0 is no address of valueBytes=" + valueBytes);
        }
        long entry = entries.findOrClaim(key);
        if (entry > HashTable.ABSENT && !assign) {
            return Insertion.PRESENT;
        }
        if (entry == HashTable.ABSENT) {
            return Insertion.OUT_OF_MEMORY;
        }
        boolean present = entry > HashTable.ABSENT;
        long to = (present ? entry : ~entry) + valueOffset;
        MemorySegment.copy(Native.EVERYTHING, value, Native.EVERYTHING, to, valueBytes);
        return present ? Insertion.PRESENT : Insertion.INSERTED;
    }

    /** @return whether the key was there */
    public boolean remove(long key) {
        return entries.remove(key);
    }

    /** The address of an entry, 0 in an empty map. */
    public long first() {
        return entries.first();
    }

    /** The address of the entry after {@code entry}, which may have been removed meanwhile; 0 after the last. */
    public long next(long entry) {
        return entries.next(entry);
    }

    /** Removes the entry at this address, and no other moves: an iteration goes on with {@link #next}. */
    public void removeAt(long entry) {
        entries.removeAt(entry);
    }

    /** As {@link HashTable#reserve}. */
    public boolean reserve(long elements) {
        return entries.reserve(elements);
    }

    /** As {@link HashTable#shrink}. */
    public boolean shrink() {
        return entries.shrink();
    }

    /** Removes all entries and keeps the memory. */
    public void clear() {
        entries.clear();
    }

    /** As {@link HashTable#close}. */
    @Override
    public void close() {
        entries.close();
    }

    boolean isValid() {
        return entries.isValid();
    }
}
