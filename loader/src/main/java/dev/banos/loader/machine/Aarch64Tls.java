package dev.banos.loader.machine;

import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.RelocationTable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Shorter ways to thread-local variables whose distance from the thread pointer is known: ELF for the Arm 64-bit Architecture,
 * section "Relaxation". The instructions are rewritten before the phases run.
 *
 * <pre>
 *     initial exec   adrp x1, :gottprel:v; ldr x1, [x1, :gottprel_lo12:v]        movz x1, high half; movk x1, low half
 *     descriptor     adrp x0; ldr x1, [x0]; add x0, x0; blr x1 (all of v)        movz x0; movk x0; nop; nop
 *     traditional    adrp x0, :tlsgd:v; add x0, x0, :tlsgd_lo12:v;               movz x0; movk x0;
 *                    bl __tls_get_addr; nop                                      mrs x1, tpidr_el0; add x0, x1, x0
 *     local dynamic  adrp x0, :tlsldm:v; add x0, x0, :tlsldm_lo12_nc:v;          mrs x0, tpidr_el0; add x0, x0, block;
 *                    bl __tls_get_addr                                           nop
 *                    adr x0, :tlsldm:v; bl __tls_get_addr                        mrs x0, tpidr_el0; add x0, x0, block
 * </pre>
 * Calls are rewritten where all their instructions stand together, as compilers write them, and otherwise refused by whoever looks
 * at the relocations next. What follows a call of local dynamic, and what is added to the descriptor of {@code _TLS_MODULE_BASE_},
 * are offsets in the block, and stay. In a module that is loaded later all is rewritten but initial exec, so its variables need the room
 * that glibc keeps for late comers.
 */
final class Aarch64Tls {
    private static final int CALL26 = 283;
    private static final int PAIR_PAGE21 = 513;
    private static final int PAIR_ADD_LO12 = 514;
    private static final int MODULE_PREL21 = 517;
    private static final int MODULE_PAGE21 = 518;
    private static final int MODULE_ADD_LO12 = 519;
    private static final int GOTTPREL_PAGE21 = 541;
    private static final int GOTTPREL_LO12 = 542;
    private static final int MOVW_TPREL_G1 = 545;
    private static final int MOVW_TPREL_G0_NC = 548;
    private static final int ADD_TPREL_LO12 = 550;
    private static final int DESCRIPTOR_PAGE21 = 562;
    private static final int DESCRIPTOR_LD64_LO12 = 563;
    private static final int DESCRIPTOR_ADD_LO12 = 564;
    private static final int DESCRIPTOR_CALL = 569;
    private static final int MOVZ_LSL_16 = 0xd2a00000;
    private static final int MOVK = 0xf2800000;
    private static final int NOP = 0xd503201f;
    private static final int MRS_X0_TPIDR = 0xd53bd040;
    private static final int MRS_X1_TPIDR = 0xd53bd041;
    private static final int ADD_X0_X0 = 0x91000000;
    private static final int ADD_X0_X1_X0 = 0x8b000020;
    private static final int PAIR_INSTRUCTIONS = 4;
    private static final int REGISTER = 0x1f;

    private Aarch64Tls() {
    }

    /** @param program whether the distances are known before the program runs, also those that are read from the GOT otherwise */
    static ElfObject relaxed(ElfObject object, boolean program) {
        for (RelocationTable table : object.relocations()) {
            for (int entry = 0; entry < table.count(); entry++) {
                if (isRelaxed(table.type(entry), program)) {
                    return relax(object, program);
                }
            }
        }
        return object;
    }

    private static boolean isRelaxed(int type, boolean program) {
        return switch (type) {
            case PAIR_PAGE21, MODULE_PREL21, MODULE_PAGE21, DESCRIPTOR_PAGE21, DESCRIPTOR_LD64_LO12, DESCRIPTOR_ADD_LO12, DESCRIPTOR_CALL -> true;
            case GOTTPREL_PAGE21, GOTTPREL_LO12 -> program;
            default -> false;
        };
    }

    private static ElfObject relax(ElfObject object, boolean program) {
        byte[] bytes = object.bytes().clone();
        ByteBuffer code = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        List<RelocationTable> tables = new ArrayList<>();
        for (RelocationTable table : object.relocations()) {
            long[] words = table.words();
            for (int entry = 0; entry < table.count(); entry++) {
                if (isRelaxed(table.type(entry), program) && isInside(object, table, entry, 1)) {
                    relax(object, table, entry, code, words);
                }
            }
            tables.add(table.withWords(words));
        }
        return object.with(bytes, tables);
    }

