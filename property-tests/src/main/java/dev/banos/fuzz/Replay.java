package dev.banos.fuzz;

import dev.banos.fuzz.program.Mode;
import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.shrinking.Trial;
import org.jspecify.annotations.Nullable;

/**
 * Tries programs on fresh targets, to see whether they break the same law.
 *
 * @param anew whether a target that is only as fresh as there is one is not fresh enough
 */
record Replay(Runner runner, Mode mode, boolean anew) implements Trial<Violation> {
    static final int COST_OF_REPETITION = 100;
    private static final int COST_OF_PROCESS = 150;
    private static final int COST_OF_LUCK = 8;

    Replay(Runner runner, Mode mode) {
        this(runner, mode, false);
    }

    @Override
    public @Nullable Violation run(Operations candidate) {
        if (anew) {
            runner.renew();
        }
        return runner.replay(candidate, mode);
    }

    @Override
    public int operation(Violation seen) {
        return seen.operation();
    }

    @Override
    public boolean isAsGood(Violation seen, Violation before) {
        return before.breaksSameLawAs(seen) || explainsCrash(seen, before);
    }

    /** A hole torn into the process's memory, which may or may not end it. */
    private static boolean explainsCrash(Violation seen, Violation before) {
        return seen.law() == Law.UNMAPS_ITS_OWN && before.law() == Law.NO_CRASH;
    }

    @Override
    public int cost(@Nullable Violation seen) {
        int once = anew ? COST_OF_PROCESS : costOfProcess(seen);
        return once * (mode.isRepeated() ? COST_OF_REPETITION : mode == Mode.FREELY ? COST_OF_LUCK : 1);
    }

    /** A new process costs as much as many replays. */
    static int costOfProcess(@Nullable Violation seen) {
        return seen != null && (seen.law() == Law.NO_CRASH || isSlowAfter(seen.law())) ? COST_OF_PROCESS : 1;
    }

    @Override
    public boolean isSlow(Violation seen) {
        return anew || isSlowAfter(seen.law());
    }

    private static boolean isSlowAfter(Law law) {
        return law == Law.NO_HANG || law == Law.BOUNDED_MEMORY || law == Law.UNMAPS_ITS_OWN;
    }
}
