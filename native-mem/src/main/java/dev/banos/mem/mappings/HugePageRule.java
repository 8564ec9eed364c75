package dev.banos.mem.mappings;

/** Which mappings ask for huge pages: as {@code HugePages} tells programs. */
public enum HugePageRule {
    NEVER, GROWTH, ALWAYS;

    /** In what is shorter there is little beyond the page that small pages have begun. */
    private static final long LEAST_BYTES = 2 * HugeMappings.PAGE_BYTES;

    boolean wantsNew(long bytes) {
        return this == ALWAYS && bytes >= LEAST_BYTES;
    }

    boolean wantsGrown(long bytes, long newBytes) {
        return this != NEVER && newBytes > bytes && newBytes >= LEAST_BYTES;
    }
}
