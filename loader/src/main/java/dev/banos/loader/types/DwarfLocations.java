package dev.banos.loader.types;

import static dev.banos.loader.types.Dwarf.*;

import dev.banos.loader.elf.Elf;
import org.jspecify.annotations.Nullable;

/**
 * Where parameters are when their function begins (DWARF 5, 2.6). Of some languages a parameter's type is the same whether its value
 * is passed or its address, and the place alone tells them apart: in a register or on the stack, or where these point to.
 */
final class DwarfLocations {
    enum Way { UNTOLD, VALUE, REFERENCE }

    private static final int FIRST_WITH_LISTS_OF_KINDS = 5;
    /** Of entries that name no place. */
    private static final int MOST_SKIPPED = 8;
    private static final long SELECTS_A_BASE = -1;

    private final DwarfSections sections;
    private final int machine;
    private @Nullable Bytes lists;
    private @Nullable Bytes oldLists;
    private boolean opened;

    DwarfLocations(DwarfSections sections, int machine) {
        this.sections = sections;
        this.machine = machine;
    }

    /** What the value of a parameter's {@code DW_AT_location} says: an expression, or the place of a list of them. */
    Way way(DwarfUnit unit, int form, DwarfUnit.Value value) {
        if (value.block != null) {
            return way(value.block);
        }
        boolean isList = form == DW_FORM_sec_offset || form == DW_FORM_data4 || form == DW_FORM_data8;
        Bytes expression = isList ? first(unit, value.number) : null;
        return expression == null ? Way.UNTOLD : way(expression);
    }

    private Way way(Bytes expression) {
        if (!expression.hasMore()) {
            return Way.UNTOLD;
        }
        int operation = expression.u8();
        if (operation >= DW_OP_reg0 && operation <= DW_OP_reg31) {
            return isArgument(operation - DW_OP_reg0) && isWhole(expression) ? Way.VALUE : Way.UNTOLD;
        }
        boolean isFrame = operation == DW_OP_fbreg;
        if (!isFrame && (operation < DW_OP_breg0 || operation > DW_OP_breg31)) {
            return Way.UNTOLD;
        }
        long offset = expression.sleb();
        if (isFrame || isFrame(operation - DW_OP_breg0)) {
            return !expression.hasMore() ? Way.VALUE
                    : expression.u8() == DW_OP_deref && !expression.hasMore() ? Way.REFERENCE : Way.UNTOLD;
        }
        return isArgument(operation - DW_OP_breg0) && offset == 0 && !expression.hasMore() ? Way.REFERENCE : Way.UNTOLD;
    }

    /** Nothing follows, or registers that hold the other parts. */
    private static boolean isWhole(Bytes expression) {
        return !expression.hasMore() || expression.u8() == DW_OP_piece;
    }

    /** Of DWARF's numbers for the registers that begin with the first arguments which are no floating-point numbers, or are. */
    private boolean isArgument(int register) {
        return switch (machine) {
            case Elf.EM_X86_64 -> register == 1 || register == 2 || register == 4 || register == 5 || register == 8 || register == 9
                    || register >= 17 && register <= 24;
            case Elf.EM_AARCH64 -> register <= 7;
            case Elf.EM_RISCV -> register >= 10 && register <= 17;
            default -> false;
        };
    }

    /** The stack's pointer, or what a function keeps of it. */
    private boolean isFrame(int register) {
        return switch (machine) {
            case Elf.EM_X86_64 -> register == 6 || register == 7;
            case Elf.EM_AARCH64 -> register == 29 || register == 31;
            case Elf.EM_RISCV -> register == 2 || register == 8;
            default -> false;
        };
    }

    /** The expression of the first part of the function, or null. */
    private @Nullable Bytes first(DwarfUnit unit, long offset) {
        if (!opened) {
            lists = sections.first(".debug_loclists");
            oldLists = sections.first(".debug_loc");
            opened = true;
        }
        boolean isOld = unit.version() < FIRST_WITH_LISTS_OF_KINDS;
        Bytes all = isOld ? oldLists : lists;
        if (all == null) {
            return null;
        }
        Bytes list = all.range(offset, all.end());
        return isOld ? oldFirst(unit, list) : first(unit, list);
    }

    private static @Nullable Bytes oldFirst(DwarfUnit unit, Bytes list) {
        for (int skipped = 0; skipped < MOST_SKIPPED; skipped++) {
            long start = unit.address(list);
            long end = unit.address(list);
            if (start == 0 && end == 0) {
                return null;
            }
            if (start != SELECTS_A_BASE) {
                return expression(list, list.u16());
            }
        }
        return null;
    }

    private static @Nullable Bytes first(DwarfUnit unit, Bytes list) {
        for (int skipped = 0; skipped < MOST_SKIPPED; skipped++) {
            switch (list.u8()) {
                case DW_LLE_base_addressx -> list.uleb();
                case DW_LLE_startx_endx, DW_LLE_startx_length, DW_LLE_offset_pair -> {
                    list.uleb();
                    list.uleb();
                    return expression(list, list.uleb());
                }
                case DW_LLE_default_location -> {
                    return expression(list, list.uleb());
                }
                case DW_LLE_base_address -> unit.address(list);
                case DW_LLE_start_end -> {
                    unit.address(list);
                    unit.address(list);
                    return expression(list, list.uleb());
                }
                case DW_LLE_start_length -> {
                    unit.address(list);
                    list.uleb();
                    return expression(list, list.uleb());
                }
                case DW_LLE_GNU_view_pair -> {
                    list.uleb();
                    list.uleb();
                }
                default -> {
                    return null;
                }
            }
        }
        return null;
    }

    private static Bytes expression(Bytes list, long length) {
        return list.range(list.at(), list.at() + length);
    }
}
