package dev.banos.mem.mappings;

/** Lets tests of other packages see how many caches the purger comes by. */
public final class MappingCaches {
    private MappingCaches() {
    }

    public static int open() {
        return MappingCache.openCaches();
    }
}
