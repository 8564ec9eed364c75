package dev.banos.loader.machine;

/** Instructions of our own, written one behind the other. */
public final class MachineCode {
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

    /** An instruction's last field, which holds how far it is from its end to {@code there}. */
    public MachineCode distance(int there) {
        image.put32(at, there - at - Integer.BYTES);
        at += Integer.BYTES;
        return this;
    }
}
