package dev.banos.fuzz;

/** What every allocator owes its callers; {@link Promises} says which of these one target is held to. */
public enum Law {
    OVERLAP("no two live blocks share a byte"),
    ALIGNMENT("a block is aligned as promised and as asked for"),
    CONTENTS("a block keeps its contents until its owner writes or frees it"),
    REALLOC_KEEPS_PREFIX("realloc keeps the bytes up to the smaller of both sizes"),
    FAILED_REALLOC_KEEPS_BLOCK("a refused realloc leaves the block as it was"),
    CALLOC_IS_ZERO("calloc gives zeroes, on recycled memory too"),
    USABLE_SIZE("a block's usable size is at least the size asked for"),
    IMPOSSIBLE_SIZE("a size that cannot exist is refused, also where count times size overflows"),
    AVAILABILITY("a modest request is served while little is live"),
    ERRNO("a refusal sets errno to ENOMEM"),
    BAD_ALIGNMENT("an alignment that is no power of two is refused with EINVAL"),
    WRONG_FREE_IS_REFUSED("a free of anything but a live block is reported"),
    UNMAPPED_AFTER_FREE("a large block's memory is gone after its free"),
    UNMAPS_ITS_OWN("a free unmaps no memory that is not the allocator's"),
    STAYS_MAPPED("a live block stays mapped to its last byte"),
    FOOTPRINT("memory comes back after the frees"),
    NO_EXCEPTION("a valid call throws nothing"),
    NO_CRASH("a valid program ends, and not by a signal"),
    NO_HANG("every call returns"),
    BOUNDED_MEMORY("memory in use stays in proportion to what is live");

    private final String sentence;

    Law(String sentence) {
        this.sentence = sentence;
    }

    /** The law in one sentence without a full stop. */
    public String sentence() {
        return sentence;
    }
}
