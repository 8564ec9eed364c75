package dev.banos.loader;

/**
 * A version as the driver ABI packs it into 32 bits: 8 bits major, 8 minor, 16 patch.
 *
 * @param major 0 to 255
 * @param minor 0 to 255
 * @param patch 0 to 65535
 */
public record Version(int major, int minor, int patch) implements Comparable<Version> {
    /** The version of the driver ABI that this version of Banos offers. */
    public static final Version CURRENT = new Version(0, 0, 1);

    private static final int LARGEST_BYTE = 0xff;
    private static final int LARGEST_PATCH = 0xffff;

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one does not fit its bits
     */
    public Version {
        if (major < 0 || major > LARGEST_BYTE || minor < 0 || minor > LARGEST_BYTE || patch < 0 || patch > LARGEST_PATCH) {
            throw new IllegalArgumentException("major=" + major + " minor=" + minor + " patch=" + patch
                    + " do not fit 8, 8 and 16 bits");
        }
    }

    static Version unpack(int packed) {
        return new Version(packed >>> 24, packed >>> 16 & LARGEST_BYTE, packed & LARGEST_PATCH);
    }

    /** {@return the version as {@code BANOS_VERSION_MAKE} packs it: the major number in the highest bits} */
    public int packed() {
        return major << 24 | minor << 16 | patch;
    }

    @Override
    public int compareTo(Version other) {
        return Integer.compareUnsigned(packed(), other.packed());
    }

    @Override
    public String toString() {
        return major + "." + minor + "." + patch;
    }
}
