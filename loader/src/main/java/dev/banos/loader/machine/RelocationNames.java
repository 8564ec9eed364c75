package dev.banos.loader.machine;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.RelocationTable;
import java.util.Map;
import java.util.TreeMap;

/** Relocation types by the names that their ABI gives them, for people. */
public final class RelocationNames {
    private RelocationNames() {
    }

    /** How many relocations of each type the object has in sections that occupy memory, sorted by name. */
    public static Map<String, Integer> count(ElfObject object) {
        Map<String, Integer> counts = new TreeMap<>();
        for (RelocationTable table : object.relocations()) {
            for (int entry = 0; entry < table.count(); entry++) {
                counts.merge(name(object.machine(), table.type(entry)), 1, Integer::sum);
            }
        }
        return counts;
    }

    private static String name(int machine, int type) {
        Architecture architecture = Architecture.of(machine);
        return architecture == null ? Elf.machineName(machine) + " " + type : architecture.relocationName(type);
    }
}
