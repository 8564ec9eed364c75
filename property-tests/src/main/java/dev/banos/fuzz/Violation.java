package dev.banos.fuzz;

import org.jspecify.annotations.Nullable;

/**
 * A law that a program broke. Equal seeds give equal laws, operations and details; only the addresses differ from run to run.
 *
 * @param law which was broken
 * @param operation the index of the operation during which it was seen; the program's length if it was seen while the blocks
 *     that were still live were checked and freed at the end
 * @param details sizes and contents, with places as offsets into blocks; one line or a few
 * @param addresses where the blocks lay in this run and which bytes were found there; empty where that says nothing
 */
public record Violation(Law law, int operation, String details, String addresses) {
    Violation(Law law, int operation, String details) {
        this(law, operation, details, "");
    }

    boolean breaksSameLawAs(@Nullable Violation other) {
        return other != null && law == other.law;
    }
}
