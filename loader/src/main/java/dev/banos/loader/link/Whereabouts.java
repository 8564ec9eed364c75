package dev.banos.loader.link;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.RelocationTable;
import dev.banos.loader.elf.SymbolTable;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.FixupKind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What lies at an address of a module: the way back from memory to the object file.
 *
 * @param object        the object's file, null for padding
 * @param kind          what the address is part of
 * @param section       the section's name, null where it is in none
 * @param sectionOffset from the section's start, or of the address in its GOT entry, stub or common symbol
 * @param symbol        the symbol that the address is part of, or that the entry is for; null where there is none
 * @param symbolOffset  from the symbol
 * @param written       the relocation that wrote there, or null
 */
public record Whereabouts(@Nullable String object, Kind kind, @Nullable String section, long sectionOffset,
        @Nullable String symbol, long symbolOffset, @Nullable Written written) {

    /** Kinds of places in a module. */
    public enum Kind {
        SECTION, COMMON, GOT_ENTRY, STUB, PADDING
    }

    /**
     * A relocation and what it did.
     *
     * @param place         the address of the first byte that it wrote
     * @param width         bytes; 0 for an entry or stub, which the linker fills without a relocation
     * @param symbolAddress what the symbol was resolved to
     */
    public record Written(String type, String symbol, long addend, long symbolAddress, long place, int width) {
    }

    static Whereabouts of(int offset, long base, Layout layout, List<LinkedObject> objects, Architecture architecture) {
        for (LinkedObject object : objects) {
            Whereabouts found = inSections(object, offset, base, architecture);
            if (found == null) {
                found = inEntries(object, offset, base, layout, architecture);
            }
            if (found != null) {
                return found;
            }
        }
        return new Whereabouts(null, Kind.PADDING, null, 0, null, 0, null);
    }

    private static @Nullable Whereabouts inSections(LinkedObject object, int offset, long base, Architecture architecture) {
        for (int section = 1; section < object.sectionOffset.length; section++) {
            long at = offset - object.sectionOffset[section];
            if (object.isPlaced(section) && at >= 0 && at < object.elf.sections().size(section)) {
                int symbol = symbolAt(object.elf.symbols(), section, at);
                return new Whereabouts(object.elf.file(), Kind.SECTION, object.elf.sections().name(section), at,
                        symbol == 0 ? null : object.elf.symbols().name(symbol),
                        symbol == 0 ? 0 : at - object.elf.symbols().value(symbol),
                        written(object, section, at, base, architecture));
            }
        }
        return null;
    }

    /** The last named symbol that begins at or before the place and does not end before it; 0 where there is none. */
    private static int symbolAt(SymbolTable symbols, int section, long at) {
        int best = 0;
        for (int symbol = 1; symbol < symbols.count(); symbol++) {
            long value = symbols.value(symbol);
            boolean holds = symbols.section(symbol) == section && value >= 0 && value <= at
                    && (symbols.size(symbol) == 0 || Long.compareUnsigned(at - value, symbols.size(symbol)) < 0);
            if (holds && isNamed(symbols, symbol) && (best == 0 || value >= symbols.value(best))) {
                best = symbol;
            }
        }
        return best;
    }

    private static boolean isNamed(SymbolTable symbols, int symbol) {
        int type = symbols.type(symbol);
        return type != Elf.STT_SECTION && type != Elf.STT_FILE && !symbols.name(symbol).isEmpty();
    }

    private static @Nullable Written written(LinkedObject object, int section, long at, long base, Architecture architecture) {
        for (RelocationTable table : object.relocations) {
            for (int entry = 0; table.target() == section && entry < table.count(); entry++) {
                long from = at - table.offset(entry);
                FixupKind kind = from < 0 ? FixupKind.NONE : architecture.kinds()[table.type(entry)];
                if (from >= 0 && from < kind.width) {
                    int symbol = table.symbol(entry);
                    return new Written(architecture.relocationName(table.type(entry)), Relocate.describe(object, symbol),
                            table.addend(entry), object.address[symbol], base + object.sectionOffset[section] + table.offset(entry),
                            kind.width);
                }
            }
        }
        return null;
    }

    /** Common symbols, GOT entries and stubs are the linker's own: no section of a file holds them. */
    private static @Nullable Whereabouts inEntries(LinkedObject object, int offset, long base, Layout layout,
            Architecture architecture) {
        SymbolTable symbols = object.elf.symbols();
        for (int symbol = 0; symbol < symbols.count(); symbol++) {
            if (covers(object.gotOffset[symbol], object.gotBytes(symbol), offset)) {
                return entry(object, Kind.GOT_ENTRY, symbol, offset - object.gotOffset[symbol]);
            }
            if (covers(object.stubOffset[symbol], architecture.stubBytes(), offset)) {
                return entry(object, Kind.STUB, symbol, offset - object.stubOffset[symbol]);
            }
            if (covers(object.tlsEntries[symbol], Place.TLS_ENTRIES * Long.BYTES, offset)) {
                return entry(object, Kind.GOT_ENTRY, symbol, offset - object.tlsEntries[symbol]);
            }
            if (object.commonOffset != null && covers(object.commonOffset[symbol], commonBytes(symbols, symbol), offset)) {
                return entry(object, Kind.COMMON, symbol, offset - object.commonOffset[symbol]);
            }
        }
        return null;
    }

    /** A stream of which the module has a copy is undefined here, and says nothing of its size. */
    private static long commonBytes(SymbolTable symbols, int symbol) {
        return symbols.isUndefined(symbol) ? StreamCopy.BYTES : symbols.size(symbol);
    }

    /** Nothing of these lies at offset 0, which stands for none: a module begins with its code, or with its first constants. */
    private static boolean covers(int start, long size, int offset) {
        return start > 0 && offset >= start && offset - start < size;
    }

    private static Whereabouts entry(LinkedObject object, Kind kind, int symbol, long offset) {
        Written written = kind == Kind.COMMON ? null : new Written("", Relocate.describe(object, symbol), 0,
                object.address[symbol], 0, 0);
        return new Whereabouts(object.elf.file(), kind, null, offset, Relocate.describe(object, symbol), offset, written);
    }
}
