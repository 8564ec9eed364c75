package dev.banos.mem.system;

/** For the tests of other packages: what was not unmapped and is to be tried again, and the limit that decides. */
public final class RefusedUnmaps {
    private RefusedUnmaps() {
    }

    public static int count() {
        return Unmapping.refusedCount();
    }

    /** @param limit how many mappings the process may have, as far as Banos knows; 0: what the kernel says */
    public static void limitOfMappings(long limit) {
        MappingCount.limitForTest(limit);
    }
}
