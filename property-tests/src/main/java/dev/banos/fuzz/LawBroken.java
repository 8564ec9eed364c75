package dev.banos.fuzz;

/** Carries a broken law from the model to the interpreter of the running program; it has no stack trace, for speed. */
final class LawBroken extends RuntimeException {
    private static final long serialVersionUID = 1L;

    final Law law;

    LawBroken(Law law, String details) {
        super(details, null, false, false);
        this.law = law;
    }
}
