package dev.banos.fuzz;

import dev.banos.fuzz.generation.Settings;
import dev.banos.fuzz.program.Mode;
import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.shrinking.Shrinker;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Looks for the plainest way to see a failure again, and shrinks its program: alone and in order, alone as it ran, then with what
 * ran before it, ever further back.
 */
final class Reproduction {
    private static final int LARGEST_HISTORY = 16 * Settings.EPOCH;

    private final Runner runner;
    private final String target;
    private final long seed;
    private final long first;
    private final long last;
    private final Duration longestShrinking;
    private boolean isCutShort;

    /**
     * @param target what a finding says that it is of
     * @param first  the first of the tries that were run together, after the last failure; they end with {@code last}
     */
    Reproduction(Runner runner, String target, long seed, long first, long last, Duration longestShrinking) {
        this.runner = runner;
        this.target = target;
        this.seed = seed;
        this.first = first;
        this.last = last;
        this.longestShrinking = longestShrinking;
    }

    /** Any broken law will do: what an overlap breaks first is a matter of luck. */
    Finding shrunk(Runner.Failure failure) {
        Finding finding = failure.tryNumber() < 0 || !isRace(failure) && failure.violation().law().isOfAnswers()
                ? shrunk(failure, failure.program(), Mode.LOCKSTEP)
                : shrunkInOrder(failure);
        if (finding == null && isRace(failure)) {
            finding = shrunkAsRace(failure);
        }
        if (finding == null && (failure.mode() == Mode.FREELY || failure.mode().isRepeated())) {
            finding = shrunk(failure, failure.program(), failure.mode());
        }
        if (finding == null && failure.tryNumber() >= 0 && failure.violation().law() != Law.FOOTPRINT) {
            finding = shrunkWithHistory(failure);
        }
        return finding != null ? finding : asItWas(failure);
    }

    /** Whether there was no time to look for a program as short as it gets. */
    boolean isCutShort() {
        return isCutShort;
    }

    /** As long as it is, and with no word on whether it fails again. */
    Finding asItWas(Runner.Failure failure) {
        return finding(failure, failure.program(), failure.violation(), failure.mode(), false);
    }

    /**
     * Which of the programs that ran freely fails first is luck, and so is which trips over what a free tore out of the process, how and
     * when; which of the tries since the last failure is the first to fail when run alone and in order is not. Null if none does.
     */
    @Nullable Finding shrunkInOrder(Runner.Failure failure) {
        Finding finding = null;
        long end = isRace(failure) ? last : failure.tryNumber();
        for (long number = first; finding == null && number <= end; number++) {
            Operations program = runner.history(number, number);
            Runner.Failure inOrder = new Runner.Failure(failure.violation(), number, program, Mode.LOCKSTEP);
            finding = shrunk(inOrder, program, Mode.LOCKSTEP);
        }
        return finding;
    }

    private static boolean isRace(Runner.Failure failure) {
        return failure.mode() == Mode.FREELY || failure.mode() == Mode.RACED;
    }

    private @Nullable Finding shrunkWithHistory(Runner.Failure failure) {
        Finding finding = null;
        for (int before = 1; finding == null && before <= LARGEST_HISTORY; before *= 2) {
            long begin = Math.max(0, failure.tryNumber() - before);
            finding = shrunk(failure, runner.history(begin, failure.tryNumber()), Mode.LOCKSTEP);
        }
        return finding;
    }

    /** Null if neither the program nor one of its kernels breaks a law when it is raced. */
    private @Nullable Finding shrunkAsRace(Runner.Failure failure) {
        Race race = new Race(runner);
        Operations program = failure.mode() == Mode.RACED ? null : race.losingKernel(failure.program());
        Violation seen = race.lost();
        if (program == null) {
            program = failure.program();
            seen = race.run(program);
        }
        if (seen == null) {
            return null;
        }
        Shrinker<Violation> shrinker = new Shrinker<>(race, program, seen, Mode.RACED, longestShrinking);
        shrinker.shrink();
        isCutShort |= shrinker.isCutShort();
        return new Finding(target, seed, failure.tryNumber(), new Program(shrinker.program()), shrinker.violation(),
                Mode.RACED.name(), race.roundsToLose(shrinker.program()), failure.program().length(), true);
    }

    /** Null if the program breaks no law when it runs so. */
    private @Nullable Finding shrunk(Runner.Failure failure, Operations program, Mode mode) {
        Mode surely = mode.isRepeated() ? Mode.REPEATED_LONG : mode;
        Violation seen = runner.replay(program, surely);
        if (seen == null) {
            return null;
        }
        Mode shrunkIn = mode.isRepeated() ? Mode.REPEATED : mode;
        Shrinker<Violation> shrinker = new Shrinker<>(new Replay(runner, shrunkIn), program, seen, shrunkIn, longestShrinking);
        shrinker.shrink();
        if (mode.isRepeated() && runner.replay(shrinker.program(), surely) == null) {
            return finding(failure, program, seen, mode, true); // shrunk past the leak
        }
        if (mode == Mode.LOCKSTEP && runner.renew() && runner.replay(shrinker.program(), mode) == null) {
            return shrunkAnew(failure, program);
        }
        isCutShort |= shrinker.isCutShort();
        return finding(failure, shrinker.program(), shrinker.violation(), mode, true);
    }

    /** What other programs left behind let shorter ones fail: now each gets a target of its own, slow as that is. */
    private @Nullable Finding shrunkAnew(Runner.Failure failure, Operations program) {
        Replay anew = new Replay(runner, Mode.LOCKSTEP, true);
        Violation seen = anew.run(program);
        if (seen == null) {
            return null;
        }
        Shrinker<Violation> shrinker = new Shrinker<>(anew, program, seen, Mode.LOCKSTEP, longestShrinking);
        shrinker.shrink();
        isCutShort |= shrinker.isCutShort();
        return finding(failure, shrinker.program(), shrinker.violation(), Mode.LOCKSTEP, true);
    }

    private Finding finding(Runner.Failure failure, Operations program, Violation violation, Mode mode, boolean reproduced) {
        return new Finding(target, seed, failure.tryNumber(), new Program(program), violation, mode.isRepeated() ? "REPEATED" : mode.name(),
                1, failure.program().length(), reproduced);
    }
}
