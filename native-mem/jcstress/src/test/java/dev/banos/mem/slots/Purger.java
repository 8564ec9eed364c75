package dev.banos.mem.slots;

/** In the place of the real one, which stands behind it on the class path: wakes nobody, and counts who would have. */
final class Purger {
    private static final ThreadLocal<int[]> WAKES = ThreadLocal.withInitial(() -> new int[1]);

    private Purger() {
    }

    static void wake() {
        WAKES.get()[0]++;
    }

    static void wakeIfPossible() {
        wake();
    }

    /** How often the calling thread has. */
    static int wakes() {
        return WAKES.get()[0];
    }
}
