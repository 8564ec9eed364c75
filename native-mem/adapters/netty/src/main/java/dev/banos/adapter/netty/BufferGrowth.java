package dev.banos.adapter.netty;

/**
 * How a block of 64 KiB and more grows. The kernel moves its pages without a copy, and each page that is added is a fresh one,
 * whose first touch costs more than a copy of it. Where freed blocks are kept it is better to go on in one of those, and not
 * at each step: pages of it that nobody touches are no memory.
 *
 * <pre>
 *   16 ... 32 KiB   64 KiB                     512 KiB            2 MiB       4 MiB ...
 *   realloc         copied to a block of 256   copied to 2 MiB    in place    realloc, which moves pages
 * </pre>
 */
enum BufferGrowth {
    /** For heaps that keep nothing, or have a limit, which untouched pages count in. */
    BY_REALLOC,
    INTO_KEPT_BLOCKS;

    private static final int LEAST_BYTES = 64 << 10;
    private static final int MOST_BYTES = 4 << 20;
    private static final int AHEAD = 4;

    boolean copies(int bytes) {
        return this == INTO_KEPT_BLOCKS && bytes >= LEAST_BYTES && bytes < MOST_BYTES;
    }

    /** @param bytes of which {@link #copies} is true */
    int blockBytes(int bytes) {
        return Math.min(AHEAD * bytes, MOST_BYTES);
    }
}
