package dev.banos.libc.hash;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/** A table of this package behind the little that the properties need, with small numbers for keys and values. */
interface Subject extends AutoCloseable {
    enum Kind { LONG_MAP, LONG_SET, MAP_OF_LONGS, MAP_OF_BYTES, MAP_OF_STRINGS, MAP_TO_LARGE, MAP_OF_COLLIDING, SET_OF_COLLIDING }

    /** Of such values a table begins with one group. */
    long LARGE_BYTES = 3_000;

    Insertion insert(long key, long value);

    Insertion insertOrAssign(long key, long value);

    boolean remove(long key);

    /** Null for none; of a set, the key stands for its value. */
    Long get(long key);

    long first();

    long next(long element);

    void removeAt(long element);

    long keyAt(long element);

    long valueAt(long element);

    long size();

    boolean reserve(long elements);

    boolean shrink();

    void clear();

    boolean isValid();

    @Override
    void close();

    default boolean isSet() {
        return false;
    }

    static Subject of(Kind kind, Storage storage) {
        return switch (kind) {
            case LONG_MAP -> new OfLongMap(new LongHashMap(storage));
            case LONG_SET -> new OfLongSet(new LongHashSet(storage));
            case MAP_OF_LONGS -> new OfMap(Keys.longs(), Spelling.NUMBER, storage);
            case MAP_OF_BYTES -> new OfMap(Keys.bytes(13), Spelling.BYTES, storage);
            case MAP_OF_STRINGS -> new OfMap(Keys.strings(), Spelling.TEXT, storage);
            case MAP_TO_LARGE -> new OfMap(Keys.longs(), Spelling.NUMBER, LARGE_BYTES, storage);
            case MAP_OF_COLLIDING -> new OfMap(new CollidingKeys(), Spelling.NUMBER, storage);
            case SET_OF_COLLIDING -> new OfSet(new dev.banos.libc.hash.HashSet(new CollidingKeys(), 0, storage));
        };
    }

    /** Numbers with three hashes between them: all in three groups, all of one tag each. */
    final class CollidingKeys implements Keys {
        @Override
        public long byteSize() {
            return Long.BYTES;
        }

        @Override
        public long hash(long key, long seed) {
            return Math.floorMod(key, 3);
        }

        @Override
        public boolean equal(long left, long right) {
            return left == right;
        }

        @Override
        public long load(long slot) {
            return HashTable.load(slot);
        }

        @Override
        public void store(long slot, long key) {
            HashTable.store(slot, key);
        }
    }

    /** How a number is made a key: the number, 13 bytes of which the last differ, or text. */
    enum Spelling {
        NUMBER, BYTES, TEXT;

        MemorySegment spell(long number, Arena scope) {
            return switch (this) {
                case NUMBER -> scope.allocateFrom(JAVA_LONG, number);
                case BYTES -> {
                    MemorySegment bytes = scope.allocate(13);
                    bytes.set(JAVA_LONG_UNALIGNED, 5, number);
                    yield bytes;
                }
                case TEXT -> scope.allocateFrom("symbol" + number);
            };
        }

        long number(long key) {
            return switch (this) {
                case NUMBER -> key;
                case BYTES -> HashTable.load(key + 5);
                case TEXT -> Long.parseLong(dev.banos.bindings.Native.EVERYTHING.getString(key).substring("symbol".length()));
            };
        }
    }

    final class OfMap implements Subject {
        private final dev.banos.libc.hash.HashMap map;
        private final Keys keys;
        private final Spelling spelling;
        private final Arena scope = Arena.ofConfined();
        private final Map<Long, Long> spelled = new HashMap<>();
        private final MemorySegment value;

        OfMap(Keys keys, Spelling spelling, Storage storage) {
            this(keys, spelling, Long.BYTES, storage);
        }

        /** The number is in the last bytes of its value. */
        OfMap(Keys keys, Spelling spelling, long valueBytes, Storage storage) {
            this.map = new dev.banos.libc.hash.HashMap(keys, valueBytes, storage);
            this.value = scope.allocate(valueBytes, Long.BYTES);
            this.keys = keys;
            this.spelling = spelling;
        }

        /** Stored keys are pointers that must stay; a search gets a copy of its own. */
        private long kept(long key) {
            return spelling == Spelling.NUMBER ? key : spelled.computeIfAbsent(key, number -> keys.of(spelling.spell(number, scope)));
        }

