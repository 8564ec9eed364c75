package dev.banos.mem;

import dev.banos.bindings.Setting;
import dev.banos.mem.insight.LeakRecords;
import org.jspecify.annotations.Nullable;

/**
 * Whose blocks may be freed through which door. All threads share the domain of {@link Malloc}, so that any of them frees
 * any other's blocks; a heap that an application created is a domain of its own.
 */
final class Domain {
    static final Domain MALLOC = new Domain(Budget.unlimited("malloc"), null, new LeakRecords("malloc"),
            Setting.number("banos.mem.mappingCacheBytes", 0, 0, Long.MAX_VALUE),
            Setting.word("banos.mem.hugePages", HugePages.GROWTH));

    static {
        if (MALLOC.cache != null && !Hardening.ofMalloc().isNone()) {
            throw Setting.conflict("banos.mem.mappingCacheBytes", "banos.mem.hardening", "a hardened malloc keeps no mappings");
        }
    }

    final Budget budget;
    final LeakRecords leaks;
    /** The one whose budget this one's is part of, or null. */
    final @Nullable Domain parent;
    /** Null where freed mappings are not kept. */
    final @Nullable MappingCache cache;
    final HugePages hugePages;
    /** For the blocks that are remembered; null until there are any. */
    volatile @Nullable TrackedPool tracked;
    /** Changes under the lock of the domain's pool, and is read there by all who are not the owner. */
    boolean closed;
    /** Who has the blocks of a hardened heap; null for all others. Set once, before the first block. */
    @Nullable HardenedBlocks hardened;

    Domain(Budget budget, @Nullable Domain parent, LeakRecords leaks, long mappingCacheBytes, HugePages hugePages) {
        this.budget = budget;
        this.leaks = leaks;
        this.parent = parent;
        this.hugePages = hugePages;
        this.cache = MappingCache.open(budget, this, mappingCacheBytes);
    }

    /** The bytes of mappings that are kept for reuse. */
    long cachedBytes() {
        return cache == null ? 0 : cache.bytes();
    }

    void emptyCache() {
        if (cache != null) {
            cache.empty();
        }
    }

    void trimTracked() {
        TrackedPool pool = tracked;
        if (pool != null) {
            pool.trim();
        }
    }

    /** As {@link #trimTracked}, for more room in the budget, of which pages are not part. */
    void reclaimTracked() {
        TrackedPool pool = tracked;
        if (pool != null) {
            pool.reclaim();
        }
    }

    /** Frees all that is not in the pool of the heap, which is closed now. */
    void freeAll() {
        if (tracked != null) {
            tracked.destroy();
        }
        if (cache != null) {
            cache.close();
        }
        DirectMappings.freeAll(this);
    }

    @Override
    public String toString() {
        return budget.heap();
    }
}
