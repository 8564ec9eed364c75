package dev.banos.loader.machine;

import dev.banos.loader.elf.Cuts;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.RelocationTable;
import dev.banos.loader.elf.SymbolTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What RISC-V objects say in several relocations is brought together here, so that each relocation can be applied by itself.
 *
 * <pre>
 *     ALIGN         the assembler left room for the most that an alignment may take: what is too much is cut out
 *     PCREL_LO12    names the label of an auipc: it gets the symbol and the addend of the relocation there, and the distance to it
 *     TLSDESC_…     so do the three that follow a TLSDESC_HI20, without a distance: what they become counts from the thread pointer
 *     SET_ULEB128   is followed by the SUB_ULEB128 of the same field
 * </pre>
 */
final class RiscvObject {
    private static final int NOP = 0x13;
    private static final int SHORT_NOP = 0x0001;
    private static final int SHORT_NOP_BYTES = 2;
    private static final int WORDS = RelocationTable.WORDS;
    /** Above all numbers of entries, of which a file has room for fewer. */
    private static final long OF_DESCRIPTOR = 1L << 31;

    private final ElfObject object;

    private RiscvObject(ElfObject object) {
        this.object = object;
    }

    static ElfObject prepare(ElfObject object) {
        for (RelocationTable table : object.relocations()) {
            for (int entry = 0; entry < table.count(); entry++) {
                if (Integer.compareUnsigned(table.type(entry), Riscv64.FIRST_PAIRED) >= 0) {
                    throw refusal(object, table, entry, "relocation R_RISCV_" + Integer.toUnsignedString(table.type(entry))
                            + " is not supported");
                }
            }
        }
        return new RiscvObject(new RiscvObject(object).aligned()).paired();
    }

    private ElfObject aligned() {
        Cuts cuts = new Cuts(object);
        for (RelocationTable table : object.relocations()) {
            align(table, cuts);
        }
        return cuts.isEmpty() ? object : cuts.apply();
    }

    /** Sections begin at multiples of their alignment, so what must go is known before they have addresses. */
    private void align(RelocationTable table, Cuts cuts) {
        long sectionAlignment = object.sections().alignment(table.target());
        long cut = 0;
        long end = 0;
        for (int entry : alignments(table)) {
            long offset = table.offset(entry);
            long room = table.addend(entry);
            if (room < 0 || (room & 1) != 0 || offset < end || room > object.sections().size(table.target()) - offset) {
                throw refusal(object, table, entry, "R_RISCV_ALIGN over " + room + " bytes at offset " + offset);
            }
            end = offset + room;
            long alignment = Math.max(SHORT_NOP_BYTES, Long.highestOneBit(room + 1) << 1);
            if (alignment > sectionAlignment) {
                throw refusal(object, table, entry, "R_RISCV_ALIGN to " + alignment + " in a section aligned to "
                        + sectionAlignment);
            }
            long place = offset - cut;
            long wanted = -place & alignment - 1;
            if (wanted > room) {
                throw refusal(object, table, entry, "R_RISCV_ALIGN to " + alignment + " at an odd address");
            }
            if (wanted < room) {
                cuts.add(table.target(), offset + wanted, room - wanted);
                cuts.fill(table.target(), offset, nops((int) wanted));
                cut += room - wanted;
            }
        }
    }

    private static int[] alignments(RelocationTable table) {
        List<Integer> entries = new ArrayList<>();
        for (int entry = 0; entry < table.count(); entry++) {
            if (table.type(entry) == Riscv64.ALIGN) {
                entries.add(entry);
            }
        }
        entries.sort((one, other) -> Long.compare(table.offset(one), table.offset(other)));
        return entries.stream().mapToInt(Integer::intValue).toArray();
    }

    private static byte[] nops(int count) {
        byte[] nops = new byte[count];
        for (int at = 0; at < count; at += Integer.BYTES) {
            int left = count - at;
            nops[at] = (byte) (left >= Integer.BYTES ? NOP : SHORT_NOP);
        }
        return nops;
    }

    private ElfObject paired() {
        List<RelocationTable> tables = new ArrayList<>();
        for (RelocationTable table : object.relocations()) {
            tables.add(paired(table));
        }
        return object.with(object.bytes(), tables);
    }

