package dev.banos.loader.machine;

/** Instructions of our own, written one behind the other. */
public final class MachineCode {
    private static final int NEARBY_AT = 5;
    private static final int NEARBY_MASK = (1 << 19) - 1;

    private final Image image;
    private int at;

    public MachineCode(Image image, int at) {
        this.image = image;
        this.at = at;
    }

    public MachineCode bytes(int... bytes) {
        for (int each : bytes) {
            image.put8(at++, each);
        }
        return this;
    }

    /** Instructions of four bytes each. */
    public MachineCode words(int... words) {
        for (int each : words) {
            image.put32(at, each);
            at += Integer.BYTES;
        }
        return this;
    }

    /**
     * An A64 instruction about what lies within a mebibyte, a multiple of four bytes away.
     *
     * @param instruction with a distance of 0
     */
    public MachineCode nearby(int instruction, int there) {
        return words(instruction | (there - at >> 2 & NEARBY_MASK) << NEARBY_AT);
    }

    /** An instruction's last field, which holds how far it is from its end to {@code there}. */
    public MachineCode distance(int there) {
        image.put32(at, there - at - Integer.BYTES);
        at += Integer.BYTES;
        return this;
    }
}
