package dev.banos.loader.link;

import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.RelocationTable;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.FixupKind;
import dev.banos.loader.machine.Image;
import org.jspecify.annotations.Nullable;

/** A value that its field cannot hold, in words: what it is, why it does not go in, and what to do about it. */
final class Misfit {
    private static final String POSITION_INDEPENDENT = "compile with -fPIC, which reaches data through a table of addresses";

    private final LinkedObject object;
    private final RelocationTable table;
    private final int entry;
    private final FixupKind kind;
    private final Architecture architecture;
    private final int symbol;
    private final long addend;
    private final long target;

    Misfit(LinkedObject object, RelocationTable table, int entry, FixupKind kind, Architecture architecture) {
        this.object = object;
        this.table = table;
        this.entry = entry;
        this.kind = kind;
        this.architecture = architecture;
        this.symbol = table.symbol(entry);
        this.addend = table.addend(entry);
        this.target = object.address[symbol] + addend;
    }

    Refusal refusal(Image image, long tlsDistance) {
        long place = image.address(object.sectionOffset[table.target()]) + table.offset(entry);
        return new Refusal(Refusal.ERANGE, object.elf.file(), object.elf.sections().label(table.section()), entry,
                architecture.relocationName(table.type(entry)) + " against " + Relocate.describe(object, symbol) + " at "
                        + object.elf.sections().name(table.target()) + "+0x" + Long.toHexString(table.offset(entry)) + ": "
                        + why(place, tlsDistance), remedy(place));
    }

    private String why(long place, long tlsDistance) {
        if ((kind.needs & FixupKind.Need.STUB) != 0) {
            return distance(place) + " is too far, and a stub leads to the function itself, not behind its start";
        }
        if (isEntry()) {
            return "addend " + addend + " of an entry in the table of addresses";
        }
        return switch (kind) {
            case ABS8, ABS16, ABS32, ABS32S, ABS32_EITHER -> address() + bits();
            case SIZE32 -> "size " + (object.elf.symbols().size(symbol) + addend) + bits();
            case SUB_ULEB128 -> "the difference does not fit the bytes that are there";
            case A64_LOW12_OF_2, A64_LOW12_OF_4, A64_LOW12_OF_8, A64_LOW12_OF_16, A64_MOVE_0, A64_MOVE_1, A64_MOVE_2,
                    A64_SIGNED_MOVE_0, A64_SIGNED_MOVE_1, A64_SIGNED_MOVE_2, RV_HIGH20, RV_SHORT_HIGH6 -> address() + instruction(target);
            case DELTA8, DELTA16, DELTA32, DELTA16_EITHER, DELTA32_EITHER, GOT_BASE_DELTA32 -> distance(place) + bits();
            case A64_TLS_OFFSET_HIGH12, A64_TLS_OFFSET_ALL12, A64_TLS_OFFSET_ALL12_OF_2, A64_TLS_OFFSET_ALL12_OF_4,
                    A64_TLS_OFFSET_ALL12_OF_8, A64_TLS_OFFSET_ALL12_OF_16 ->
                "offset " + target + " in the block of thread-local variables" + instruction(target);
            default -> (kind.needs & FixupKind.Need.TLS_DISTANCE) == 0 ? distance(place) + instruction(target - place)
                    : "distance " + (tlsDistance + target) + " from the thread pointer" + instruction(tlsDistance + target);
        };
    }

    private boolean isEntry() {
        return (kind.needs & (FixupKind.Need.GOT | FixupKind.Need.TLS_ENTRIES)) != 0;
    }

    private String address() {
        return "value 0x" + Long.toHexString(target);
    }

    private String distance(long place) {
        return "distance " + (target - place) + " from 0x" + Long.toHexString(place) + " to 0x" + Long.toHexString(target);
    }

    private String bits() {
        return " does not fit " + kind.width * Byte.SIZE + " bits";
    }

    private String instruction(long value) {
        return isAligned(value) ? " does not fit the instruction"
                : " is no multiple of " + unit() + ", in which the instruction counts";
    }

    private boolean isAligned(long value) {
        return (value & unit() - 1) == 0;
    }

    /** Bytes that the lowest bit of the field stands for, where they are not pages. */
    private int unit() {
        return switch (kind) {
            case A64_LOW12_OF_2, A64_TLS_LOW12_OF_2, A64_TLS_ALL12_OF_2, A64_TLS_OFFSET_ALL12_OF_2, RV_BRANCH12, RV_JUMP20, RV_SHORT_BRANCH8, RV_SHORT_JUMP11 -> 2;
            case A64_LOW12_OF_4, A64_TLS_LOW12_OF_4, A64_TLS_ALL12_OF_4, A64_TLS_OFFSET_ALL12_OF_4, A64_DELTA19, A64_DELTA14 -> 4;
            case A64_LOW12_OF_8, A64_TLS_LOW12_OF_8, A64_TLS_ALL12_OF_8, A64_TLS_OFFSET_ALL12_OF_8 -> 8;
            case A64_LOW12_OF_16, A64_TLS_LOW12_OF_16, A64_TLS_ALL12_OF_16, A64_TLS_OFFSET_ALL12_OF_16 -> 16;
            default -> 1;
        };
    }

    private @Nullable String remedy(long place) {
        if (isEntry()) {
            return "load the symbol's own address, and add to it";
        }
        if ((kind.needs & FixupKind.Need.TLS_DISTANCE) != 0 || kind.name().startsWith("A64_TLS_OFFSET")) {
            return "declare fewer or smaller thread-local variables, aligned as their types are";
        }
        return switch (kind) {
            case ABS32, ABS32S, ABS32_EITHER, DELTA32, DELTA32_EITHER, A64_PAGE21, A64_DELTA21, RV_HIGH20, RV_DELTA_HIGH20 ->
                POSITION_INDEPENDENT;
            case A64_LOW12_OF_2, A64_LOW12_OF_4, A64_LOW12_OF_8, A64_LOW12_OF_16 -> "align the variable to " + unit() + " bytes";
            case A64_DELTA19, A64_DELTA14, RV_BRANCH12, RV_JUMP20, RV_SHORT_BRANCH8, RV_SHORT_JUMP11 ->
                isAligned(target - place) ? "branch to a place in the same section, which goes on from there" : null;
            default -> null;
        };
    }
}
