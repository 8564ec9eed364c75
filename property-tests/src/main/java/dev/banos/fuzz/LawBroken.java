package dev.banos.fuzz;

import dev.banos.fuzz.model.Deviation;

/** Carries a broken law from the model to the interpreter of the running program; it has no stack trace, for speed. */
final class LawBroken extends RuntimeException {
    private static final long serialVersionUID = 1L;

    final Law law;
    private final String details;
    private final String addresses;

    /**
     * @param details the same in each run of a seed
     * @param addresses this run's
     */
    LawBroken(Law law, String details, String addresses) {
        super(details, null, false, false);
        this.details = details;
        this.law = law;
        this.addresses = addresses;
    }

    LawBroken(Law law, String details) {
        this(law, details, "");
    }

    /** What the model has seen, as a law. */
    static LawBroken by(Deviation seen) {
        return new LawBroken(switch (seen.kind()) {
            case OVERLAP -> Law.OVERLAP;
            case CHANGE -> Law.CONTENTS;
            case CHANGE_IN_REFUSED_REALLOC -> Law.FAILED_REALLOC_KEEPS_BLOCK;
            case LOST_PREFIX -> Law.REALLOC_KEEPS_PREFIX;
            case NOT_MAPPED -> Law.STAYS_MAPPED;
            case STILL_MAPPED -> Law.UNMAPPED_AFTER_FREE;
            case UNMAPPED_BEYOND -> Law.UNMAPS_ITS_OWN;
        }, seen.details(), seen.addresses());
    }

    Violation during(int operation) {
        return new Violation(law, operation, details, addresses);
    }
}
