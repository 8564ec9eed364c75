package dev.banos.mem.system;

import dev.banos.bindings.Setting;

/**
 * The address space that all runs live in: reserved once, without access and without memory behind it, so that telling
 * our addresses from others is one subtraction and one comparison. 2 MiB aligned, so that huge pages can serve it.
 */
public final class Reservation {
    private static final long ALIGNMENT = 2L << 20;
    private static final long SMALLEST = 32L << 20;
    /** Under a limit on address space less is taken: by halves until it fits, and then half of that. */
    private static final long WANTED = roundUp(
            Setting.number("banos.mem.reservation", 256L << 30, 1, 1L << 46));

    /** 0 when not even the smallest reservation could be had: then every small malloc is out of memory. */
    public static final long BASE;
    public static final long BYTES;

    static {
        long bytes = WANTED;
        long start = Kernel.reserve(bytes + ALIGNMENT);
        while (Kernel.failed(start) && bytes > SMALLEST) {
            bytes = roundUp(bytes / 2);
            start = Kernel.reserve(bytes + ALIGNMENT);
        }
        if (bytes < WANTED && bytes > SMALLEST && !Kernel.failed(start)) {
            long kept = roundUp(bytes / 2); // direct mappings, and everybody else, have the rest
            Kernel.unmap(start + kept + ALIGNMENT, bytes - kept);
            bytes = kept;
        }
        BASE = Kernel.failed(start) ? 0 : roundUp(start);
        BYTES = BASE == 0 ? 0 : bytes;
    }

    private Reservation() {
    }

    public static boolean holds(long address) {
        return Long.compareUnsigned(address - BASE, BYTES) < 0;
    }

    /** Takes the reservation now, where otherwise the first small block does: later there may be no addresses left. */
    public static void secure() {
        assert BYTES >= 0; // being here has initialised this class
    }

    private static long roundUp(long value) {
        return (value + ALIGNMENT - 1) & -ALIGNMENT;
    }
}
