package dev.banos.loader.link;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.SectionTable;
import dev.banos.loader.elf.SymbolTable;
import java.util.ArrayList;
import java.util.List;

/**
 * Phase 3: gives every symbol its address: where its own section lies, what the link defines, or what the module imports. A
 * weak symbol that is nowhere is 0; other missing ones are reported all at once.
 */
final class Resolve {
    private static final String START = "__start_";
    private static final String STOP = "__stop_";

    private final List<LinkedObject> objects;
    private final Layout layout;
    private final long base;
    private final Imports imports;
    private final List<String> missing = new ArrayList<>();

    private Resolve(List<LinkedObject> objects, Layout layout, long base, Imports imports) {
        this.objects = objects;
        this.layout = layout;
        this.base = base;
        this.imports = imports;
    }

    static void objects(List<LinkedObject> objects, Layout layout, long base, Imports imports) {
        Resolve resolve = new Resolve(objects, layout, base, imports);
        objects.forEach(resolve::defined);
        objects.forEach(resolve::undefined);
        resolve.requireAll();
    }

    private void defined(LinkedObject object) {
        SymbolTable symbols = object.elf.symbols();
        int[] sectionOffset = object.sectionOffset;
        long[] address = object.address;
        for (int symbol = 1; symbol < address.length; symbol++) {
            int section = symbols.section(symbol);
            if (section > 0) {
                int offset = sectionOffset[section];
                address[symbol] = offset == LinkedObject.NOT_PLACED ? 0 : base + offset + symbols.value(symbol);
            } else if (section == Elf.SHN_ABS) {
                address[symbol] = symbols.value(symbol);
            } else if (section == Elf.SHN_COMMON) {
                address[symbol] = base + object.commonOffset[symbol];
            }
        }
    }

    private void undefined(LinkedObject object) {
        SymbolTable symbols = object.elf.symbols();
        for (int symbol = symbols.firstGlobal(); symbol < symbols.count(); symbol++) {
            if (!symbols.isUndefined(symbol)) {
                continue;
            }
            String name = symbols.name(symbol);
            long address = find(name);
            if (address == 0 && !symbols.isWeak(symbol)) {
                missing.add(name);
            }
            object.address[symbol] = address;
        }
    }

    private long find(String name) {
        if (name.equals("_GLOBAL_OFFSET_TABLE_")) {
            return base + layout.got;
        }
        if (name.equals("__dso_handle")) {
            return base;
        }
        if (name.startsWith(START)) {
            long start = sectionBound(name.substring(START.length()), false);
            return start != 0 ? start : imports.find(name);
        }
        if (name.startsWith(STOP)) {
            long stop = sectionBound(name.substring(STOP.length()), true);
            return stop != 0 ? stop : imports.find(name);
        }
        return imports.find(name);
    }

    /** Where the sections of that name begin or end, or 0 where there is none. */
    private long sectionBound(String name, boolean end) {
        long bound = 0;
        for (LinkedObject object : objects) {
            SectionTable sections = object.elf.sections();
            int section = sections.find(name);
            if (section > 0 && object.isPlaced(section)) {
                long start = base + object.sectionOffset[section];
                if (end) {
                    bound = Math.max(bound, start + sections.size(section));
                } else if (bound == 0) {
                    bound = start;
                }
            }
        }
        return bound;
    }

    private void requireAll() {
        if (!missing.isEmpty()) {
            throw new Refusal(Refusal.ENOENT, objects.getFirst().elf.file(), null, -1,
                    (missing.size() == 1 ? "missing import: " : "missing imports: ") + String.join(", ", missing),
                    "install the driver that exports " + (missing.size() == 1 ? "it" : "them") + " first");
        }
    }
}
