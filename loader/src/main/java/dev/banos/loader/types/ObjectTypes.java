package dev.banos.loader.types;

import dev.banos.loader.elf.ElfObject;

/** Which type information an object has. */
public final class ObjectTypes {
    private ObjectTypes() {
    }

    /**
     * Reads BTF where there is some, DWARF otherwise; the table is empty where the object has neither.
     *
     * @throws dev.banos.loader.elf.Refusal if the information is damaged, or of a form that is not read
     */
    public static TypeTable read(ElfObject object) {
        int btf = object.sections().find(BtfReader.SECTION);
        if (btf > 0 && object.sections().hasBytes(btf)) {
            return BtfReader.read(object, btf);
        }
        return DwarfReader.read(object);
    }
}
