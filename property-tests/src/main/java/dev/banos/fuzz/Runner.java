package dev.banos.fuzz;

import org.jspecify.annotations.Nullable;

/** Runs programs on a target, in this process or in another. After any violation the target's state is given up. */
interface Runner extends AutoCloseable {
    /** How one program is run. */
    enum Mode {
        /** One operation at a time, in program order. */
        LOCKSTEP,
        /** Each thread at its own pace; several times over, since timing decides. */
        FREELY,
        /** Each thread at its own pace, over and over on the same threads: see {@link RaceRun}. */
        RACED,
        /** Over and over, while the process's memory is watched. */
        REPEATED,
        /** As REPEATED, until there is no doubt. */
        REPEATED_LONG;

        boolean isRepeated() {
            return this == REPEATED || this == REPEATED_LONG;
        }
    }

    /**
     * The first try of a range that broke a law.
     *
     * @param violation which law, and how
     * @param tryNumber the try that broke it
     * @param program the program of that try
     * @param mode how it ran
     * @param suspected whether a law may have broken or not: the same programs in order will tell
     */
    record Failure(Violation violation, long tryNumber, Program program, Mode mode, boolean suspected) {
        Failure(Violation violation, long tryNumber, Program program, Mode mode) {
            this(violation, tryNumber, program, mode, false);
        }
    }

    /** The tries from {@code first} to {@code first + count - 1}, up to the first that breaks a law; null if none does. */
    @Nullable Failure tries(long first, int count);

    /** The program on a fresh target, or on one as fresh as there is; null if every law held. */
    @Nullable Violation replay(Program program, Mode mode);

    /** The program as a race of this many rounds at most, on a fresh target; null if every law held. */
    @Nullable Violation race(Program program, int rounds);

    /** How many rounds of the last race were over when it ended. */
    int roundsOfRace();

    /** All programs of these tries as one, each freeing what it left live; a single one as it is. */
    Program history(long first, long last);

    /** From now on a break of this law is no finding. */
    void waive(Law law);

    /** From now on nothing is suspected. */
    void trust();

    /** What was covered since the last call. */
    long[] takeCoverage();

    @Override
    void close();
}
