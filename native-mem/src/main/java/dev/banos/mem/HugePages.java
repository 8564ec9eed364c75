package dev.banos.mem;

import dev.banos.mem.mappings.HugePageRule;

/**
 * Which direct mappings ask the system for huge pages (2 MiB), if the system leaves that to programs
 * ({@code /sys/kernel/mm/transparent_hugepage/enabled} is {@code madvise}). The first touch of a huge page costs one fault
 * instead of 512, but takes the memory of the whole page. A mapping never takes more memory than its length.
 */
public enum HugePages {
    /** None does. */
    NEVER,
    /**
     * Blocks that realloc makes grow to 4 MiB or more. Such blocks are usually filled from one end to the other, so less than 2 MiB
     * of each are memory that was not written to. Growth by less than 2 MiB at a time gets no huge pages: when a page is first
     * touched, the block must be as long as the page.
     */
    GROWTH,
    /** All blocks of 4 MiB and more. One that is written to in few places takes up to 512 times the memory. */
    ALWAYS;

    HugePageRule rule() {
        return switch (this) {
            case NEVER -> HugePageRule.NEVER;
            case GROWTH -> HugePageRule.GROWTH;
            case ALWAYS -> HugePageRule.ALWAYS;
        };
    }
}
