package dev.banos.loader.link;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.RelocationTable;
import dev.banos.loader.elf.SectionGroup;
import dev.banos.loader.elf.SectionTable;
import dev.banos.loader.elf.SymbolTable;
import dev.banos.loader.elf.SymbolVersion;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Between check and place, where a link has several objects: keeps one COMDAT group of each signature, and decides which
 * definition each global name means. An ordinary definition beats a common one, which beats a weak one; two ordinary ones are
 * an error. Unique ones are ordinary: compilers put them into groups.
 */
final class Combine {
    /**
     * Which symbol of which object a name means.
     *
     * @param alignment of a common symbol: the largest that one of its name asks for, otherwise 0
     */
    record Definition(LinkedObject object, int symbol, long alignment) {
        Definition aligned(Definition other) {
            return other.alignment <= alignment ? this : new Definition(object, symbol, other.alignment);
        }
    }

    private final Map<String, Definition> definitions = new HashMap<>();

    private Combine() {
    }

    static Map<String, Definition> objects(List<LinkedObject> objects) {
        Set<String> signatures = new HashSet<>();
        for (LinkedObject object : objects) {
            dropDuplicateGroups(object, signatures);
        }
        if (objects.size() == 1 && !objects.getFirst().dropsAny()) {
            return Map.of();
        }
        Combine combine = new Combine();
        for (LinkedObject object : objects) {
            combine.define(object);
        }
        return combine.definitions;
    }

    private static void dropDuplicateGroups(LinkedObject object, Set<String> signatures) {
        boolean drops = false;
        for (SectionGroup group : object.elf.groups()) {
            if (group.comdat() && !signatures.add(group.signature())) {
                drops = true;
                for (int section : group.members()) {
                    object.drop(section);
                }
            }
        }
        if (drops) {
            object.relocations.replaceAll(table -> withoutDropped(object, table));
        }
    }

    /**
     * Unwind tables and exception tables may speak of functions that were dropped: their fields stay zero, which unwinders
     * take for an entry that is not there.
     */
    private static RelocationTable withoutDropped(LinkedObject object, RelocationTable table) {
        SymbolTable symbols = object.elf.symbols();
        String target = object.elf.sections().name(table.target());
        boolean mayBeZero = target.startsWith(".eh_frame") || target.startsWith(".gcc_except_table");
        return table.without(entry -> {
            int symbol = table.symbol(entry);
            int section = symbols.section(symbol);
            boolean dropped = section > 0 && object.isDropped(section) && symbol < symbols.firstGlobal();
            if (dropped && !mayBeZero && !object.isDropped(table.target())) {
                throw object.malformed(table.section(), entry, "it refers to " + object.elf.sections().label(section)
                        + ", of which another object's copy was kept, by a local symbol");
            }
            return dropped && mayBeZero;
        });
    }

    private void define(LinkedObject object) {
        SymbolTable symbols = object.elf.symbols();
        for (int symbol = symbols.firstGlobal(); symbol < symbols.count(); symbol++) {
            int section = symbols.section(symbol);
            if (section == Elf.SHN_UNDEF || section > 0 && object.isDropped(section)) {
                continue;
            }
            boolean common = section == Elf.SHN_COMMON;
            Definition definition = new Definition(object, symbol, common ? symbols.value(symbol) : 0);
            define(symbols.name(symbol), definition);
            for (String also : SymbolVersion.alsoDefined(symbols.name(symbol))) {
                define(also, definition);
            }
        }
    }

    private void define(String name, Definition definition) {
        Definition other = definitions.putIfAbsent(name, definition);
        if (other == null || isSameByAnotherName(definition, other)) {
            return;
        }
        boolean wins = beats(definition, other);
        boolean common = definition.object().elf.symbols().section(definition.symbol()) == Elf.SHN_COMMON;
        if (wins || common) {
            definitions.put(name, wins ? definition.aligned(other) : other.aligned(definition));
        }
    }

    /** Assemblers leave the symbol itself beside its version. */
    private static boolean isSameByAnotherName(Definition definition, Definition other) {
        SymbolTable symbols = definition.object().elf.symbols();
        return other.object() == definition.object() && symbols.section(definition.symbol()) == symbols.section(other.symbol())
                && symbols.value(definition.symbol()) == symbols.value(other.symbol())
                && !symbols.name(definition.symbol()).equals(symbols.name(other.symbol()));
    }

    private static boolean beats(Definition definition, Definition other) {
        int strength = strength(definition);
        int otherStrength = strength(other);
        if (strength == STRONG && otherStrength == STRONG) {
            SectionTable sections = definition.object().elf.sections();
            SymbolTable symbols = definition.object().elf.symbols();
            int section = symbols.section(definition.symbol());
            throw new Refusal(Refusal.EINVAL, definition.object().elf.file(), section > 0 ? sections.label(section) : null, -1,
                    "symbol " + symbols.name(definition.symbol()) + " is also defined in " + other.object().elf.file(),
                    "leave one of them out");
        }
        boolean larger = strength == COMMON && otherStrength == COMMON && size(definition) > size(other);
        return strength > otherStrength || larger;
    }

    private static final int WEAK = 0;
    private static final int COMMON = 1;
    private static final int STRONG = 2;

    private static int strength(Definition definition) {
        SymbolTable symbols = definition.object().elf.symbols();
        int binding = symbols.binding(definition.symbol());
        if (binding == Elf.STB_WEAK) {
            return WEAK;
        }
        return symbols.section(definition.symbol()) == Elf.SHN_COMMON ? COMMON : STRONG;
    }

    private static long size(Definition definition) {
        return definition.object().elf.symbols().size(definition.symbol());
    }
}