        private long valueOf(long number) {
            value.set(JAVA_LONG, value.byteSize() - Long.BYTES, number);
            return value.address();
        }

        @Override
        public Insertion insert(long key, long number) {
            return map.insert(kept(key), valueOf(number));
        }

        @Override
        public Insertion insertOrAssign(long key, long number) {
            return map.insertOrAssign(kept(key), valueOf(number));
        }

        @Override
        public boolean remove(long key) {
            return map.remove(kept(key));
        }

        @Override
        public Long get(long key) {
            try (Arena copies = Arena.ofConfined()) {
                long entry = map.find(spelling == Spelling.NUMBER ? key : keys.of(spelling.spell(key, copies)));
                return entry == 0 ? null : (Long) valueAt(entry);
            }
        }

        @Override
        public long first() {
            return map.first();
        }

        @Override
        public long next(long element) {
            return map.next(element);
        }

        @Override
        public void removeAt(long element) {
            map.removeAt(element);
        }

        @Override
        public long keyAt(long element) {
            return spelling.number(map.key(element));
        }

        @Override
        public long valueAt(long element) {
            return map.value(element).get(JAVA_LONG, value.byteSize() - Long.BYTES);
        }

        @Override
        public long size() {
            return map.size();
        }

        @Override
        public boolean reserve(long elements) {
            return map.reserve(elements);
        }

        @Override
        public boolean shrink() {
            return map.shrink();
        }

        @Override
        public void clear() {
            map.clear();
        }

        @Override
        public boolean isValid() {
            return map.isValid();
        }

        @Override
        public void close() {
            map.close();
            scope.close();
        }
    }

    /** What the kinds of {@link HashTable} have in common. */
    abstract class OfTable<T extends HashTable> implements Subject {
        final T table;

        OfTable(T table) {
            this.table = table;
        }

        @Override
        public long first() {
            return table.first();
        }

        @Override
        public long next(long element) {
            return table.next(element);
        }

        @Override
        public void removeAt(long element) {
            table.removeAt(element);
        }

        @Override
        public long valueAt(long element) {
            return keyAt(element);
        }

        @Override
        public long size() {
            return table.size();
        }

        @Override
        public boolean reserve(long elements) {
            return table.reserve(elements);
        }

        @Override
        public boolean shrink() {
            return table.shrink();
        }

        @Override
        public void clear() {
            table.clear();
        }

        @Override
        public boolean isValid() {
            return table.isValid();
        }

        @Override
        public void close() {
            table.close();
        }

        @Override
        public Insertion insertOrAssign(long key, long value) {
            return insert(key, value);
        }

        @Override
        public boolean isSet() {
            return true;
        }
    }

    final class OfLongMap extends OfTable<LongHashMap> {
        OfLongMap(LongHashMap map) {
            super(map);
        }

        @Override
        public Insertion insert(long key, long value) {
            return table.insert(key, value);
        }

        @Override
        public Insertion insertOrAssign(long key, long value) {
            return table.insertOrAssign(key, value);
        }

        @Override
        public boolean remove(long key) {
            return table.remove(key);
        }

        @Override
        public Long get(long key) {
            return table.contains(key) ? (Long) table.get(key, -1) : null;
        }

        @Override
        public long keyAt(long element) {
            return table.key(element);
        }

        @Override
        public long valueAt(long element) {
            return table.value(element);
        }

        @Override
        public boolean isSet() {
            return false;
        }
    }

    final class OfLongSet extends OfTable<LongHashSet> {
        OfLongSet(LongHashSet set) {
            super(set);
        }

        @Override
        public Insertion insert(long key, long value) {
            return table.insert(key);
        }

        @Override
        public boolean remove(long key) {
            return table.remove(key);
        }

        @Override
        public Long get(long key) {
            return table.contains(key) ? (Long) key : null;
        }

        @Override
        public long keyAt(long element) {
            return table.key(element);
        }
    }

    final class OfSet extends OfTable<dev.banos.libc.hash.HashSet> {
        OfSet(dev.banos.libc.hash.HashSet set) {
            super(set);
        }

        @Override
        public Insertion insert(long key, long value) {
            return table.insert(key);
        }

        @Override
        public boolean remove(long key) {
            return table.remove(key);
        }

        @Override
        public Long get(long key) {
            return table.contains(key) ? (Long) key : null;
        }

        @Override
        public long keyAt(long element) {
            return table.key(element);
        }
    }
}
