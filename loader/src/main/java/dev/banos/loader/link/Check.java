package dev.banos.loader.link;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.RelocationTable;
import dev.banos.loader.elf.SectionTable;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.FixupKind;
import org.jspecify.annotations.Nullable;

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
        check.relocations(object.elf.typesBySymbol());
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

    /**
     * Code that runs on its own stack: gcc's nested functions whose address is taken, which write their trampolines there.
     *
     * @throws Refusal if the object asks for a stack on which code may run
     */
    static void stack(ElfObject elf) {
        SectionTable sections = elf.sections();
        for (int section = 1; section < sections.count(); section++) {
            boolean isMarked = (sections.flags(section) & Elf.SHF_EXECINSTR) != 0 && !sections.isAllocated(section);
            if (isMarked && sections.name(section).equals(".note.GNU-stack")) {
                throw Refusal.unsupported(elf.file(), sections.label(section), -1, "it wants stacks on which code may run",
                        "take no address of a nested function; in assembly, write .section .note.GNU-stack,\"\",@progbits");
            }
        }
    }

    /** Whoever refers to such a function gets its stub: where it leads is known once its resolver has run. */
    private void indirectFunctions() {
        for (int symbol = 1; elf.symbols().hasIndirect() && symbol < elf.symbols().count(); symbol++) {
            if (Resolve.isIndirect(elf.symbols(), symbol)) {
                object.needs[symbol] |= FixupKind.Need.STUB;
            }
        }
    }

    /**
     * What the reader has noted mostly tells that all entries of a table are in order, and what each symbol needs; where it does
     * not, each is looked at.
     *
     * @param typesBySymbol null where that is not known
     */
    private void relocations(long @Nullable [] typesBySymbol) {
        for (RelocationTable table : elf.relocations()) {
            if (typesBySymbol == null || !isInOrder(table)) {
                each(table);
            } else {
                object.needsLowMemory |= (table.types() & architecture.lowTypes()) != 0 && holdsAddress(table);
            }
        }
        byte[] asked = architecture.needs();
        for (int symbol = 0; typesBySymbol != null && symbol < typesBySymbol.length; symbol++) {
            for (long rest = typesBySymbol[symbol]; rest != 0; rest &= rest - 1) {
                object.needs[symbol] |= asked[Long.numberOfTrailingZeros(rest)];
            }
        }
    }

    /** Whether every type is known, and the widest field of any would lie in the section wherever one begins. */
    private boolean isInOrder(RelocationTable table) {
        int widest = architecture.widest(table.types());
        return widest != Architecture.UNKNOWN && table.farthest() <= elf.sections().size(table.target()) - widest
                && !elf.sections().isTls(table.target());
    }

    private void each(RelocationTable table) {
        long[] chunk = table.newChunk();
        int needs = 0;
        int count;
        for (int from = 0; (count = table.chunk(from, chunk)) > 0; from += count) {
            needs |= relocations(table, chunk, count, from / RelocationTable.WORDS);
        }
        object.needsLowMemory |= (needs & FixupKind.Need.LOW) != 0 && holdsAddress(table);
    }

    /** @return what all of them need together */
    private int relocations(RelocationTable table, long[] words, int end, int firstEntry) {
        byte[] widths = architecture.widths();
        byte[] asked = architecture.needs();
        byte[] needs = object.needs;
        int all = 0;
        long size = elf.sections().size(table.target());
        boolean threadLocal = elf.sections().isTls(table.target());
        for (int i = 0; i < end; i += RelocationTable.WORDS) {
            int type = (int) words[i + 1];
            int width = type >= 0 && type < widths.length ? widths[type] : Architecture.UNKNOWN;
            if (width < 0 || words[i] > size - width || threadLocal && !isPlain(type)) {
                throw refusal(table, firstEntry + i / RelocationTable.WORDS);
            }
            int need = asked[type];
            needs[(int) (words[i + 1] >>> 32)] |= (byte) need; // also 0: a branch would be mispredicted at each third one
            all |= need;
        }
        return all;
    }

    private boolean isPlain(int type) {
        FixupKind kind = architecture.kind(type);
        return kind == FixupKind.ABS64 || kind == FixupKind.NONE;
    }

    private Refusal refusal(RelocationTable table, int entry) {
        int type = table.type(entry);
        FixupKind kind = architecture.kind(type);
        if (kind == null) {
            return unknown(table, entry, type);
        }
        long size = elf.sections().size(table.target());
        if (table.offset(entry) > size - kind.width) {
            return object.malformed(table.section(), entry, "a field of " + kind.width
                    + " bytes at offset " + table.offset(entry) + " reaches beyond " + elf.sections().label(table.target())
                    + " of " + size + " bytes");
        }
        return object.unsupported(table.section(), entry,
                architecture.relocationName(type) + " in the initial value of a thread-local variable", null);
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
                + (symbol.isEmpty() ? "" : " against " + symbol) + " is not supported", architecture.remedy(type));
    }
}
