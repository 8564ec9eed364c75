package dev.banos.fuzz;

import dev.banos.fuzz.program.Mode;
import dev.banos.fuzz.program.Operations;
import java.util.function.IntFunction;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** A program that broke some target once, and how it must be run. */
record KnownProgram(Operations program, Mode mode, int rounds) {
    private static final int MOST_RACES = 10;

    static KnownProgram of(Finding finding) {
        return new KnownProgram(finding.program().operations(), Mode.valueOf(finding.mode()), finding.rounds());
    }

    @Nullable Violation replay(Runner runner) {
        return mode == Mode.RACED ? race(left -> runner.race(program, left), runner::roundsOfRace, rounds)
                : runner.replay(program, mode.isRepeated() ? Mode.REPEATED_LONG : mode);
    }

    /** All rounds, where one race ends before them because the machine is slow. */
    static @Nullable Violation race(IntFunction<@Nullable Violation> race, IntSupplier roundsOfRace, int rounds) {
        Violation violation = null;
        int left = rounds;
        for (int races = 0; races < MOST_RACES && violation == null && left > 0; races++) {
            violation = race.apply(left);
            left -= roundsOfRace.getAsInt();
        }
        return violation;
    }
}
