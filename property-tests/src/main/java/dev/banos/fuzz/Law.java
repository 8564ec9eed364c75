package dev.banos.fuzz;

/** The laws that allocators are held to; {@link Promises} says which of these hold for one target. */
public enum Law {
    /** C17, 7.22.3: each allocation yields an object that is disjoint from any other. */
    OVERLAP("no two live blocks share a byte"),
    /** C17, 7.22.3, and what {@link Promises#alignment()} says. */
    ALIGNMENT("a block is aligned as promised and as asked for"),
    /** C17, 6.2.4: an object retains its last-stored value throughout its lifetime. */
    CONTENTS("a block keeps its contents until its owner writes or frees it"),
    /** C17, 7.22.3.5. */
    REALLOC_KEEPS_PREFIX("realloc keeps the bytes up to the smaller of both sizes"),
    /** C17, 7.22.3.5: the old object is not deallocated, and its value is unchanged. */
    FAILED_REALLOC_KEEPS_BLOCK("a refused realloc leaves the block as it was"),
    /** C17, 7.22.3.2: all bits zero. */
    CALLOC_IS_ZERO("calloc gives zeroes, on recycled memory too"),
    /** glibc's {@code malloc_usable_size}. */
    USABLE_SIZE("a block's usable size is at least the size asked for"),
    /** C17, 7.22.3: what cannot be allocated gives a null pointer. */
    IMPOSSIBLE_SIZE("a size that cannot exist is refused, also where count times size overflows"),
    /** Not C's, which may refuse anything: without it an allocator that always refuses would be lawful. */
    AVAILABILITY("a modest request is served while little is live"),
    /** POSIX.1-2017, malloc. */
    ERRNO("a refusal sets errno to ENOMEM"),
    /** POSIX.1-2017, posix_memalign. */
    BAD_ALIGNMENT("an alignment that is no power of two is refused with EINVAL"),
    /** For allocators of {@link Promises#checksFrees()}: C leaves it undefined. */
    WRONG_FREE_IS_REFUSED("a free of anything but a live block is reported"),
    /** For allocators of {@link Promises#unmapsFrom()}. */
    UNMAPPED_AFTER_FREE("a large block's memory is gone after its free"),
    /** The page behind a large block is looked at before and after its free. */
    UNMAPS_ITS_OWN("a free unmaps no memory that is not the allocator's"),
    /** Asked of the kernel, and not by a read that may hit another mapping. */
    STAYS_MAPPED("a live block stays mapped to its last byte"),
    /** For allocators of {@link Promises#returnsFootprint()}. */
    FOOTPRINT("memory comes back after the frees"),
    /** C functions do not unwind; a Java allocator throws only where {@link Promises#checksFrees()} has it. */
    NO_EXCEPTION("a valid call throws nothing"),
    /** What a program of valid calls must not do to its process. */
    NO_CRASH("a valid program ends, and not by a signal"),
    /** Seen by a watchdog, after some seconds without a call that returns. */
    NO_HANG("every call returns"),
    /** Fragmentation that grows without bound is a leak by another name. */
    BOUNDED_MEMORY("memory in use stays in proportion to what is live");

    private final String sentence;

    Law(String sentence) {
        this.sentence = sentence;
    }

    /** {@return the law in one sentence without a full stop} */
    public String sentence() {
        return sentence;
    }

    /** Whether it is about an answer, after whose break all is as the model has it: known once, it would hide all other findings. */
    boolean isOfAnswers() {
        return this == ERRNO || this == BAD_ALIGNMENT;
    }
}
