package dev.banos.loader.machine;

import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.RelocationTable;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Shorter ways to thread-local variables whose distance from the thread pointer is known: "ELF Handling For Thread-Local
 * Storage", section 5. The instructions are rewritten before the phases run, and their relocations become {@code TPOFF32}, or
 * nothing.
 *
 * <pre>
 *     general dynamic   lea x@tlsgd(%rip),%rdi; call __tls_get_addr     mov %fs:0,%rax; lea x@tpoff(%rax),%rax
 *     local dynamic     lea x@tlsld(%rip),%rdi; call __tls_get_addr     mov %fs:0,%rax
 *     either, in the    lea; movabs $__tls_get_addr@pltoff,%rax;        the same, and a long nop
 *     large code model  add %rbx,%rax; call *%rax
 *     initial exec      mov x@gottpoff(%rip),%reg                       mov $x@tpoff,%reg
 *     descriptor        lea x@tlsdesc(%rip),%rax; call *(%rax)          mov $x@tpoff,%rax; xchg %ax,%ax
 * </pre>
 * In a program that is everything; what cannot be rewritten stays as it is. In a module that is loaded later only descriptors
 * are, since nobody else would serve them; so their variables need the room that glibc keeps for late comers.
 *
 * <p>There, the call of {@code -fno-plt} through the GOT becomes a direct one of the usual form, with REX.W right before its opcode.
 * As any other such call it would get a prefix in between, which leaves its operand size 16 bits: Intel's processors take no
 * notice in a call, AMD's cut the target.
 */
final class X8664Tls {
    private static final int PC32 = 2;
    private static final int PLT32 = 4;
    private static final int GOTPCREL = 9;
    private static final int DTPOFF64 = 17;
    private static final int TPOFF64 = 18;
    private static final int TLSGD = 19;
    private static final int TLSLD = 20;
    private static final int DTPOFF32 = 21;
    private static final int GOTTPOFF = 22;
    private static final int TPOFF32 = 23;
    private static final int PLTOFF64 = 31;
    private static final int TLSDESC_LEA = 34;
    private static final int TLSDESC_CALL = 35;
    private static final int GOTPCRELX = 41;
    private static final int REX_GOTPCRELX = 42;

    private static final int[] GD_LEA = {0x66, 0x48, 0x8d, 0x3d};
    private static final int[] GD_CALL = {0x66, 0x66, 0x48, 0xe8};
    private static final int[] GD_CALL_NO_PLT = {0x66, 0x48, 0xff, 0x15};
    private static final int[] GD_RELAXED = {0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0, 0x48, 0x8d, 0x80, 0, 0, 0, 0};
    private static final int[] LD_LEA = {0x48, 0x8d, 0x3d};
    private static final int[] CALL = {0xe8};
    private static final int[] CALL_NO_PLT = {0xff, 0x15};
    private static final int[] LD_RELAXED = {0x66, 0x66, 0x66, 0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0};
    private static final int[] LD_RELAXED_NO_PLT = {0x66, 0x66, 0x66, 0x66, 0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0};
    /** Of the large code model: {@code movabs}, and behind its field the sum with the table's address, which is in one of two registers. */
    private static final int[] MOVABS_RAX = {0x48, 0xb8};
    private static final int[] ADD_RBX_CALL = {0x48, 0x01, 0xd8, 0xff, 0xd0};
    private static final int[] ADD_R15_CALL = {0x4c, 0x01, 0xf8, 0xff, 0xd0};
    private static final int[] GD_RELAXED_LARGE = {0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0, 0x48, 0x8d, 0x80, 0, 0, 0, 0,
        0x66, 0x0f, 0x1f, 0x44, 0, 0};
    private static final int[] LD_RELAXED_LARGE = {0x66, 0x66, 0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0,
        0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0};
    private static final int[] CALL_RAX = {0xff, 0x10};
    private static final int[] XCHG_AX_AX = {0x66, 0x90};
    private static final int FIELD_BYTES = 4;
    private static final int MOV = 0x8b;
    private static final int ADD = 0x03;
    private static final int LEA = 0x8d;
    private static final int MOV_IMMEDIATE = 0xc7;
    private static final int ADD_IMMEDIATE = 0x81;
    private static final int RSP_OR_R12 = 4;

