package dev.banos.loader.link;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.RelocationTable;
import dev.banos.loader.elf.SymbolTable;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.FixupKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;

/**
 * The fields of a section that lead to the GOT: both linkers' fields are followed, and what lies at their ends is compared.
 *
 * <p>Set aside are fields that lead to an indirect function, which each linker calls through tables of its own; to the symbols that
 * a linker defines itself around such tables; and loads of a common symbol's address from the GOT, as a linker script can only make
 * the symbol absolute, and then another instruction is right.
 */
final class GotFields {
    private static final long TABLE = -1;
    /** {@code __rela_iplt_start} and {@code __rela_iplt_end}. */
    private static final String TABLE_OF_INDIRECT = "__rela_iplt_";
    private static final int PREFIX_AND_OPCODE_BYTES = 3;
    private final OfflineLink.Part part;
    private final ByteBuffer ours;
    private final ByteBuffer theirs;
    private final LinkedProgram program;
    /** Where the section begins in the program's file. */
    private final int start;
    private final BitSet own = new BitSet();
    private final List<String> differences = new ArrayList<>();
    /** High parts, by the address of their instruction (RISC-V) or by symbol (A64): ours, theirs. */
    private final Map<Long, long[]> highs;
    private int compared;
    private int setAside;
    private final ElfObject object;

