package dev.banos.loader;

import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.SectionTable;
import dev.banos.loader.link.PointerFields;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** One entry of a driver's export table, as the file has it: its index there, its name, and the symbol that it points to. */
record ExportEntry(int index, String name, String symbol) {

    /** The entries of all of the object's export table; none where it has no such section. */
    static List<ExportEntry> read(ElfObject object) {
        SectionTable sections = object.sections();
        int section = sections.find(BanosSymbol.SECTION);
        if (section < 0) {
            return List.of();
        }
        long size = sections.size(section);
        if (!sections.hasBytes(section) || !sections.isAllocated(section) || size % BanosSymbol.BYTES != 0) {
            throw malformed(object, section, -1, "its " + size + " bytes are no array of struct Banos_Symbol, which has "
                    + BanosSymbol.BYTES);
        }
        PointerFields pointers = new PointerFields(object, section);
        List<ExportEntry> entries = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (int index = 0; index < size / BanosSymbol.BYTES; index++) {
            String name = pointers.string(BanosSymbol.nameOffset(index));
            String symbol = pointers.symbol(BanosSymbol.argOffset(index));
            if (name == null || name.isEmpty() || symbol == null) {
                throw malformed(object, section, index, "an export needs a name and something to point to");
            }
            if (!names.add(name)) {
                throw malformed(object, section, index, "a second export of the name " + name);
            }
            entries.add(new ExportEntry(index, name, symbol));
        }
        return entries;
    }

    private static Refusal malformed(ElfObject object, int section, long index, String why) {
        return Refusal.malformed(object.file(), object.sections().label(section), index, why);
    }
}
