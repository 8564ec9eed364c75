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

    /**
     * An empty map, which has no memory yet.
     *
     * @param keys what a key is
     * @param valueBytes the size of a value in bytes, 0 to 2 GiB
     * @throws IllegalArgumentException when a size is out of range
     */
    public HashMap(Keys keys, long valueBytes) {
        this(keys, valueBytes, Storage.MALLOC);
    }

    HashMap(Keys keys, long valueBytes, Storage storage) {
        this.entries = new HashSet(keys, valueBytes, storage);
        this.valueOffset = HashSet.wordsFor(keys.byteSize()) * HashTable.WORD;
        this.valueBytes = valueBytes;
    }

    /** {@return the number of entries} */
    public long size() {
        return entries.size();
    }

    /** {@return how many entries there is room for without more memory} */
    public long capacity() {
        return entries.capacity();
    }

    /**
     * {@return the address of the entry of {@code key}, or 0}
     *
     * @param key as the {@link Keys} take it
     */
    public long find(long key) {
        return entries.find(key);
    }

    /**
     * {@return whether there is an entry of {@code key}}
     *
     * @param key as the {@link Keys} take it
     */
    public boolean contains(long key) {
        return entries.contains(key);
    }

    /**
     * {@return the key of the entry at this address}
     *
     * @param entry what {@link #find}, {@link #first} or {@link #next} returned, with no insertion since
     * @throws IllegalArgumentException where no entry can be at this address
     */
    public long key(long entry) {
        return entries.key(entry);
    }

    /**
     * {@return the bytes of the key of the entry at this address, as {@link HashSet#keyBytes}}
     *
     * @param entry what {@link #find}, {@link #first} or {@link #next} returned, with no insertion since
     * @throws IllegalArgumentException where no entry can be at this address
     * @throws UnsupportedOperationException where keys are numbers
     */
    public MemorySegment keyBytes(long entry) {
        return entries.keyBytes(entry);
    }

    /**
     * {@return where the value of the entry at this address begins}
     *
     * @param entry what {@link #find}, {@link #first} or {@link #next} returned, with no insertion since
     * @throws IllegalArgumentException where no entry can be at this address
     */
    public long valueAddress(long entry) {
        return entries.checked(entry) + valueOffset;
    }

    /**
     * {@return the value of the entry at this address, {@code valueBytes} long} It is valid until the next insertion, the removal of
     * the entry, or the close; the JVM does not check that.
     *
     * @param entry what {@link #find}, {@link #first} or {@link #next} returned, with no insertion since
     * @throws IllegalArgumentException where no entry can be at this address
     */
    public MemorySegment value(long entry) {
        return Native.segment(valueAddress(entry), valueBytes);
    }

    /**
     * Inserts the entry, but leaves one of the same key as it is.
     *
     * @param key as the {@link Keys} take it
     * @param value the address of the value's bytes, which are copied, from this map itself too; any number where values have no bytes
     * @return whether it was inserted, was there, or found no memory: then the map is as it was
     * @throws IllegalArgumentException where {@code value} is no address and values have bytes
     */
    public Insertion insert(long key, long value) {
        return insert(key, value, false);
    }

    /**
     * Inserts the entry, or assigns the value to the one that is there.
     *
     * @param key as the {@link Keys} take it
     * @param value the address of the value's bytes, which are copied, from this map itself too; any number where values have no bytes
     * @return whether it was inserted, was there and has the new value, or found no memory: then the map is as it was
     * @throws IllegalArgumentException where {@code value} is no address and values have bytes
     */
    public Insertion insertOrAssign(long key, long value) {
        return insert(key, value, true);
    }

    private Insertion insert(long key, long value, boolean assign) {
        if (valueBytes != 0 && (value <= 0 || value > Long.MAX_VALUE - valueBytes)) {
            throw new IllegalArgumentException("value=" + value + " is no address of valueBytes=" + valueBytes);
        }
        try {
            long entry = entries.findOrClaim(key);
            if (entry > HashTable.ABSENT && !assign) {
                return Insertion.PRESENT;
            }
            if (entry == HashTable.ABSENT) {
                return Insertion.OUT_OF_MEMORY;
            }
            boolean present = entry > HashTable.ABSENT;
            long to = (present ? entry : ~entry) + valueOffset;
            if (valueBytes != 0) {
                MemorySegment.copy(Native.EVERYTHING, value, Native.EVERYTHING, to, valueBytes);
            }
            return present ? Insertion.PRESENT : Insertion.INSERTED;
        } finally {
            entries.freeRetired();
        }
    }

    /**
     * Removes the entry of {@code key}.
     *
     * @param key as the {@link Keys} take it
     * @return whether the key was there
     */
    public boolean remove(long key) {
        return entries.remove(key);
    }

    /** {@return the address of an entry, 0 in an empty map} */
    public long first() {
        return entries.first();
    }

    /**
     * {@return the address of the entry after {@code entry}, which may have been removed meanwhile; 0 after the last}
     *
     * @param entry what {@link #first} or this method returned, with no insertion since
     * @throws IllegalArgumentException where no entry can be at this address
     */
    public long next(long entry) {
        return entries.next(entry);
    }

    /**
     * Removes the entry at this address, and no other moves: an iteration goes on with {@link #next}.
     *
     * @param entry where there is one
     * @throws IllegalArgumentException where none is
     */
    public void removeAt(long entry) {
        entries.removeAt(entry);
    }

    /**
     * Makes room for this many entries in all, as {@link HashTable#reserve}.
     *
     * @param elements how many entries
     * @return false when there is no memory; the map is as it was
     */
    public boolean reserve(long elements) {
        return entries.reserve(elements);
    }

    /**
     * Gives back the memory that the entries do not need, as {@link HashTable#shrink}.
     *
     * @return false when there is no memory for the smaller table; the map is as it was
     */
    public boolean shrink() {
        return entries.shrink();
    }

    /** Removes all entries and keeps the memory. */
    public void clear() {
        entries.clear();
    }

    /** Gives all memory back, as {@link HashTable#close}. */
    @Override
    public void close() {
        entries.close();
    }

    boolean isValid() {
        return entries.isValid();
    }
}
