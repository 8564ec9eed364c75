package dev.banos.loader.types;

import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.Refusal;
import org.jspecify.annotations.Nullable;

/** Which type information an object has. */
public final class ObjectTypes {
    private ObjectTypes() {
    }

    /**
     * Reads DWARF where it tells of anything, as it tells more: prototypes, labels, alignments. BTF otherwise; the table is empty where
     * the object has neither.
     *
     * @throws dev.banos.loader.elf.Refusal if the information is damaged, or of a form that is not read
     */
    public static TypeTable read(ElfObject object) {
        int btf = object.sections().find(BtfReader.SECTION);
        if (btf <= 0 || !object.sections().hasBytes(btf)) {
            return DwarfReader.read(object);
        }
        TypeTable dwarf = dwarfOrNone(object);
        return dwarf == null || dwarf.isEmpty() ? BtfReader.read(object, btf) : dwarf;
    }

    private static @Nullable TypeTable dwarfOrNone(ElfObject object) {
        try {
            return DwarfReader.read(object);
        } catch (Refusal unreadable) {
            return null;
        }
    }
}