    /** @param highs of all sections: outlined code may have the low part of what others begin */
    GotFields(ElfObject object, OfflineLink.Part part, byte[] image, LinkedProgram program, int start, Map<Long, long[]> highs) {
        this.highs = highs;
        this.part = part;
        this.object = object;
        this.program = program;
        this.start = start;
        this.ours = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        this.theirs = ByteBuffer.wrap(program.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** @param high whether to look at the high parts: those of all sections come first, for the low ones complete them */
    void follow(boolean high) {
        RelocationTable table = object.relocationsOf(part.index());
        Architecture architecture = Architecture.of(object.machine());
        for (int entry = 0; table != null && entry < table.count(); entry++) {
            FixupKind kind = architecture.kind(table.type(entry));
            if (isLinkersOwn(kind, table.symbol(entry))) {
                setAside(kind, (int) table.offset(entry), high);
            } else {
                follow(kind, table, entry, high);
            }
        }
    }

    int start() {
        return start;
    }

    boolean isOwn(int offset) {
        return own.get(offset);
    }

    List<String> differences() {
        return differences;
    }

    int compared() {
        return compared;
    }

    private boolean isLinkersOwn(FixupKind kind, int symbol) {
        SymbolTable symbols = object.symbols();
        return symbols.type(symbol) == Elf.STT_GNU_IFUNC || symbols.name(symbol).startsWith(TABLE_OF_INDIRECT)
                || kind == FixupKind.GOT_DELTA32_REX_RELAXABLE && symbols.section(symbol) == Elf.SHN_COMMON;
    }

    private void setAside(FixupKind kind, int at, boolean high) {
        boolean relaxes = kind == FixupKind.GOT_DELTA32_REX_RELAXABLE || kind == FixupKind.GOT_DELTA32_RELAXABLE;
        own.set(Math.max(0, at - (relaxes ? PREFIX_AND_OPCODE_BYTES : 0)), at + kind.width);
        setAside += high ? 1 : 0;
    }

    /** Fields that were not compared. */
    int setAside() {
        return setAside;
    }

    private void follow(FixupKind kind, RelocationTable table, int entry, boolean high) {
        int at = (int) table.offset(entry);
        long place = part.address() + at;
        boolean word = at + Integer.BYTES <= part.size();
        int our = word ? ours.getInt((int) (place - LldOracle.BASE)) : 0;
        int their = word ? theirs.getInt(start + at) : 0;
        switch (kind) {
            case GOT_DELTA32, GOT_DELTA32_RELAXABLE, GOT_DELTA32_REX_RELAXABLE -> {
                long slot = place + our - table.addend(entry);
                if (!high && (kind == FixupKind.GOT_DELTA32 || isStillLoad(at))) {
                    compare(at, Integer.BYTES, slot, place + their - table.addend(entry), 1);
                }
            }
            case GOT_DELTA64, GOT_OFFSET32, GOT_OFFSET64, GOT_BASE_DELTA32, GOT_BASE_DELTA64, FROM_GOT64, STUB_FROM_GOT64 ->
                own.set(at, at + Math.min(kind.width, 8)); // distances from a table that each linker has elsewhere
            case A64_GOT_DELTA19 -> {
                if (!high) {
                    compare(at, Integer.BYTES, place + (our << 8 >> 13 << 2), place + (their << 8 >> 13 << 2), 1);
                }
            }
            case A64_PAGE21 -> { // -fpic: the page of the table, and then the distance of an entry from it
                if (high && object.symbols().isNamed(table.symbol(entry), "_GLOBAL_OFFSET_TABLE_")) {
                    high(at, TABLE, a64Page(place, our), a64Page(place, their));
                }
            }
            case A64_GOT_PAGE_LOW15 -> {
                if (!high) {
                    low(at, TABLE, our >>> 10 << 20 >>> 17, their >>> 10 << 20 >>> 17, 1);
                }
            }
            case A64_GOT_PAGE21 -> {
                if (high) {
                    high(at, table.symbol(entry), a64Page(place, our), a64Page(place, their));
                }
            }
            case A64_GOT_LOW12 -> {
                if (!high) {
                    low(at, table.symbol(entry), our >>> 10 << 20 >>> 17, their >>> 10 << 20 >>> 17, 1);
                }
            }
            case RV_GOT_HIGH20, RV_TLS_GOT_HIGH20, RV_TLS_PAIR_HIGH20 -> {
                if (high) {
                    high(at, place, place + (our & ~0xfff), place + (their & ~0xfff));
                }
            }
            case RV_GOT_LOW12_I, RV_TLS_GOT_LOW12_I, RV_TLS_PAIR_LOW12_I -> {
                if (!high) { // the addend is the distance to the instruction with the high part
                    low(at, place - table.addend(entry), our >> 20, their >> 20, kind == FixupKind.RV_TLS_PAIR_LOW12_I ? 2 : 1);
                }
            }
            default -> { }
        }
    }

    /** Whether the instruction is what the compiler wrote: what became a computation may lead to where a GOT entry lies, by chance. */
    private boolean isStillLoad(int at) {
        int opcode = at - 2;
        return opcode < 0 || ours.get((int) (part.address() + opcode - LldOracle.BASE))
                == object.bytes()[object.start(part.index()) + opcode];
    }

    private static long a64Page(long place, int instruction) {
        long pages = (long) (instruction << 8 >> 13) << 2 | instruction >>> 29 & 3;
        return (place & ~0xfffL) + (pages << 12);
    }

    private void high(int at, long key, long our, long their) {
        own.set(at, at + Integer.BYTES);
        long[] before = highs.put(key, new long[] {our, their});
        if (before != null && (before[0] != our || before[1] != their)) {
            differences.add(part.name() + "+0x" + Integer.toHexString(at) + ": another GOT entry than before");
        }
    }

    private void low(int at, long key, long our, long their, int words) {
        long[] high = highs.get(key);
        if (high == null) {
            differences.add(part.name() + "+0x" + Integer.toHexString(at) + ": a low part without a high one");
        } else {
            compare(at, Integer.BYTES, high[0] + our, high[1] + their, words);
        }
    }

    private void compare(int at, int width, long ourSlot, long theirSlot, int words) {
        own.set(at, at + width);
        int our = (int) (ourSlot - LldOracle.BASE);
        int their = program.gotOffset(theirSlot);
        for (int word = 0; word < words; word++) {
            if (our < 0 || our + Long.BYTES > ours.capacity() || their < 0) {
                differences.add(String.format("%s+0x%x: leads to 0x%x, lld's to 0x%x", part.name(), at, ourSlot, theirSlot));
            } else if (ours.getLong(our + word * Long.BYTES) != theirs.getLong(their + word * Long.BYTES)) {
                differences.add(String.format("%s+0x%x: the entry holds 0x%x, lld's 0x%x", part.name(), at,
                        ours.getLong(our + word * Long.BYTES), theirs.getLong(their + word * Long.BYTES)));
            } else {
                compared++;
            }
        }
    }
}
