package dev.banos.loader.link;

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
        return inSection ? symbolAt(symbols.section(entry.symbol()), symbols.value(entry.symbol()) + entry.addend())
                : symbols.name(entry.symbol());
    }

    /** Compilers reach what is static by its section. */
    private String symbolAt(int section, long value) {
        SymbolTable symbols = object.symbols();
        for (int symbol = 1; symbol < symbols.count(); symbol++) {
            boolean named = symbols.type(symbol) == Elf.STT_FUNC || symbols.type(symbol) == Elf.STT_OBJECT;
            if (named && symbols.section(symbol) == section && symbols.value(symbol) == value) {
                return symbols.name(symbol);
            }
        }
        return "";
    }

    private record Entry(int symbol, long addend) {
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
