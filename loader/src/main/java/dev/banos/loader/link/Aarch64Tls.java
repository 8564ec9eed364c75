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
 * </pre>
 */
final class Aarch64Tls {
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
            case GOTTPREL_PAGE21, GOTTPREL_LO12, DESCRIPTOR_PAGE21, DESCRIPTOR_LD64_LO12, DESCRIPTOR_ADD_LO12, DESCRIPTOR_CALL -> true;
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
                if (inside && isRelaxed(table.type(entry))) {
                    relax(code, object.start(table.target()) + (int) table.offset(entry), words, entry * RelocationTable.WORDS);
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

    private static int rewrite(ByteBuffer code, int at, int instruction, int type) {
        code.putInt(at, instruction);
        return type;
    }
}