    private static void relax(ElfObject object, RelocationTable table, int entry, ByteBuffer code, long[] words) {
        int at = object.start(table.target()) + (int) table.offset(entry);
        int first = entry * RelocationTable.WORDS;
        switch (table.type(entry)) {
            case PAIR_PAGE21 -> {
                if (isPairCall(object, table, entry, code, at)) {
                    pairCall(code, at, words, first);
                }
            }
            case MODULE_PAGE21 -> {
                if (isModuleCall(object, table, entry, code, at)) {
                    moduleCall(code, at, words, first);
                    code.putInt(at + 2 * Integer.BYTES, NOP);
                    become(words, first + 2 * RelocationTable.WORDS, 0);
                }
            }
            case MODULE_PREL21 -> {
                if (isInX0(code, at) && isCall(object, table, entry, 1)) {
                    moduleCall(code, at, words, first);
                }
            }
            default -> instruction(code, at, words, first);
        }
    }

    private static void instruction(ByteBuffer code, int at, long[] words, int entry) {
        int register = code.getInt(at) & REGISTER;
        become(words, entry, switch ((int) words[entry + 1]) {
            case GOTTPREL_PAGE21 -> rewrite(code, at, MOVZ_LSL_16 | register, MOVW_TPREL_G1);
            case GOTTPREL_LO12 -> rewrite(code, at, MOVK | register, MOVW_TPREL_G0_NC);
            case DESCRIPTOR_PAGE21 -> rewrite(code, at, MOVZ_LSL_16, MOVW_TPREL_G1);
            case DESCRIPTOR_LD64_LO12 -> rewrite(code, at, MOVK, MOVW_TPREL_G0_NC);
            default -> rewrite(code, at, NOP, 0);
        });
    }

    /** Whether the four instructions of a call of {@code __tls_get_addr} stand there, one behind the other. */
    private static boolean isPairCall(ElfObject object, RelocationTable table, int entry, ByteBuffer code, int at) {
        return isAddress(table, entry, PAIR_ADD_LO12, code, at) && isCall(object, table, entry, 2)
                && isInside(object, table, entry, PAIR_INSTRUCTIONS) && code.getInt(at + 3 * Integer.BYTES) == NOP;
    }

    /** Whether the three of a call for the module's own block do. */
    private static boolean isModuleCall(ElfObject object, RelocationTable table, int entry, ByteBuffer code, int at) {
        return isAddress(table, entry, MODULE_ADD_LO12, code, at) && isCall(object, table, entry, 2);
    }

    /** Whether the next instruction adds the lowest bits to the page in {@code x0}. */
    private static boolean isAddress(RelocationTable table, int entry, int type, ByteBuffer code, int at) {
        return entry + 1 < table.count() && table.type(entry + 1) == type && table.offset(entry + 1) == table.offset(entry) + Integer.BYTES
                && table.symbol(entry + 1) == table.symbol(entry) && table.addend(entry + 1) == table.addend(entry)
                && isInX0(code, at) && isInX0(code, at + Integer.BYTES);
    }

    /** Whether the function is called {@code distance} relocations and instructions behind the entry's. */
    private static boolean isCall(ElfObject object, RelocationTable table, int entry, int distance) {
        int call = entry + distance;
        return call < table.count() && table.type(call) == CALL26 && isInside(object, table, entry, distance + 1)
                && table.offset(call) == table.offset(entry) + (long) distance * Integer.BYTES
                && object.symbols().isNamed(table.symbol(call), "__tls_get_addr");
    }

    private static boolean isInside(ElfObject object, RelocationTable table, int entry, int instructions) {
        return table.offset(entry) <= object.sections().size(table.target()) - (long) instructions * Integer.BYTES;
    }

    private static boolean isInX0(ByteBuffer code, int at) {
        return (code.getInt(at) & REGISTER) == 0;
    }

    private static void pairCall(ByteBuffer code, int at, long[] words, int entry) {
        int[] instructions = {MOVZ_LSL_16, MOVK, MRS_X1_TPIDR, ADD_X0_X1_X0};
        int[] types = {MOVW_TPREL_G1, MOVW_TPREL_G0_NC, 0};
        for (int i = 0; i < instructions.length; i++) {
            code.putInt(at + i * Integer.BYTES, instructions[i]);
        }
        for (int i = 0; i < types.length; i++) {
            become(words, entry + i * RelocationTable.WORDS, types[i]);
        }
    }

    /** The distance of the block from the thread pointer, whatever the variable is: that of no symbol. */
    private static void moduleCall(ByteBuffer code, int at, long[] words, int entry) {
        code.putInt(at, MRS_X0_TPIDR);
        code.putInt(at + Integer.BYTES, ADD_X0_X0);
        become(words, entry, 0);
        int sum = entry + RelocationTable.WORDS;
        words[sum + 1] = ADD_TPREL_LO12;
        words[sum + 2] = 0;
    }

    private static void become(long[] words, int entry, int type) {
        words[entry + 1] = words[entry + 1] & ~0xffff_ffffL | type;
    }

    private static int rewrite(ByteBuffer code, int at, int instruction, int type) {
        code.putInt(at, instruction);
        return type;
    }
}
