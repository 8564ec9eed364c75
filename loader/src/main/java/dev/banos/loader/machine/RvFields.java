package dev.banos.loader.machine;

/** The fields of RISC-V instructions that fixups write. Each returns whether the value fits. */
public final class RvFields {
    private static final int ROUND = 0x800;
    private static final int LOW_BITS = 12;
    private static final int OPCODE = 0x7f;
    private static final int AUIPC = 0x17;
    private static final int LUI = 0x37;
    private static final int REGISTER_AND_OPCODE = 0xfff;
    private static final int NOP = 0x13;
    private static final int LUI_A0 = 0x537;
    private static final int ADDI_A0_A0 = 0x50513;
    private static final int ADDI_A0_ZERO = 0x513;
    private static final int C_LI = 0x4000;
    private static final int C_LI_KEEPS = 0x0f83;

    private RvFields() {
    }

    /** Whether a high and a low part reach that far. */
    public static boolean isNear(long delta) {
        return delta + ROUND == (int) (delta + ROUND);
    }

    /** {@code lui}, {@code auipc}: what the signed low part leaves, in units of 4 KiB. */
    public static boolean high20(Image image, int at, long value) {
        long rounded = value + ROUND;
        image.put32(at, image.get32(at) & REGISTER_AND_OPCODE | (int) rounded & ~REGISTER_AND_OPCODE);
        return isNear(value);
    }

    /** Turns an {@code auipc} into the {@code lui} that gives zero, for what is nowhere. */
    public static boolean zero(Image image, int at) {
        int instruction = image.get32(at);
        if ((instruction & OPCODE) != AUIPC) {
            return false;
        }
        image.put32(at, instruction & REGISTER_AND_OPCODE & ~OPCODE | LUI);
        return true;
    }

    /** Writes the instruction that does nothing. */
    public static boolean nop(Image image, int at) {
        image.put32(at, NOP);
        return true;
    }

    /** {@code lui a0}, which a small value needs not. */
    public static boolean descriptorHigh20(Image image, int at, long value) {
        image.put32(at, isSmall(value) ? NOP : LUI_A0);
        return isSmall(value) || high20(image, at, value);
    }

    /** {@code addi a0}. */
    public static boolean descriptorLow12(Image image, int at, long value) {
        image.put32(at, isSmall(value) ? ADDI_A0_ZERO : ADDI_A0_A0);
        return low12I(image, at, value);
    }

    private static boolean isSmall(long value) {
        return value + ROUND >>> LOW_BITS == 0;
    }

    /** Bits 31 to 20. */
    public static boolean low12I(Image image, int at, long value) {
        image.put32(at, image.get32(at) & 0x000fffff | (int) value << 20);
        return true;
    }

    /** Bits 31 to 25 and 11 to 7. */
    public static boolean low12S(Image image, int at, long value) {
        int low = (int) value;
        image.put32(at, image.get32(at) & 0x01fff07f | bits(low, 5, 7) << 25 | bits(low, 0, 5) << 7);
        return true;
    }

    /** {@code auipc} and {@code jalr}. */
    public static boolean call(Image image, int at, long delta) {
        low12I(image, at + Integer.BYTES, delta);
        return high20(image, at, delta);
    }

    /** Bit 12 of the distance, then 10 to 5; 4 to 1, then 11. */
    public static boolean branch12(Image image, int at, long delta) {
        int d = (int) delta;
        image.put32(at, image.get32(at) & 0x01fff07f | bits(d, 12, 1) << 31 | bits(d, 5, 6) << 25 | bits(d, 1, 4) << 8
                | bits(d, 11, 1) << 7);
        return fits(delta, 13);
    }

    /** Bit 20 of the distance, then 10 to 1, 11, 19 to 12. */
    public static boolean jump20(Image image, int at, long delta) {
        int d = (int) delta;
        image.put32(at, image.get32(at) & 0x00000fff | bits(d, 20, 1) << 31 | bits(d, 1, 10) << 21 | bits(d, 11, 1) << 20
                | bits(d, 12, 8) << 12);
        return fits(delta, 21);
    }

    /** {@code c.beqz}: bit 8 of the distance, then 4 and 3; 7, 6, 2, 1, 5. */
    public static boolean shortBranch8(Image image, int at, long delta) {
        int d = (int) delta;
        image.put16(at, image.get16(at) & 0xe383 | bits(d, 8, 1) << 12 | bits(d, 3, 2) << 10 | bits(d, 6, 2) << 5
                | bits(d, 1, 2) << 3 | bits(d, 5, 1) << 2);
        return fits(delta, 9);
    }

    /** {@code c.j}: bit 11 of the distance, then 4, 9, 8, 10, 6, 7, 3 to 1, 5. */
    public static boolean shortJump11(Image image, int at, long delta) {
        int d = (int) delta;
        image.put16(at, image.get16(at) & 0xe003 | bits(d, 11, 1) << 12 | bits(d, 4, 1) << 11 | bits(d, 8, 2) << 9
                | bits(d, 10, 1) << 8 | bits(d, 6, 1) << 7 | bits(d, 7, 1) << 6 | bits(d, 1, 3) << 3 | bits(d, 5, 1) << 2);
        return fits(delta, 12);
    }

    /** {@code c.lui}; it cannot load zero, which {@code c.li} can. */
    public static boolean shortHigh6(Image image, int at, long value) {
        long high = value + ROUND >> LOW_BITS;
        if (high == 0) {
            image.put16(at, image.get16(at) & C_LI_KEEPS | C_LI);
            return true;
        }
        image.put16(at, image.get16(at) & 0xef83 | bits((int) high, 5, 1) << 12 | bits((int) high, 0, 5) << 2);
        return high << 58 >> 58 == high;
    }

    /** Distances are even: instructions are. */
    private static boolean fits(long delta, int bits) {
        return (delta & 1) == 0 && delta << 64 - bits >> 64 - bits == delta;
    }

    private static int bits(int value, int from, int count) {
        return value >>> from & (1 << count) - 1;
    }
}
