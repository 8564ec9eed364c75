package dev.banos.fuzz.model;

/** Memory is not as the model has it. Carried to the interpreter of the running program; it has no stack trace, for speed. */
public final class Deviation extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What was seen. */
    public enum Kind {
        /** A new block shares bytes with a live one. */
        OVERLAP,
        /** A block holds something else than its owner wrote. */
        CHANGE,
        /** As CHANGE, when a realloc of the block was refused. */
        CHANGE_IN_REFUSED_REALLOC,
        /** A realloc did not keep what the block held. */
        LOST_PREFIX,
        /** A live block is not mapped to its last byte. */
        NOT_MAPPED,
        /** A freed block is still mapped, where it must not be. */
        STILL_MAPPED,
        /** A free unmapped what belongs to somebody else. */
        UNMAPPED_BEYOND
    }

    private final Kind kind;
    private final String details;
    private final String addresses;

    /**
     * @param details the same in each run of a seed
     * @param addresses this run's
     */
    Deviation(Kind kind, String details, String addresses) {
        super(details, null, false, false);
        this.kind = kind;
        this.details = details;
        this.addresses = addresses;
    }

    public Kind kind() {
        return kind;
    }

    /** Sizes and contents, with places as offsets into blocks. */
    public String details() {
        return details;
    }

    /** Where the blocks lay, and what was found there. */
    public String addresses() {
        return addresses;
    }
}
