package dev.banos.fuzz;

/**
 * A law that a program broke.
 *
 * @param operation the index of the operation during which it was seen; the program's length if it was seen while the
 *        blocks that were still live were checked and freed at the end
 * @param details addresses, sizes and bytes; one line or a few
 */
public record Violation(Law law, int operation, String details) {
    boolean breaksSameLawAs(Violation other) {
        return other != null && law == other.law;
    }
}
