package dev.banos.loader.link;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.SectionTable;

/**
 * An object's file with the addresses of its sections filled in, which is what debuggers read of code that was linked in
 * memory. The relocations of its debug information stay: debuggers apply them.
 */
final class SymbolFile {
    private SymbolFile() {
    }

    static byte[] of(LinkedObject object, long base) {
        SectionTable sections = object.elf.sections();
        byte[] file = object.elf.bytes().clone();
        for (int section = 1; section < sections.count(); section++) {
            if (object.isPlaced(section)) {
                object.elf.putAddress(file, section, base + object.sectionOffset[section]);
            } else if (sections.isAllocated(section)) {
                // Dropped, or thread-local: it must not seem to lie at address 0.
                object.elf.putFlags(file, section, sections.flags(section) & ~Elf.SHF_ALLOC);
            }
        }
        return file;
    }
}
