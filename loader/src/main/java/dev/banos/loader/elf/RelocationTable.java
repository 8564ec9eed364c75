package dev.banos.loader.elf;

import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * The relocations of one section, as three longs each: r_offset, r_info (type in the low half, symbol in the high one),
 * r_addend. Symbols and offsets are known to exist; that the whole field lies in the section depends on the type and is
 * checked where types are known.
 */
public final class RelocationTable {
    public static final int WORDS = 3;
    static final int ENTRY_BYTES = WORDS * Long.BYTES;

    private final int section;
    private final int target;
    private final long[] words;
    /** For each type among the entries, the bit of its lowest six bits. */
    private final long types;

    RelocationTable(int section, int target, long[] words, long types) {
        this.section = section;
        this.target = target;
        this.words = words;
        this.types = types;
    }

    /** False only if there is no relocation of that type. */
    public boolean mayHold(int type) {
        return (types & 1L << type) != 0;
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
        return words.length / WORDS;
    }

    /** The array itself, for the loops that visit every relocation; nobody writes to it. */
    public long[] words() {
        return words;
    }

    /** This table with other entries. */
    public RelocationTable withWords(long[] entries) {
        return new RelocationTable(section, target, entries, typesOf(entries));
    }

    /** This table less the entries that the predicate names. */
    public RelocationTable without(IntPredicate dropped) {
        long[] kept = new long[words.length];
        int size = 0;
        for (int entry = 0; entry < count(); entry++) {
            if (!dropped.test(entry)) {
                System.arraycopy(words, entry * WORDS, kept, size, WORDS);
                size += WORDS;
            }
        }
        return new RelocationTable(section, target, Arrays.copyOf(kept, size), types);
    }

    private static long typesOf(long[] entries) {
        long types = 0;
        for (int i = 0; i < entries.length; i += WORDS) {
            types |= 1L << entries[i + 1];
        }
        return types;
    }

    public long offset(int entry) {
        return words[entry * WORDS];
    }

    public int type(int entry) {
        return (int) words[entry * WORDS + 1];
    }

    public int symbol(int entry) {
        return (int) (words[entry * WORDS + 1] >>> 32);
    }

    public long addend(int entry) {
        return words[entry * WORDS + 2];
    }
}
