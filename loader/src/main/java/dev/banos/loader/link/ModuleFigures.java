package dev.banos.loader.link;

import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.RelocationTable;
import dev.banos.loader.elf.SymbolTable;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** How much of what a module is made of; regions in bytes, whole pages. */
public record ModuleFigures(int objects, long fileBytes, int sections, int symbols, long relocations, int imports,
        int gotEntries, int stubs, long codeBytes, long constantBytes, long dataBytes) {

    static ModuleFigures of(List<LinkedObject> objects, Map<String, Combine.Definition> definitions, Layout layout) {
        long fileBytes = 0;
        int sections = 0;
        int symbols = 0;
        long relocations = 0;
        int gotEntries = 0;
        int stubs = 0;
        Set<String> imports = new HashSet<>();
        for (LinkedObject object : objects) {
            ElfObject elf = object.elf;
            fileBytes += elf.bytes().length;
            sections += elf.sections().count() - 1;
            symbols += elf.symbols().count() - 1;
            for (RelocationTable table : object.relocations) {
                relocations += table.count();
            }
            for (int symbol = 0; symbol < object.needs.length; symbol++) {
                gotEntries += object.gotOffset[symbol] != 0 ? 1 : 0;
                stubs += object.stubOffset[symbol] != 0 ? 1 : 0;
            }
            addImports(elf.symbols(), definitions, imports);
        }
        return new ModuleFigures(objects.size(), fileBytes, sections, symbols, relocations, imports.size(), gotEntries, stubs,
                layout.constants, layout.data - layout.constants, layout.size - layout.data);
    }

    private static void addImports(SymbolTable symbols, Map<String, Combine.Definition> definitions, Set<String> imports) {
        for (int symbol : symbols.undefined()) {
            if (!definitions.containsKey(symbols.name(symbol))) {
                imports.add(symbols.name(symbol));
            }
        }
    }
}