    private final ElfObject object;
    private final boolean program;
    private final byte[] bytes;
    // The table that is being read, and what becomes of it.
    @SuppressWarnings("NullAway.Init")
    private RelocationTable table;
    @SuppressWarnings("NullAway.Init")
    private long[] words;

    private X8664Tls(ElfObject object, boolean program) {
        this.object = object;
        this.program = program;
        this.bytes = object.bytes().clone();
    }

    /** @param program whether the block lies at a known distance from the thread pointer anyway */
    static ElfObject relaxed(ElfObject object, boolean program) {
        for (RelocationTable table : object.relocations()) {
            boolean any = table.mayHold(TLSDESC_LEA) || table.mayHold(TLSDESC_CALL) || table.mayHold(TLSGD);
            for (int type = DTPOFF64; program && !any && type <= TPOFF32; type++) {
                any = table.mayHold(type);
            }
            if (any) {
                return new X8664Tls(object, program).relax();
            }
        }
        return object;
    }

    private ElfObject relax() {
        boolean moduleToo = program && everyModuleCallFits();
        List<RelocationTable> tables = new ArrayList<>();
        for (RelocationTable each : object.relocations()) {
            table = each;
            words = each.words();
            for (int entry = 0; entry < table.count(); entry++) {
                relax(entry, moduleToo);
            }
            tables.add(each.withWords(words));
        }
        return object.with(bytes, tables);
    }

    /** Offsets in the block mean something else once one call is rewritten: either all of them are, or none. */
    private boolean everyModuleCallFits() {
        for (RelocationTable each : object.relocations()) {
            table = each;
            for (int entry = 0; entry < each.count(); entry++) {
                if (each.type(entry) == TLSLD && moduleCall(entry) == null) {
                    return false;
                }
            }
        }
        return true;
    }

    private void relax(int entry, boolean moduleToo) {
        switch (table.type(entry)) {
            case TLSDESC_LEA -> descriptor(entry);
            case TLSDESC_CALL -> {
                if (matches(entry, 0, CALL_RAX)) {
                    write(entry, 0, XCHG_AX_AX);
                    become(entry, 0, 0, 0);
                }
            }
            case GOTTPOFF -> {
                if (program) {
                    load(entry);
                }
            }
            case TLSGD -> call(entry);
            case TLSLD -> {
                int[] call = moduleToo ? moduleCall(entry) : null;
                if (call != null) {
                    write(entry, -3, call);
                    become(entry, 0, 0, 0);
                    become(entry + 1, 0, 0, 0);
                }
            }
            case DTPOFF32 -> become(entry, moduleToo ? TPOFF32 : DTPOFF32, 0, 0);
            case DTPOFF64 -> become(entry, moduleToo ? TPOFF64 : DTPOFF64, 0, 0);
            default -> { }
        }
    }

    private void call(int entry) {
        boolean indirect = isCall(entry, 8) && matches(entry, -4, GD_LEA) && matches(entry, 4, GD_CALL_NO_PLT);
        if (indirect && !program) {
            write(entry, 4, GD_CALL);
            become(entry + 1, PLT32, 0, 0);
        } else if (indirect || program && isCall(entry, 8) && matches(entry, -4, GD_LEA) && matches(entry, 4, GD_CALL)) {
            write(entry, -4, GD_RELAXED);
            become(entry, TPOFF32, 8, FIELD_BYTES);
            become(entry + 1, 0, 0, 0);
        } else if (program && isLargeCall(entry)) {
            write(entry, -3, GD_RELAXED_LARGE);
            become(entry, TPOFF32, 9, FIELD_BYTES);
            become(entry + 1, 0, 0, 0);
        }
    }

