package dev.banos.loader.link;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.RelocationTable;
import dev.banos.loader.elf.SectionTable;
import dev.banos.loader.elf.SymbolTable;

/**
 * Phase 1, after parsing: the machine fits, each relocation is one that we know and lies wholly inside its section, and each
 * symbol has noted what its relocations ask for. Nothing later needs to look at an offset or a number again.
 */
final class Check {
    private final LinkedObject object;
    private final ElfObject elf;
    private final Architecture architecture;

    private Check(LinkedObject object, Architecture architecture) {
        this.object = object;
        this.elf = object.elf;
        this.architecture = architecture;
    }

    /** The architecture of an object for {@code machine}. */
    static Architecture machine(ElfObject elf, int machine) {
        Architecture architecture = Architecture.of(elf.machine());
        if (architecture == null) {
            throw Refusal.unsupported(elf.file(), null, -1, "the object is for " + Elf.machineName(elf.machine())
                    + ", none of x86-64, aarch64 and riscv64", null);
        }
        if (elf.machine() != machine) {
            throw Refusal.unsupported(elf.file(), null, -1, "the object is for " + Elf.machineName(elf.machine())
                    + ", not for " + Elf.machineName(machine), "compile it for " + Elf.machineName(machine));
        }
        return architecture;
    }

    static void object(LinkedObject object, Architecture architecture) {
        Check check = new Check(object, architecture);
        check.sections();
        check.indirectFunctions();
        for (RelocationTable table : object.elf.relocations()) {
            check.relocations(table);
        }
    }

    private void sections() {
        SectionTable sections = elf.sections();
        long total = 0;
        for (int section = 1; section < sections.count(); section++) {
            if (!sections.isAllocated(section)) {
                continue;
            }
            long flags = sections.flags(section);
            if ((flags & Elf.SHF_WRITE) != 0 && (flags & Elf.SHF_EXECINSTR) != 0) {
                throw object.unsupported(section, -1, "the section is writable and executable",
                        "no page may be both at once: put code and data in sections of their own");
            }
            if ((flags & Elf.SHF_EXECINSTR) != 0 && !sections.hasBytes(section)) {
                throw object.malformed(section, -1, "executable code without bytes in the file");
            }
            total += sections.hasBytes(section) ? sections.size(section) : 0;
        }
        if (total > elf.bytes().length) {
            throw Refusal.malformed(elf.file(), null, -1, "sections overlap: they take " + total + " bytes of a file of "
                    + elf.bytes().length);
        }
    }

    /** Whoever refers to such a function gets its stub: where it leads is known once its resolver has run. */
    private void indirectFunctions() {
        for (int symbol = 1; symbol < elf.symbols().count(); symbol++) {
            if (Resolve.isIndirect(elf.symbols(), symbol)) {
                object.needs[symbol] |= FixupKind.Need.STUB;
            }
        }
    }

    private void relocations(RelocationTable table) {
        FixupKind[] kinds = architecture.kinds();
        byte[] needs = object.needs;
        long[] words = table.words();
        int all = 0;
        long size = elf.sections().size(table.target());
        boolean threadLocal = elf.sections().isTls(table.target());
        for (int i = 0; i < words.length; i += RelocationTable.WORDS) {
            int type = (int) words[i + 1];
            FixupKind kind = type >= 0 && type < kinds.length ? kinds[type] : null;
            if (kind == null) {
                throw unknown(table, i / RelocationTable.WORDS, type);
            }
            if (words[i] > size - kind.width) {
                throw object.malformed(table.section(), i / RelocationTable.WORDS, "a field of " + kind.width
                        + " bytes at offset " + words[i] + " reaches beyond " + elf.sections().label(table.target())
                        + " of " + size + " bytes");
            }
            if (threadLocal && kind != FixupKind.ABS64 && kind != FixupKind.NONE) {
                throw object.unsupported(table.section(), i / RelocationTable.WORDS, architecture.relocationName(type)
                        + " in the initial value of a thread-local variable", null);
            }
            needs[(int) (words[i + 1] >>> 32)] |= (byte) kind.needs; // also 0: a branch would be mispredicted at each third one
            all |= kind.needs;
        }
        object.needsLowMemory |= (all & FixupKind.Need.LOW) != 0 && holdsAddress(table);
    }

    /** Whether a field of 32 bits holds an address, and no absolute number. */
    private boolean holdsAddress(RelocationTable table) {
        for (int entry = 0; entry < table.count(); entry++) {
            boolean low = architecture.kinds()[table.type(entry)].needs == FixupKind.Need.LOW;
            if (low && elf.symbols().section(table.symbol(entry)) != Elf.SHN_ABS) {
                return true;
            }
        }
        return false;
    }

    private Refusal unknown(RelocationTable table, long entry, int type) {
        String symbol = elf.symbols().name(table.symbol((int) entry));
        return object.unsupported(table.section(), entry, "relocation " + architecture.relocationName(type)
                + (symbol.isEmpty() ? "" : " against " + symbol) + " is not supported", null);
    }
}
