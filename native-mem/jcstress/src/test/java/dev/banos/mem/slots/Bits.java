package dev.banos.mem.slots;

import dev.banos.mem.system.Words;

/** The first words of a run's two bitmaps, for tests of what lies above this package. */
public final class Bits {
    private Bits() {
    }

    public static long local(Run run) {
        return Words.getAcquire(run.local);
    }

    public static long remote(Run run) {
        return Words.getAcquire(run.remote);
    }
}