    /** What replaces the call for the module's own block, or null where it looks otherwise than compilers write it. */
    private int @Nullable [] moduleCall(int entry) {
        if (!matches(entry, -3, LD_LEA)) {
            return null;
        }
        if (matches(entry, 4, CALL) && isCall(entry, 5)) {
            return LD_RELAXED;
        }
        if (matches(entry, 4, CALL_NO_PLT) && isCall(entry, 6)) {
            return LD_RELAXED_NO_PLT;
        }
        return isLargeCall(entry) ? LD_RELAXED_LARGE : null;
    }

    /** Whether there follows the call of the large code model, by way of the function's distance from the table. */
    private boolean isLargeCall(int entry) {
        return entry + 1 < table.count() && table.type(entry + 1) == PLTOFF64 && table.offset(entry + 1) == table.offset(entry) + 6
                && matches(entry, -3, LD_LEA) && matches(entry, 4, MOVABS_RAX)
                && (matches(entry, 14, ADD_RBX_CALL) || matches(entry, 14, ADD_R15_CALL));
    }

    /** Whether the next relocation is that of the call, and its field lies wholly in the section. */
    private boolean isCall(int entry, int distance) {
        if (entry + 1 >= table.count() || table.offset(entry + 1) != table.offset(entry) + distance
                || table.offset(entry + 1) > object.sections().size(table.target()) - FIELD_BYTES) {
            return false;
        }
        return switch (table.type(entry + 1)) {
            case PC32, PLT32, GOTPCREL, GOTPCRELX, REX_GOTPCRELX -> true;
            default -> false;
        };
    }

    private void descriptor(int entry) {
        if (isRipRelative(entry) && get(entry, -2) == LEA) {
            int rex = get(entry, -3);
            int register = get(entry, -1) >> 3 & 7;
            write(entry, -3, 0x48 | rex >> 2 & 1, MOV_IMMEDIATE, 0xc0 | register);
            become(entry, TPOFF32, 0, FIELD_BYTES);
        }
    }

    private void load(int entry) {
        if (!isRipRelative(entry)) {
            return;
        }
        int extended = get(entry, -3) >> 2 & 1;
        int register = get(entry, -1) >> 3 & 7;
        switch (get(entry, -2)) {
            case MOV -> write(entry, -3, 0x48 | extended, MOV_IMMEDIATE, 0xc0 | register);
            case ADD -> {
                if (register == RSP_OR_R12) { // lea of these takes a byte more
                    write(entry, -3, 0x48 | extended, ADD_IMMEDIATE, 0xc0 | register);
                } else {
                    write(entry, -3, 0x48 | extended << 2 | extended, LEA, 0x80 | register << 3 | register);
                }
            }
            default -> {
                return;
            }
        }
        become(entry, TPOFF32, 0, FIELD_BYTES);
    }

    /** Whether the field belongs to an instruction with a REX.W prefix that reads memory behind the instruction pointer. */
    private boolean isRipRelative(int entry) {
        return isInside(entry, -3, FIELD_BYTES) && (get(entry, -3) & 0xfb) == 0x48 && (get(entry, -1) & 0xc7) == 0x05;
    }

    private boolean isInside(int entry, int from, int to) {
        long offset = table.offset(entry);
        return offset + from >= 0 && offset + to <= object.sections().size(table.target());
    }

    private boolean matches(int entry, int from, int[] code) {
        if (!isInside(entry, from, from + code.length)) {
            return false;
        }
        for (int i = 0; i < code.length; i++) {
            if (get(entry, from + i) != code[i]) {
                return false;
            }
        }
        return true;
    }

    private int get(int entry, int distance) {
        return object.bytes()[position(entry) + distance] & 0xff;
    }

    private void write(int entry, int from, int... code) {
        for (int i = 0; i < code.length; i++) {
            bytes[position(entry) + from + i] = (byte) code[i];
        }
    }

    private int position(int entry) {
        return object.start(table.target()) + (int) table.offset(entry);
    }

    private void become(int entry, int type, int moved, int addend) {
        int at = entry * RelocationTable.WORDS;
        words[at] += moved;
        words[at + 1] = words[at + 1] & ~0xffff_ffffL | type;
        words[at + 2] += addend;
    }
}
