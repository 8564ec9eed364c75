package dev.banos.loader.machine;

import java.util.ArrayList;
import java.util.List;

/**
 * Functions that compilers for aarch64 call for atomic operations ({@code -moutline-atomics}, their default): the processor decides how
 * they do it. libgcc has them for each program, and hides them, so a process has none to share.
 *
 * <pre>
 *     __aarch64_ cas ... 4 _acq       x0 = *x2; if (x0 == old x0) *x2 = x1       16: x0, x1 and x2, x3 and *x4
 *                swp                  x0 = *x1; *x1 = old x0
 *                ldadd ldclr ldeor ldset     likewise, with +, &amp; ~, ^, | of both
 * </pre>
 * They change x15, x16, x17 and the flags alone, which callers know of.
 */
public final class OutlineAtomics {
    public static final String PREFIX = "__aarch64_";
    /** Of each, at most; a multiple of the instructions' size. */
    public static final int BYTES = 48;

    private static final String[] OPERATIONS = {"ldadd", "ldclr", "ldeor", "ldset", "swp", "cas"};
    private static final String[] ORDERS = {"relax", "acq", "rel", "acq_rel", "sync"};
    private static final int SWP = 4;
    private static final int CAS = 5;
    private static final int SYNC = 4;
    private static final int PAIR = 16;

    private static final int RET = 0xd65f03c0;
    private static final int DMB_ISH = 0xd5033bbf;
    private static final int MOV_X16_X0 = 0xaa0003f0;
    private static final int MOV_X17_X1 = 0xaa0103f1;
    private static final int[] W16_OF_W0 = {0x53001c10, 0x53003c10, 0x2a0003f0, MOV_X16_X0}; // uxtb, uxth, mov, mov
    private static final int CMP_W0_W16 = 0x6b10001f;
    private static final int CCMP_X1_X17 = 0xfa510020;
    private static final int LDXR_X0 = 0x085f7c00;
    private static final int STXR = 0x08007c00;
    private static final int LDXP_X0_X1 = 0xc87f0400;
    private static final int STXP_X2_X3 = 0xc8200c02;
    /** {@code w17 = w0 op w16}: add, bic, eor, orr. */
    private static final int[] OPERATION = {0x0b100011, 0x0a300011, 0x4a100011, 0x2a100011};
    private static final int X_REGISTERS = 0x80000000;
    private static final int ORDERED = 1 << 15;

    private OutlineAtomics() {
    }

    /** In the order of their indices. */
    public static List<String> names() {
        List<String> names = new ArrayList<>();
        for (int operation = 0; operation < OPERATIONS.length; operation++) {
            for (int size = 1; size <= (operation == CAS ? PAIR : Long.BYTES); size *= 2) {
                for (String order : ORDERS) {
                    names.add(PREFIX + OPERATIONS[operation] + size + "_" + order);
                }
            }
        }
        return names;
    }

    /**
     * Writes all of them, {@link #BYTES} apart.
     *
     * @param large whether the processor has instructions that do each at one go (Large System Extensions)
     */
    public static void write(Image image, boolean large) {
        int at = 0;
        for (int operation = 0; operation < OPERATIONS.length; operation++) {
            for (int size = 1; size <= (operation == CAS ? PAIR : Long.BYTES); size *= 2) {
                for (int order = 0; order < ORDERS.length; order++, at += BYTES) {
                    int width = Integer.numberOfTrailingZeros(size);
                    MachineCode code = new MachineCode(image, at);
                    if (large) {
                        code.words(instruction(operation, width, acquires(order), releases(order)));
                    } else if (size == PAIR) {
                        exchangePair(code, order);
                    } else if (operation == CAS) {
                        compareAndExchange(code, width, order);
                    } else {
                        update(code, operation, width, order);
                    }
                    if (order == SYNC && !large) {
                        code.words(DMB_ISH);
                    }
                    code.words(RET);
                }
            }
        }
    }

    private static int acquires(int order) {
        return order == 1 || order >= 3 ? 1 : 0;
    }

    private static int releases(int order) {
        return order >= 2 ? 1 : 0;
    }

    private static int instruction(int operation, int width, int acquires, int releases) {
        if (operation == CAS) {
            int ordered = acquires << 22 | releases << 15;
            return ordered | (width == 4 ? 0x48207c82 : 0x08a07c41 | width << 30);
        }
        return (operation == SWP ? 0x38208020 : 0x38200020 | operation << 12) | width << 30 | acquires << 23 | releases << 22;
    }

    /** The barrier of the strictest order is enough behind the store; before it the load need not be ordered. */
    private static int load(int order) {
        return acquires(order) == 1 && order != SYNC ? ORDERED : 0;
    }

    private static int store(int order) {
        return releases(order) == 1 ? ORDERED : 0;
    }

    private static void compareAndExchange(MachineCode code, int width, int order) {
        code.words(W16_OF_W0[width]);
        code.words(LDXR_X0 | width << 30 | load(order) | 2 << 5);
        code.words(CMP_W0_W16 | (width == 3 ? X_REGISTERS : 0), branchIfNot(3));
        code.words(STXR | width << 30 | store(order) | 17 << 16 | 2 << 5 | 1);
        code.words(branchIfNotZero(17, -4));
    }

    private static void exchangePair(MachineCode code, int order) {
        code.words(MOV_X16_X0, MOV_X17_X1);
        code.words(LDXP_X0_X1 | load(order) | 4 << 5);
        code.words(CMP_W0_W16 | X_REGISTERS, CCMP_X1_X17, branchIfNot(3));
        code.words(STXP_X2_X3 | store(order) | 15 << 16 | 4 << 5);
        code.words(branchIfNotZero(15, -5));
    }

    private static void update(MachineCode code, int operation, int width, int order) {
        code.words(MOV_X16_X0);
        code.words(LDXR_X0 | width << 30 | load(order) | 1 << 5);
        boolean exchanges = operation == SWP;
        if (!exchanges) {
            code.words(OPERATION[operation] | (width == 3 ? X_REGISTERS : 0));
        }
        code.words(STXR | width << 30 | store(order) | 15 << 16 | 1 << 5 | (exchanges ? 16 : 17));
        code.words(branchIfNotZero(15, exchanges ? -2 : -3));
    }

    private static int branchIfNot(int words) {
        return 0x54000001 | words << 5;
    }

    private static int branchIfNotZero(int register, int words) {
        return 0x35000000 | (words & (1 << 19) - 1) << 5 | register;
    }
}
