package dev.banos.loader.elf;

import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * The relocations of one section, as three longs each: r_offset, r_info (type in the low half, symbol in the high one),
 * r_addend. Symbols and offsets are known to exist; that the whole field lies in the section depends on the type and is
 * checked where types are known.
 *
 * <p>They stay in the file's bytes. Loops over all of them copy a {@link #chunk} at a time, which stays in the nearest cache: an
 * array of all would be large and new memory.
 */
public final class RelocationTable {
    public static final int WORDS = 3;
    static final int ENTRY_BYTES = WORDS * Long.BYTES;
    /** Few, also for a JVM that has just started: it compiles what is called often before what loops for long. */
    private static final int CHUNK_ENTRIES = 64;

    private final int section;
    private final int target;
    private final LongBuffer words;
    private final Census census;

    /** What is known of all entries together. */
    static final class Census {
        /** For each type among the entries, the bit of its lowest six bits. */
        private long types;
        /** All bits that any type has. */
        private int typeBits;
        /** The largest offset. */
        long farthest;

        void add(long moreTypes, int moreBits, long farthestOffset) {
            types |= moreTypes;
            typeBits |= moreBits;
            farthest = farthestOffset;
        }

        private static Census of(long[] entries) {
            Census census = new Census();
            for (int i = 0; i < entries.length; i += WORDS) {
                census.add(1L << entries[i + 1], (int) entries[i + 1], Math.max(census.farthest, entries[i]));
            }
            return census;
        }
    }

    /** @param words nobody writes to them */
    RelocationTable(int section, int target, LongBuffer words, Census census) {
        this.section = section;
        this.target = target;
        this.words = words;
        this.census = census;
    }

    /** False only if there is no relocation of that type. */
    public boolean mayHold(int type) {
        return (census.types & 1L << type) != 0;
    }

    /** For each type among the entries, a bit; of those that are {@linkplain #hasHighTypes too high} for it, one that means another. */
    public long types() {
        return census.types;
    }

    /** Whether any type is too high for a bit among 64. */
    public boolean hasHighTypes() {
        return census.typeBits >>> 6 != 0;
    }

    /** The largest offset of any entry, or one that is larger. */
    public long farthest() {
        return census.farthest;
    }

    /** The section that holds the relocations. */
    public int section() {
        return section;
    }

    /** The section whose bytes they change. */
    public int target() {
        return target;
    }

    public int count() {
        return words.capacity() / WORDS;
    }

    /** An array for {@link #chunk}. */
    public long[] newChunk() {
        return newChunk(words);
    }

    static long[] newChunk(LongBuffer words) {
        return new long[Math.min(words.capacity(), CHUNK_ENTRIES * WORDS)];
    }

    /**
     * Copies the next entries.
     *
     * @param from of the first one: zero, or what was copied before
     * @param into from {@link #newChunk}
     * @return how many words they are, 0 behind the last
     */
    public int chunk(int from, long[] into) {
        return chunk(words, from, into);
    }

    static int chunk(LongBuffer words, int from, long[] into) {
        int count = Math.min(into.length, words.capacity() - from);
        words.get(from, into, 0, count);
        return count;
    }

    /** A copy of all entries. */
    public long[] words() {
        long[] all = new long[words.capacity()];
        words.get(0, all);
        return all;
    }

    /** This table with other entries. */
    public RelocationTable withWords(long[] entries) {
        return new RelocationTable(section, target, LongBuffer.wrap(entries), Census.of(entries));
    }

    /** This table less the entries that the predicate names. */
    public RelocationTable without(IntPredicate dropped) {
        long[] kept = words();
        int size = 0;
        for (int entry = 0; entry < count(); entry++) {
            if (!dropped.test(entry)) {
                System.arraycopy(kept, entry * WORDS, kept, size, WORDS);
                size += WORDS;
            }
        }
        return new RelocationTable(section, target, LongBuffer.wrap(Arrays.copyOf(kept, size)), census);
    }

    public long offset(int entry) {
        return words.get(entry * WORDS);
    }

    public int type(int entry) {
        return (int) words.get(entry * WORDS + 1);
    }

    public int symbol(int entry) {
        return (int) (words.get(entry * WORDS + 1) >>> 32);
    }

    public long addend(int entry) {
        return words.get(entry * WORDS + 2);
    }
}
