package dev.banos.mem;

import dev.banos.bindings.Setting;

/**
 * Whose blocks may be freed through which door. All threads share the domain of {@link Malloc}, so that any of them frees
 * any other's blocks; a heap that an application created is a domain of its own.
 */
final class Domain {
    static final Domain MALLOC = new Domain("malloc", Budget.unlimited("malloc"), null,
            Setting.number("banos.mem.mappingCacheBytes", 0, 0, Long.MAX_VALUE),
            Setting.word("banos.mem.hugePages", HugePages.GROWTH));

    static {
        if (MALLOC.cache != null && !Hardening.ofMalloc().isNone()) {
            throw Setting.conflict("banos.mem.mappingCacheBytes", "banos.mem.hardening", "a hardened malloc keeps no mappings");
        }
    }

    private final String name;
    final Budget budget;
    /** The one whose budget this one's is part of, or null. */
    final Domain parent;
    /** Null where freed mappings are not kept. */
    final MappingCache cache;
    final HugePages hugePages;
    /** Changes under the lock of the domain's pool, and is read there by all who are not the owner. */
    boolean closed;
    /** Who has the blocks of a hardened heap; null for all others. Set once, before the first block. */
    HardenedBlocks hardened;

    Domain(String name, Budget budget, Domain parent, long mappingCacheBytes, HugePages hugePages) {
        this.name = name;
        this.budget = budget;
        this.parent = parent;
        this.cache = MappingCache.open(budget, mappingCacheBytes);
        this.hugePages = hugePages;
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

    @Override
    public String toString() {
        return name;
    }
}
