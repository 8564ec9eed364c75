package dev.banos.fuzz;

import dev.banos.fuzz.program.Mode;
import dev.banos.fuzz.program.Operations;
import org.jspecify.annotations.Nullable;

/** Runs programs on a target, in this process or in another. After any violation the target's state is given up. */
interface Runner extends AutoCloseable {
    /**
     * The first try of a range that broke a law.
     *
     * @param violation which law, and how
     * @param tryNumber the try that broke it
     * @param program the program of that try
     * @param mode how it ran
     * @param suspected whether a law may have broken or not: the same programs in order will tell
     */
    record Failure(Violation violation, long tryNumber, Operations program, Mode mode, boolean suspected) {
        Failure(Violation violation, long tryNumber, Operations program, Mode mode) {
            this(violation, tryNumber, program, mode, false);
        }
    }

    /** The tries from {@code first} to {@code first + count - 1}, up to the first that breaks a law; null if none does. */
    @Nullable Failure tries(long first, int count);

    /** The program on a fresh target, or on one as fresh as there is; null if every law held. */
    @Nullable Violation replay(Operations program, Mode mode);

    /**
     * Gives up what programs have left behind in a target that a replay does not make anew.
     *
     * @return false where each replay makes it anew
     */
    default boolean renew() {
        return false;
    }

    /** The program as a race of this many rounds at most, on a fresh target; null if every law held. */
    @Nullable Violation race(Operations program, int rounds);

    /** How many rounds of the last race were over when it ended. */
    int roundsOfRace();

    /** All programs of these tries as one, each freeing what it left live; a single one as it is. */
    Operations history(long first, long last);

    /** From now on a break of this law is no finding. */
    void waive(Law law);

    /** From now on nothing is suspected. */
    void trust();

    /** What was covered since the last call. */
    long[] takeCoverage();

    @Override
    void close();
}