    private RelocationTable paired(RelocationTable table) {
        long[] highs = {};
        long[] words = null;
        for (int entry = 0; entry < table.count(); entry++) {
            int type = table.type(entry);
            if (type == Riscv64.SET_ULEB128_TYPE || type == Riscv64.SUB_ULEB128_TYPE) {
                requirePair(table, entry);
            } else if (Riscv64.isLow(type)) {
                if (words == null) {
                    words = table.words();
                    highs = highs(table);
                }
                int high = highOf(table, entry, highs);
                boolean ofDescriptor = Riscv64.isOfDescriptor(type);
                long away = ofDescriptor ? 0 : table.offset(entry) - table.offset(high);
                int paired = ofDescriptor ? type : Riscv64.paired(table.type(high), type);
                words[entry * WORDS + 1] = (long) table.symbol(high) << 32 | paired;
                words[entry * WORDS + 2] = table.addend(high) + away;
            }
        }
        return words == null ? table : table.withWords(words);
    }

    /** The entries of high parts, by offset and kind: {@link #place} in the high bits, the entry in the others. */
    private long[] highs(RelocationTable table) {
        long[] highs = new long[table.count()];
        int count = 0;
        for (int entry = 0; entry < table.count(); entry++) {
            if (Riscv64.isHigh(table.type(entry))) {
                highs[count++] = place(table.offset(entry), table.type(entry) == Riscv64.TLSDESC_HI20) | entry;
            }
        }
        highs = Arrays.copyOf(highs, count);
        Arrays.sort(highs);
        return highs;
    }

    /** So that many of one kind at one offset do not stand in the way of the other kind. */
    private static long place(long offset, boolean ofDescriptor) {
        return offset << 32 | (ofDescriptor ? OF_DESCRIPTOR : 0);
    }

    private int highOf(RelocationTable table, int entry, long[] highs) {
        SymbolTable symbols = object.symbols();
        int label = table.symbol(entry);
        long offset = symbols.value(label);
        if (symbols.section(label) != table.target() || offset < 0 || offset > Integer.MAX_VALUE) {
            throw refusal(object, table, entry, "its symbol is no label in the same section");
        }
        boolean ofDescriptor = Riscv64.isOfDescriptor(table.type(entry));
        long place = place(offset, ofDescriptor);
        int found = Arrays.binarySearch(highs, place);
        int first = found < 0 ? -found - 1 : found;
        if (first < highs.length && (highs[first] & -OF_DESCRIPTOR) == place) {
            return (int) (highs[first] & OF_DESCRIPTOR - 1);
        }
        throw refusal(object, table, entry, "no high part of " + (ofDescriptor ? "a descriptor" : "an address")
                + " stands at its label, offset " + offset);
    }

    private void requirePair(RelocationTable table, int entry) {
        boolean set = table.type(entry) == Riscv64.SET_ULEB128_TYPE;
        int other = set ? entry + 1 : entry - 1;
        int otherType = set ? Riscv64.SUB_ULEB128_TYPE : Riscv64.SET_ULEB128_TYPE;
        if (other < 0 || other == table.count() || table.type(other) != otherType
                || table.offset(other) != table.offset(entry)) {
            throw refusal(object, table, entry, "R_RISCV_SET_ULEB128 and R_RISCV_SUB_ULEB128 come in pairs");
        }
        if (!set && object.sections().hasBytes(table.target()) && !endsInSection(table, entry)) {
            throw refusal(object, table, entry, "the number at offset " + table.offset(entry) + " does not end in its section");
        }
    }

    /** Whether one of the bytes from there on is a last one. */
    private boolean endsInSection(RelocationTable table, int entry) {
        int start = object.start(table.target());
        long offset = table.offset(entry);
        while (offset < object.sections().size(table.target()) && object.bytes()[start + (int) offset] < 0) {
            offset++;
        }
        return offset < object.sections().size(table.target());
    }

    private static Refusal refusal(ElfObject object, RelocationTable table, int entry, String why) {
        return Refusal.malformed(object.file(), object.sections().label(table.section()), entry, why);
    }
}
