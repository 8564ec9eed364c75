package dev.banos.fuzz;

import dev.banos.fuzz.generation.Kernels;
import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.shrinking.Trial;
import org.jspecify.annotations.Nullable;

/**
 * Tries programs as races. How many rounds a candidate gets follows from how soon the last ones lost: enough that one that
 * loses as often is hardly taken for a correct one, and not more.
 */
final class Race implements Trial<Violation> {
    private static final int FEWEST = 1_000;
    private static final int MOST = Session.RACE_ROUNDS;
    /** A program that loses once in n rounds on average survives 12 n with a probability of e^-12. */
    private static final int TIMES = 12;
    private static final int CONFIRMATIONS = 3;
    private static final int MOST_TO_CONFIRM = 1_000_000;

    private final Runner runner;
    private int slowest;
    private int rounds = MOST;
    private @Nullable Violation lost;

    Race(Runner runner) {
        this.runner = runner;
    }

    /** Null if every law held in all rounds. Which law breaks first is luck, so any will do. */
    @Override
    public @Nullable Violation run(Operations candidate) {
        Violation seen = runner.race(candidate, rounds);
        if (seen == null || seen.law().isOfAnswers()) {
            return null;
        }
        slowest = Math.max(runner.roundsOfRace() + 1, slowest / 2); // what a longer program took is soon forgotten
        rounds = Math.clamp((long) slowest * TIMES, FEWEST, MOST);
        return seen;
    }

    @Override
    public int operation(Violation seen) {
        return seen.operation();
    }

    /** Which law breaks first is luck. */
    @Override
    public boolean isAsGood(Violation seen, Violation before) {
        return true;
    }

    @Override
    public int cost(@Nullable Violation seen) {
        return Replay.costOfProcess(seen) * Replay.COST_OF_REPETITION;
    }

    @Override
    public boolean isSlow(Violation seen) {
        return true;
    }

    /** Within how many rounds the program, which loses, will lose on such a machine: a power of ten. */
    int roundsToLose(Operations program) {
        int slow = 1;
        for (int run = 0; run < CONFIRMATIONS; run++) {
            slow = runner.race(program, MOST_TO_CONFIRM) == null ? MOST_TO_CONFIRM : Math.max(slow, runner.roundsOfRace() + 1);
        }
        int enough = FEWEST;
        while (enough < (long) slow * TIMES && enough < MOST_TO_CONFIRM) {
            enough *= 10;
        }
        return enough;
    }

    /** The first of the kernels that loses, or null. What it broke is then {@link #lost}. */
    @Nullable Operations losingKernel(Operations of) {
        for (Operations kernel : Kernels.of(of)) {
            lost = run(kernel);
            if (lost != null) {
                return kernel;
            }
        }
        return null;
    }

    /** What the last kernel broke; null if it was lawful, or none was tried. */
    @Nullable Violation lost() {
        return lost;
    }
}
