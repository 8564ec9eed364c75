package dev.banos.mem.mappings;

import dev.banos.mem.system.Budget;

/** Lets tests of other packages see how many caches the purger comes by. */
public final class MappingCaches {
    private MappingCaches() {
    }

    public static int open() {
        return MappingCache.openCaches();
    }

    static MappingCache open(Budget budget, long capacity, Runnable whenPut) {
        MappingCache cache = MappingCache.make(budget, capacity, whenPut);
        cache.open();
        return cache;
    }
}
