package dev.banos.loader.elf;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The symbols, as three longs each, just as they stand in the file.
 *
 * <pre>
 *     long  0  st_name (32 bits), st_info (8), st_other (8), st_shndx (16)
 *           1  st_value
 *           2  st_size
 * </pre>
 */
public final class SymbolTable {
    /** What gcc defines, as a common symbol, in an object of {@code -flto} that holds no machine code. */
    private static final String SLIM_LTO = "__gnu_lto_slim";

    static final int WORDS = 3;
    static final int ENTRY_BYTES = WORDS * Long.BYTES;
    private static final int VISIBILITY_MASK = 3;

    private final long[] words;
    private final int count;
    private final int firstGlobal;
    private final StringTable names;
    private final int @Nullable [] extendedSections;
    private int[] undefined = new int[8];
    private int undefinedCount;
    private boolean hasCommons;
    private boolean hasIndirect;

    /** @param extendedSections the SHT_SYMTAB_SHNDX table, or null */
    SymbolTable(long[] words, int firstGlobal, StringTable names, int @Nullable [] extendedSections) {
        this.words = words;
        this.count = words.length / WORDS;
        this.firstGlobal = firstGlobal;
        this.names = names;
        this.extendedSections = extendedSections;
    }

    /** This table with other values and sizes. */
    SymbolTable with(long[] values, long[] sizes) {
        long[] changed = words.clone();
        for (int symbol = 0; symbol < count; symbol++) {
            changed[symbol * WORDS + 1] = values[symbol];
            changed[symbol * WORDS + 2] = sizes[symbol];
        }
        SymbolTable table = new SymbolTable(changed, firstGlobal, names, extendedSections);
        table.undefined = undefined;
        table.undefinedCount = undefinedCount;
        table.hasCommons = hasCommons;
        table.hasIndirect = hasIndirect;
        return table;
    }

    /** Told by {@link ObjectReader} of those that may be of a rare kind, in their order. */
    void note(int symbol) {
        hasCommons |= section(symbol) == Elf.SHN_COMMON;
        hasIndirect |= type(symbol) == Elf.STT_GNU_IFUNC;
        if (symbol >= firstGlobal && isUndefined(symbol)) {
            if (undefinedCount == undefined.length) {
                undefined = Arrays.copyOf(undefined, 2 * undefinedCount);
            }
            undefined[undefinedCount++] = symbol;
        }
    }

    /** At least 1: symbol 0 is the undefined one. */
    public int count() {
        return count;
    }

    /** Whether it has none: each object that a compiler makes has some. */
    public boolean isStripped() {
        return count == 1;
    }

    /** Symbols below this one are local. */
    public int firstGlobal() {
        return firstGlobal;
    }

    public String name(int symbol) {
        return names.at(nameOffset(symbol));
    }

    public boolean isNamed(int symbol, String name) {
        return names.equalsAt(nameOffset(symbol), name);
    }

    /** Whether the compiler left no machine code, but what it would make some of at the link of a program. */
    public boolean isSlimLto() {
        for (int symbol = firstGlobal; hasCommons && symbol < count; symbol++) {
            if (section(symbol) == Elf.SHN_COMMON && isNamed(symbol, SLIM_LTO)) {
                return true;
            }
        }
        return false;
    }

    /** Whether a global symbol of that name is here and not undefined; a search through all. */
    public boolean defines(String name) {
        for (int symbol = firstGlobal; symbol < count; symbol++) {
            if (isNamed(symbol, name) && !isUndefined(symbol)) {
                return true;
            }
        }
        return false;
    }

    int nameOffset(int symbol) {
        return (int) words[symbol * WORDS];
    }

    public int type(int symbol) {
        return (int) (words[symbol * WORDS] >>> 32) & 0xf;
    }

    public int binding(int symbol) {
        return (int) (words[symbol * WORDS] >>> 36) & 0xf;
    }

    public int visibility(int symbol) {
        return (int) (words[symbol * WORDS] >>> 40) & VISIBILITY_MASK;
    }

    public long value(int symbol) {
        return words[symbol * WORDS + 1];
    }

    public long size(int symbol) {
        return words[symbol * WORDS + 2];
    }

    /** The section's index, 0 for an undefined symbol, or {@link Elf#SHN_ABS} and {@link Elf#SHN_COMMON}, which are negative. */
    public int section(int symbol) {
        int raw = (int) (words[symbol * WORDS] >>> 48);
        if (raw < Elf.SHN_LORESERVE) {
            return raw;
        }
        return raw == Elf.SHN_XINDEX && extendedSections != null ? extendedSections[symbol] : (short) raw;
    }

    /** The global symbols that are undefined, in their order: few, so that who looks for one need not go through all. */
    public int[] undefined() {
        return Arrays.copyOf(undefined, undefinedCount);
    }

    /** Whether any symbol is a common one. */
    public boolean hasCommons() {
        return hasCommons;
    }

    /** Whether any symbol is a function that its own code chooses. */
    public boolean hasIndirect() {
        return hasIndirect;
    }

    public boolean isUndefined(int symbol) {
        return section(symbol) == Elf.SHN_UNDEF;
    }

    public boolean isWeak(int symbol) {
        return binding(symbol) == Elf.STB_WEAK;
    }
}
