package dev.banos.loader.link;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.SymbolTable;
import java.util.ArrayList;
import java.util.List;

/** A function or variable in a module. */
public record ModuleSymbol(long address, long size, String name, boolean function) implements Comparable<ModuleSymbol> {

    static List<ModuleSymbol> of(List<LinkedObject> objects, long base) {
        List<ModuleSymbol> found = new ArrayList<>();
        for (LinkedObject object : objects) {
            SymbolTable symbols = object.elf.symbols();
            for (int symbol = 1; symbol < symbols.count(); symbol++) {
                int type = symbols.type(symbol);
                int section = symbols.section(symbol);
                boolean function = type == Elf.STT_FUNC || type == Elf.STT_GNU_IFUNC;
                if (section > 0 && object.isPlaced(section) && (function || type == Elf.STT_OBJECT)) {
                    found.add(new ModuleSymbol(Resolve.definedAddress(object, symbol, base), symbols.size(symbol),
                            symbols.name(symbol), function));
                }
            }
        }
        found.sort(null);
        return found;
    }

    @Override
    public int compareTo(ModuleSymbol other) {
        return Long.compareUnsigned(address, other.address);
    }
}
