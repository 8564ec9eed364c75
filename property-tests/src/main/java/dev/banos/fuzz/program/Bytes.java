package dev.banos.fuzz.program;

/** Sizes that mean the same to every allocator of a 64-bit Linux process. */
public final class Bytes {
    /** The smallest page, which every mapping is a multiple of. */
    public static final long PAGE = 4096;

    /** Up to here a request must be served; programs keep far less than this live. */
    public static final long MODEST = 64L << 20;

    /** No address space holds a block of this size. */
    public static final long IMPOSSIBLE = 1L << 47;

    private Bytes() {
    }
}
