package dev.banos.mem.mappings;

import dev.banos.mem.system.Kernel;

/**
 * The lengths that mappings of a heap with a {@link MappingCache} have, by number. Up to sixteen pages each length is its own; then
 * there are eight to a doubling, and less than one eighth is added.
 *
 * <pre>
 *   pages     1  2 ... 16   18  20 ... 32   36 ...
 *   number    0  1 ... 15   16  17 ... 23   24 ...
 * </pre>
 */
final class MappingLengths {
    private static final int STEPS_PER_DOUBLING = 8;
    private static final int LOG_STEPS = Integer.numberOfTrailingZeros(STEPS_PER_DOUBLING);

    private MappingLengths() {
    }

    /** The least one that holds {@code bytes}. */
    static long rounded(long bytes) {
        long last = bytes / Kernel.PAGE_BYTES - 1;
        int step = step(last);
        return ((last >>> step) + 1 << step) * Kernel.PAGE_BYTES;
    }

    /** The number of the least one that holds {@code bytes}. */
    static int indexOf(long bytes) {
        long last = bytes / Kernel.PAGE_BYTES - 1;
        int step = step(last);
        return (step << LOG_STEPS) + (int) (last >>> step);
    }

    private static int step(long last) {
        return Long.SIZE - 1 - LOG_STEPS - Long.numberOfLeadingZeros(last | STEPS_PER_DOUBLING);
    }

    /** The one of that number, in bytes. */
    static long of(int index) {
        int step = Math.max(0, index / STEPS_PER_DOUBLING - 1);
        return (index - (step << LOG_STEPS) + 1L << step) * Kernel.PAGE_BYTES;
    }
}
