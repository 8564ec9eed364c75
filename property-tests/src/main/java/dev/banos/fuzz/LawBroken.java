package dev.banos.fuzz;

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

    Violation during(int operation) {
        return new Violation(law, operation, details, addresses);
    }
}
