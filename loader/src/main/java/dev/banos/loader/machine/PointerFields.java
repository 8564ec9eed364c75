package dev.banos.loader.machine;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.RelocationTable;
import dev.banos.loader.elf.SymbolTable;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the pointers in a section's bytes will point to, told from the object alone: nothing needs to be mapped to know it. */
public final class PointerFields {
    private final ElfObject object;
    private final Map<Long, Entry> entries;
    /** Compilers reach what is static by its section; null until somebody asks. */
    private @Nullable Map<Place, Integer> named;

    public PointerFields(ElfObject object, int section) {
        this.object = object;
        this.entries = entries(object, section);
    }

    /** Whether a 64-bit pointer at {@code offset} is filled in by a relocation. */
    public boolean isRelocated(long offset) {
        return entries.containsKey(offset);
    }

    /** The string that the pointer at {@code offset} points to, or null where it points to none in this object. */
    public @Nullable String string(long offset) {
        Entry entry = entries.get(offset);
        if (entry == null) {
            return null;
        }
        int target = object.symbols().section(entry.symbol());
        return target <= 0 ? null : object.string(target, object.symbols().value(entry.symbol()) + entry.addend());
    }

    /**
     * The name of the symbol that the pointer at {@code offset} names, or of a function or variable that begins where it points;
     * empty where none begins there, null where it points nowhere.
     */
    public @Nullable String symbol(long offset) {
        Entry entry = entries.get(offset);
        if (entry == null) {
            return null;
        }
        SymbolTable symbols = object.symbols();
        boolean inSection = symbols.type(entry.symbol()) == Elf.STT_SECTION;
        return inSection ? symbolAt(place(entry)) : symbols.name(entry.symbol());
    }

    private String symbolAt(Place place) {
        Map<Place, Integer> known = named;
        if (known == null) {
            known = named();
            named = known;
        }
        int symbol = known.getOrDefault(place, 0);
        return symbol == 0 ? "" : object.symbols().name(symbol);
    }

    /** Of the places in sections that the pointers lead to, the first symbol there: one walk over all symbols finds them. */
    private Map<Place, Integer> named() {
        SymbolTable symbols = object.symbols();
        Map<Place, Integer> found = new HashMap<>();
        for (Entry entry : entries.values()) {
            if (symbols.type(entry.symbol()) == Elf.STT_SECTION) {
                found.put(place(entry), 0);
            }
        }
        for (int symbol = 1; symbol < symbols.count(); symbol++) {
            if (symbols.type(symbol) == Elf.STT_FUNC || symbols.type(symbol) == Elf.STT_OBJECT) {
                found.replace(new Place(symbols.section(symbol), symbols.value(symbol)), 0, symbol);
            }
        }
        return found;
    }

    private Place place(Entry entry) {
        SymbolTable symbols = object.symbols();
        return new Place(symbols.section(entry.symbol()), symbols.value(entry.symbol()) + entry.addend());
    }

    private record Entry(int symbol, long addend) {
    }

    /** In a section. Comparable, so that a file which makes many hashes the same gains nothing. */
    private record Place(int section, long value) implements Comparable<Place> {
        @Override
        public int compareTo(Place other) {
            return section == other.section ? Long.compare(value, other.value) : Integer.compare(section, other.section);
        }
    }

    /** By offset in the section. */
    private static Map<Long, Entry> entries(ElfObject object, int section) {
        Architecture architecture = Architecture.of(object.machine());
        Map<Long, Entry> entries = new HashMap<>();
        for (RelocationTable table : object.relocations()) {
            for (int i = 0; table.target() == section && i < table.count(); i++) {
                if (architecture != null && architecture.kind(table.type(i)) == FixupKind.ABS64) {
                    entries.put(table.offset(i), new Entry(table.symbol(i), table.addend(i)));
                }
            }
        }
        return entries;
    }
}
