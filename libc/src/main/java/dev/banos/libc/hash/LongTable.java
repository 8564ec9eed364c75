package dev.banos.libc.hash;

/** A table whose elements begin with a {@code long}, their key. */
abstract sealed class LongTable extends HashTable permits LongHashSet, LongHashMap {

    LongTable(Storage storage) {
        super(storage);
    }

    @Override
    final boolean holds(long slot, long key) {
        return key == load(slot);
    }

    @Override
    final boolean readsCallersMemory() {
        return false;
    }

    @Override
    final long hashAt(long slot) {
        return mix(load(slot));
    }

    @Override
    final long findAgain(long slot, long hash) {
        return find(load(slot), hash);
    }

    /**
     * The key of the element at this address.
     *
     * @throws IllegalArgumentException where no element can be at this address
     */
    public final long key(long element) {
        return load(checked(element));
    }
}
