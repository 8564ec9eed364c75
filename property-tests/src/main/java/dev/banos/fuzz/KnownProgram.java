package dev.banos.fuzz;

import org.jspecify.annotations.Nullable;

/** A program that broke some target once, and how it must be run. */
record KnownProgram(Program program, Runner.Mode mode, int rounds) {
    private static final int MOST_RACES = 10;

    static KnownProgram of(Finding finding) {
        return new KnownProgram(finding.program(), Runner.Mode.valueOf(finding.mode()), finding.rounds());
    }

    @Nullable Violation replay(Runner runner) {
        return mode == Runner.Mode.RACED ? race(runner)
                : runner.replay(program, mode.isRepeated() ? Runner.Mode.REPEATED_LONG : mode);
    }

    /** All rounds, where one race ends before them because the machine is slow. */
    private @Nullable Violation race(Runner runner) {
        Violation violation = null;
        int left = rounds;
        for (int race = 0; race < MOST_RACES && violation == null && left > 0; race++) {
            violation = runner.race(program, left);
            left -= runner.roundsOfRace();
        }
        return violation;
    }
}
