package dev.banos.fuzz;

import dev.banos.fuzz.generation.Sizes;
import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.ProgramText;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Tries programs as races. How many rounds a candidate gets follows from how soon the last ones lost: enough that one that
 * loses as often is hardly taken for a correct one, and not more.
 */
final class Race {
    private static final int FEWEST = 1_000;
    private static final int MOST = Session.RACE_ROUNDS;
    /** A program that loses once in n rounds on average survives 12 n with a probability of e^-12. */
    private static final int TIMES = 12;
    private static final int CONFIRMATIONS = 3;
    private static final int MOST_TO_CONFIRM = 1_000_000;
    private static final int SIZES_OF_KERNELS = 4;

    private final Runner runner;
    private int slowest;
    private int rounds = MOST;
    private @Nullable Violation lost;

    Race(Runner runner) {
        this.runner = runner;
    }

    /** Null if every law held in all rounds. Which law breaks first is luck, so any will do. */
    @Nullable Violation run(Operations candidate) {
        Violation seen = runner.race(candidate, rounds);
        if (seen == null || seen.law().isOfAnswers()) {
            return null;
        }
        slowest = Math.max(runner.roundsOfRace() + 1, slowest / 2); // what a longer program took is soon forgotten
        rounds = Math.clamp((long) slowest * TIMES, FEWEST, MOST);
        return seen;
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
        for (Operations kernel : kernels(of)) {
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

    /**
     * The shortest programs in which two threads meet in the allocator, of the sizes that this program asks for most: often
     * one of them loses, too, and then nothing needs to be taken away.
     */
    static List<Operations> kernels(Operations program) {
        Map<Integer, Map<Long, Long>> bySizeClass = IntStream.range(0, program.length())
                .filter(i -> program.kind(i) < Operations.FREE && Long.compareUnsigned(program.size(i), Sizes.HUGE_TO) <= 0).boxed()
                .collect(Collectors.groupingBy(i -> Long.SIZE - Long.numberOfLeadingZeros(program.size(i)),
                        Collectors.groupingBy(program::size, Collectors.counting())));
        return bySizeClass.values().stream()
                .sorted((one, other) -> Long.compare(sum(other), sum(one))).limit(SIZES_OF_KERNELS)
                .map(sizes -> sizes.entrySet().stream().max(Map.Entry.<Long, Long>comparingByValue()
                        .thenComparing(Map.Entry.comparingByKey())).orElseThrow().getKey())
                .flatMap(Race::kernelsOf).map(ProgramText::parse).toList();
    }

    private static long sum(Map<Long, Long> counts) {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    private static Stream<String> kernelsOf(long size) {
        return Stream.of("""
                b0 = malloc(%1$d)
                thread 1: free(b0)
                b1 = malloc(%1$d)
                free(b1)
                """, """
                b0 = malloc(%1$d)
                thread 1: free(b0)
                thread 1: b1 = malloc(%1$d)
                free(b1)
                """, """
                b0 = malloc(%1$d)
                free(b0)
                thread 1: b1 = malloc(%1$d)
                thread 1: free(b1)
                """, """
                b0 = malloc(%1$d)
                b0 = realloc(b0, %2$d)
                free(b0)
                thread 1: b1 = malloc(%1$d)
                thread 1: b1 = realloc(b1, %2$d)
                thread 1: free(b1)
                """).map(text -> text.formatted(size, 2 * size + 1));
    }
}
