package dev.banos.mem.mappings;

import dev.banos.mem.system.Budget;
import java.util.Objects;

/** Lets tests of other packages see how many caches the purger comes by. */
public final class MappingCaches {
    private MappingCaches() {
    }

    public static int open() {
        return MappingCache.openCaches();
    }

    /** One that is not among all caches: what its test leaves unused the purger does not come by. */
    static MappingCache alone(Budget budget, long capacity, Runnable whenPut) {
        return Objects.requireNonNull(MappingCache.make(budget, capacity, whenPut));
    }
}
