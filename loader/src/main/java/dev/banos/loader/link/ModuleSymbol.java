package dev.banos.loader.link;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.SectionTable;
import dev.banos.loader.elf.SymbolTable;
import java.util.ArrayList;
import java.util.List;

/** A function or variable in a module. */
public record ModuleSymbol(long address, long size, String name, boolean function) implements Comparable<ModuleSymbol> {

    static List<ModuleSymbol> of(List<LinkedObject> objects, long base) {
        List<ModuleSymbol> found = new ArrayList<>();
        for (LinkedObject object : objects) {
            SectionTable sections = object.elf.sections();
            List<List<ModuleSymbol>> bySection = bySection(object, base);
            for (int section = 1; section < sections.count(); section++) {
                if (!bySection.get(section).isEmpty()) {
                    add(bySection.get(section), base + object.sectionOffset[section] + sections.size(section), found);
                }
            }
        }
        found.sort(null);
        return found;
    }

    private static List<List<ModuleSymbol>> bySection(LinkedObject object, long base) {
        SymbolTable symbols = object.elf.symbols();
        SectionTable sections = object.elf.sections();
        List<List<ModuleSymbol>> found = new ArrayList<>();
        for (int section = 0; section < sections.count(); section++) {
            found.add(new ArrayList<>(0));
        }
        for (int symbol = 1; symbol < symbols.count(); symbol++) {
            int section = symbols.section(symbol);
            if (section > 0 && object.isPlaced(section)) {
                int type = symbols.type(symbol);
                boolean label = type == Elf.STT_NOTYPE && (sections.flags(section) & Elf.SHF_EXECINSTR) != 0;
                boolean function = label || type == Elf.STT_FUNC || type == Elf.STT_GNU_IFUNC;
                if (function || type == Elf.STT_OBJECT) {
                    found.get(section).add(new ModuleSymbol(Resolve.definedAddress(object, symbol, base), symbols.size(symbol),
                            symbols.name(symbol), function));
                }
            }
        }
        return found;
    }

    /**
     * What has no size, as a function in assembly may, ends where the next one begins, or the section ends; within one that has a size,
     * it is a label of that.
     */
    private static void add(List<ModuleSymbol> symbols, long end, List<ModuleSymbol> found) {
        symbols.sort(null);
        long covered = 0;
        for (int i = 0; i < symbols.size(); i++) {
            ModuleSymbol symbol = symbols.get(i);
            if (symbol.size != 0) {
                found.add(symbol);
                covered = Math.max(covered, symbol.address + symbol.size);
            } else if (symbol.address >= covered) {
                int next = i + 1;
                while (next < symbols.size() && symbols.get(next).address == symbol.address) {
                    next++;
                }
                long to = next < symbols.size() ? symbols.get(next).address : end;
                found.add(new ModuleSymbol(symbol.address, Math.max(0, to - symbol.address), symbol.name, symbol.function));
            }
        }
    }

    @Override
    public int compareTo(ModuleSymbol other) {
        int order = Long.compareUnsigned(address, other.address);
        return order != 0 ? order : Long.compare(other.size, size);
    }
}
