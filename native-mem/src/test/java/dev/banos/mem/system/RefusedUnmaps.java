package dev.banos.mem.system;

/** For the tests of other packages: what the kernel refused to unmap and is to be tried again. */
public final class RefusedUnmaps {
    private RefusedUnmaps() {
    }

    public static int count() {
        return Unmapping.refusedCount();
    }
}
