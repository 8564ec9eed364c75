package dev.banos.loader.link;

import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.RelocationTable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Shorter ways to thread-local variables in a program, where their distance from the thread pointer is known: ELF for the Arm
 * 64-bit Architecture, section "Relaxation". The instructions are rewritten before the phases run.
 *
 * <pre>
 *     initial exec   adrp x1, :gottprel:v; ldr x1, [x1, :gottprel_lo12:v]        movz x1, high half; movk x1, low half
 *     descriptor     adrp x0; ldr x1, [x0]; add x0, x0; blr x1 (all of v)        movz x0; movk x0; nop; nop
 *     traditional    adrp x0, :tlsgd:v; add x0, x0, :tlsgd_lo12:v;               movz x0; movk x0;
 *                    bl __tls_get_addr; nop                                      mrs x1, tpidr_el0; add x0, x1, x0
 * </pre>
 * The last is rewritten where all four stand together, as compilers write them, and otherwise refused by whoever looks at the
 * relocations next.
 */
final class Aarch64Tls {
    private static final int CALL26 = 283;
    private static final int PAIR_PAGE21 = 513;
    private static final int PAIR_ADD_LO12 = 514;
    private static final int GOTTPREL_PAGE21 = 541;
    private static final int GOTTPREL_LO12 = 542;
    private static final int MOVW_TPREL_G1 = 545;
    private static final int MOVW_TPREL_G0_NC = 548;
    private static final int DESCRIPTOR_PAGE21 = 562;
    private static final int DESCRIPTOR_LD64_LO12 = 563;
    private static final int DESCRIPTOR_ADD_LO12 = 564;
    private static final int DESCRIPTOR_CALL = 569;
    private static final int MOVZ_LSL_16 = 0xd2a00000;
    private static final int MOVK = 0xf2800000;
    private static final int NOP = 0xd503201f;
    private static final int MRS_X1_TPIDR = 0xd53bd041;
    private static final int ADD_X0_X1_X0 = 0x8b000020;
    private static final int PAIR_INSTRUCTIONS = 4;
    private static final int REGISTER = 0x1f;

    private Aarch64Tls() {
    }

    static ElfObject relaxed(ElfObject object) {
        for (RelocationTable table : object.relocations()) {
            for (int entry = 0; entry < table.count(); entry++) {
                if (isRelaxed(table.type(entry))) {
                    return relax(object);
                }
            }
        }
        return object;
    }

    private static boolean isRelaxed(int type) {
        return switch (type) {
            case PAIR_PAGE21, GOTTPREL_PAGE21, GOTTPREL_LO12, DESCRIPTOR_PAGE21, DESCRIPTOR_LD64_LO12, DESCRIPTOR_ADD_LO12, DESCRIPTOR_CALL -> true;
            default -> false;
        };
    }

    private static ElfObject relax(ElfObject object) {
        byte[] bytes = object.bytes().clone();
        ByteBuffer code = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        List<RelocationTable> tables = new ArrayList<>();
        for (RelocationTable table : object.relocations()) {
            long[] words = table.words();
            for (int entry = 0; entry < table.count(); entry++) {
                boolean inside = table.offset(entry) <= object.sections().size(table.target()) - Integer.BYTES;
                int at = object.start(table.target()) + (int) table.offset(entry);
                if (table.type(entry) == PAIR_PAGE21) {
                    if (isPairCall(object, table, entry, code)) {
                        pairCall(code, at, words, entry * RelocationTable.WORDS);
                    }
                } else if (inside && isRelaxed(table.type(entry))) {
                    relax(code, at, words, entry * RelocationTable.WORDS);
                }
            }
            tables.add(table.withWords(words));
        }
        return object.with(bytes, tables);
    }

    private static void relax(ByteBuffer code, int at, long[] words, int entry) {
        int register = code.getInt(at) & REGISTER;
        int type = switch ((int) words[entry + 1]) {
            case GOTTPREL_PAGE21 -> rewrite(code, at, MOVZ_LSL_16 | register, MOVW_TPREL_G1);
            case GOTTPREL_LO12 -> rewrite(code, at, MOVK | register, MOVW_TPREL_G0_NC);
            case DESCRIPTOR_PAGE21 -> rewrite(code, at, MOVZ_LSL_16, MOVW_TPREL_G1);
            case DESCRIPTOR_LD64_LO12 -> rewrite(code, at, MOVK, MOVW_TPREL_G0_NC);
            default -> rewrite(code, at, NOP, 0);
        };
        words[entry + 1] = words[entry + 1] & ~0xffff_ffffL | type;
    }

    /** Whether the four instructions of a call of {@code __tls_get_addr} stand there, one behind the other. */
    private static boolean isPairCall(ElfObject object, RelocationTable table, int entry, ByteBuffer code) {
        long offset = table.offset(entry);
        if (entry + 2 >= table.count() || offset > object.sections().size(table.target()) - PAIR_INSTRUCTIONS * Integer.BYTES) {
            return false;
        }
        int at = object.start(table.target()) + (int) offset;
        return table.type(entry + 1) == PAIR_ADD_LO12 && table.offset(entry + 1) == offset + Integer.BYTES
                && table.symbol(entry + 1) == table.symbol(entry) && table.addend(entry + 1) == table.addend(entry)
                && table.type(entry + 2) == CALL26 && table.offset(entry + 2) == offset + 2 * Integer.BYTES
                && object.symbols().isNamed(table.symbol(entry + 2), "__tls_get_addr")
                && (code.getInt(at) & REGISTER) == 0 && (code.getInt(at + Integer.BYTES) & REGISTER) == 0
                && code.getInt(at + 3 * Integer.BYTES) == NOP;
    }

    private static void pairCall(ByteBuffer code, int at, long[] words, int entry) {
        int[] instructions = {MOVZ_LSL_16, MOVK, MRS_X1_TPIDR, ADD_X0_X1_X0};
        int[] types = {MOVW_TPREL_G1, MOVW_TPREL_G0_NC, 0};
        for (int i = 0; i < instructions.length; i++) {
            code.putInt(at + i * Integer.BYTES, instructions[i]);
        }
        for (int i = 0; i < types.length; i++) {
            int word = entry + i * RelocationTable.WORDS + 1;
            words[word] = words[word] & ~0xffff_ffffL | types[i];
        }
    }

    private static int rewrite(ByteBuffer code, int at, int instruction, int type) {
        code.putInt(at, instruction);
        return type;
    }
}
