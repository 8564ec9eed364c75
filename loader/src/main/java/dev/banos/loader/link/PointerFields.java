package dev.banos.loader.link;

import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.RelocationTable;
import java.util.HashMap;
import java.util.Map;

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
    public String string(long offset) {
        Entry entry = entries.get(offset);
        if (entry == null) {
            return null;
        }
        int target = object.symbols().section(entry.symbol());
        return target <= 0 ? null : object.string(target, object.symbols().value(entry.symbol()) + entry.addend());
    }

    /** The name of the symbol that the pointer at {@code offset} names; empty where it points into a section, null where nowhere. */
    public String symbol(long offset) {
        Entry entry = entries.get(offset);
        return entry == null ? null : object.symbols().name(entry.symbol());
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
