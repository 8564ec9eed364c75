package dev.banos.loader.machine;

/** The fields of A64 instructions that fixups write. Each returns whether the value fits. */
public final class A64Fields {
    public static final int INSTRUCTION_BYTES = 4;
    private static final int PAGE_BITS = 12;
    private static final int IMMEDIATE_19_AT = 5;
    private static final int IMMEDIATE_12_AT = 10;
    /** Of {@code movk}; and of {@code movz}, which {@code movn} lacks. */
    private static final int MOVE_KEEPS = 1 << 29;
    private static final int MOVE_PLAIN = 1 << 30;
    private static final int IMMEDIATE_16_AT = 5;

    private A64Fields() {
    }

    /** A distance in instructions, {@code bits} wide, whose lowest bit is the instruction's bit {@code at0}. */
    static boolean branch(Image image, int at, long delta, int bits, int at0) {
        insert(image, at, delta >> 2, bits, at0);
        return (delta & 3) == 0 && fits(delta >> 2, bits);
    }

    public static boolean branch26(Image image, int at, long delta) {
        return branch(image, at, delta, 26, 0);
    }

    public static boolean delta19(Image image, int at, long delta) {
        return branch(image, at, delta, 19, IMMEDIATE_19_AT);
    }

    public static boolean delta14(Image image, int at, long delta) {
        return branch(image, at, delta, 14, IMMEDIATE_19_AT);
    }

    /** {@code adr}: the two lowest bits of the value stand apart from the others. */
    public static boolean delta21(Image image, int at, long value) {
        insert(image, at, value, 2, 29);
        insert(image, at, value >> 2, 19, IMMEDIATE_19_AT);
        return fits(value, 21);
    }

    /** {@code adrp}: the distance in pages from the instruction's page to the target's. */
    public static boolean page21(Image image, int at, long target, boolean checked) {
        long pages = (target >> PAGE_BITS) - (image.address(at) >> PAGE_BITS);
        return delta21(image, at, pages) || !checked;
    }

    /** The target's offset in its page, in units of {@code 1 << scale} bytes. */
    public static boolean low12(Image image, int at, long target, int scale) {
        long offset = target & (1 << PAGE_BITS) - 1;
        insert(image, at, offset >> scale, 12, IMMEDIATE_12_AT);
        return (offset & (1 << scale) - 1) == 0;
    }

    /** As {@link #low12}, of a target that has no bits above. */
    public static boolean all12(Image image, int at, long target, int scale) {
        return low12(image, at, target, scale) && target >>> PAGE_BITS == 0;
    }

    /** A small offset, in units of 8 bytes. */
    public static boolean low15(Image image, int at, long offset) {
        insert(image, at, offset >> 3, 12, IMMEDIATE_12_AT);
        return (offset & 7) == 0 && offset >>> 15 == 0;
    }

    /** Bits 12 to 23 of a small number. */
    public static boolean high12(Image image, int at, long value) {
        insert(image, at, value >> PAGE_BITS, 12, IMMEDIATE_12_AT);
        return value >>> 24 == 0;
    }

    /** The 16 bits of the value at {@code 16 * group}. */
    public static boolean move(Image image, int at, long value, int group, boolean checked) {
        insert(image, at, value >>> 16 * group, 16, IMMEDIATE_16_AT);
        return !checked || group == 3 || value >>> 16 * (group + 1) == 0;
    }

    /** As {@link #move}, of a signed number: {@code movz} becomes {@code movn} of the complement where it is negative. */
    public static boolean signedMove(Image image, int at, long value, int group, boolean checked) {
        long part = group == 3 ? value >>> 48 : value >> 16 * group; // the highest bits are all that there are
        int instruction = image.get32(at);
        boolean keepsOthers = (instruction & MOVE_KEEPS) != 0;
        boolean inverts = !keepsOthers && (part & 1 << 16) != 0;
        if (!keepsOthers) {
            image.put32(at, inverts ? instruction & ~MOVE_PLAIN : instruction | MOVE_PLAIN);
        }
        insert(image, at, inverts ? ~part : part, 16, IMMEDIATE_16_AT);
        return !checked || fits(part, 17);
    }

    private static boolean fits(long value, int bits) {
        return value << 64 - bits >> 64 - bits == value;
    }

    private static void insert(Image image, int at, long value, int bits, int at0) {
        int mask = (1 << bits) - 1;
        image.put32(at, image.get32(at) & ~(mask << at0) | ((int) value & mask) << at0);
    }
}
