package dev.banos.fuzz;

/**
 * A broken law with the shortest program that was found to break it.
 *
 * @param target as the command line names it
 * @param seed of the campaign
 * @param tryNumber which of its programs broke the law first; -1 for a program of the corpus
 * @param program the shrunk program
 * @param violation what the shrunk program breaks
 * @param mode how the program must be run: LOCKSTEP, FREELY, RACED or REPEATED
 * @param rounds within how many rounds a RACED program broke the law; otherwise 1
 * @param originalLength operations of the program before it was shrunk
 * @param reproduced whether the program was seen to break the law again when it ran alone
 */
public record Finding(String target, long seed, long tryNumber, Program program, Violation violation, String mode,
        int rounds, int originalLength, boolean reproduced) {

    /** {@return the law and the calls of the shrunk program, without sizes, which are the same for findings of one kind} */
    public String kind() {
        StringBuilder kind = new StringBuilder(violation.law().name());
        if (reproduced) {
            for (int i = 0; i < program.length(); i++) {
                kind.append('-').append(program.operations().kind(i));
            }
        }
        return kind.toString();
    }

    /** {@return the report, on one screen} */
    @Override
    public String toString() {
        return Report.text(this);
    }
}
