package dev.banos.loader.elf;

/**
 * The section headers, as eight longs each, just as they stand in the file: one bulk copy fills the array, and an element of
 * it costs little even in the interpreter, where a first load runs.
 *
 * <pre>
 *     long  0  sh_name (low half), sh_type     4  sh_size
 *           1  sh_flags                        5  sh_link (low half), sh_info
 *           2  sh_addr                         6  sh_addralign
 *           3  sh_offset                       7  sh_entsize
 * </pre>
 * Every number has been checked when {@link ObjectReader} hands the table on.
 */
public final class SectionTable {
    static final int WORDS = 8;
    static final int HEADER_BYTES = WORDS * Long.BYTES;
    /** Where sh_flags and sh_addr stand in a header. */
    static final int FLAGS = Long.BYTES;
    static final int ADDRESS = 2 * Long.BYTES;

    private final long[] words;
    private final int count;
    @SuppressWarnings("NullAway.Init") // before ObjectReader hands the table on
    private StringTable names;

    SectionTable(long[] words) {
        this.words = words;
        this.count = words.length / WORDS;
    }

    /** This table with other sizes, none of them larger. */
    SectionTable withSizes(long[] sizes) {
        long[] changed = words.clone();
        for (int section = 0; section < count; section++) {
            changed[section * WORDS + 4] = sizes[section];
        }
        SectionTable table = new SectionTable(changed);
        table.names(names);
        return table;
    }

    void names(StringTable table) {
        names = table;
    }

    public int count() {
        return count;
    }

    public String name(int section) {
        return names.at(nameOffset(section));
    }

    /** The name and the index, for messages: a file may hold thousands of sections of one name. */
    public String label(int section) {
        return names == null ? "[" + section + "]" : name(section) + " [" + section + "]";
    }

    int nameOffset(int section) {
        return (int) words[section * WORDS];
    }

    public int type(int section) {
        return (int) (words[section * WORDS] >>> 32);
    }

    public long flags(int section) {
        return words[section * WORDS + 1];
    }

    public long offset(int section) {
        return words[section * WORDS + 3];
    }

    public long size(int section) {
        return words[section * WORDS + 4];
    }

    public int link(int section) {
        return (int) words[section * WORDS + 5];
    }

    public int info(int section) {
        return (int) (words[section * WORDS + 5] >>> 32);
    }

    /** A power of two, 1 where the file says 0. */
    public long alignment(int section) {
        return Math.max(1, words[section * WORDS + 6]);
    }

    public long entrySize(int section) {
        return words[section * WORDS + 7];
    }

    public boolean isAllocated(int section) {
        return (flags(section) & Elf.SHF_ALLOC) != 0;
    }

    public boolean isTls(int section) {
        return (flags(section) & Elf.SHF_TLS) != 0;
    }

    /** Whether the bytes in the file are a compressed form of the section's. */
    public boolean isCompressed(int section) {
        return (flags(section) & Elf.SHF_COMPRESSED) != 0;
    }

    public boolean hasBytes(int section) {
        return type(section) != Elf.SHT_NOBITS && type(section) != Elf.SHT_NULL;
    }

    /** The first section of that name, or -1. */
    public int find(String name) {
        return find(name, 0);
    }

    /**
     * The next section of that name behind {@code before}, or -1: compilers make several where flags or groups differ, a variable
     * with the attribute {@code retain} beside one without, an inline one of C++.
     */
    public int find(String name, int before) {
        for (int section = before + 1; section < count; section++) {
            if (names.equalsAt(nameOffset(section), name)) {
                return section;
            }
        }
        return -1;
    }
}
