package dev.banos.fuzz;

import dev.banos.fuzz.generation.Sizes;
import dev.banos.fuzz.model.TouchedPages;
import dev.banos.fuzz.program.Bytes;
import dev.banos.fuzz.program.Operations;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds leaks: repeats a program that frees everything, and sees whether memory grows as it goes on.
 *
 * <p>Three signs must agree, since each alone deceives. Blocks must keep coming from pages that were never used before, at
 * the same rate to the end: fragmentation and random placement reach a plateau, a leak does not. A good part of those
 * pages must still be in memory: an allocator that unmaps blocks may be given new addresses for ever. And half of them must not
 * have been in memory before: the C library serves the JVM, too, and a program may walk for long through what a compiler's
 * thread has given back, before it comes to its plateau.
 *
 * <p>Growth to the end must be found again from where it ended: an allocator that other threads of the process use as well, as the JVM's
 * compilers use the C library's, may grow for as long as they are busy.
 */
final class Footprint {
    private static final int WARM_UP = 4;
    private static final int LARGEST_REPEATS = 1 << 18;
    private static final int ENOUGH_PAGES = 256;
    private static final int FEWEST_PAGES = 96;
    private static final int SUSPICIOUS_PAGES = 5;
    private static final int ROUNDS = 2;
    private static final int ROUNDS_TO_THE_END = 16;
    /** How many times as many rounds may be spent on pages that were in memory before. */
    private static final int PATIENCE = 8;
    /** In costs, not in time: equal seeds must come to equal verdicts. */
    private static final long FIRST_GLANCE = 40_000;
    private static final long LONG_LOOK = 250_000;
    private static final long COST_OF_MAPPING = 16;
    private static final long COST_OF_THREAD = 256;
    /** How often growth to the end must be found again. */
    private static final int CONFIRMATIONS = 2;

    private final Interpreter interpreter;

    Footprint(Interpreter interpreter) {
        this.interpreter = interpreter;
    }

    /** @param toTheEnd whether the growth is followed to sixteen times what made it suspicious; a shrinker needs less */
    @Nullable Violation measure(Operations program, Supplier<AllocatorUnderTest> allocator, boolean toTheEnd) {
        Violation violation = measureOnce(program, allocator, toTheEnd);
        for (int i = 0; i < CONFIRMATIONS && toTheEnd && violation != null && violation.law() == Law.FOOTPRINT; i++) {
            violation = measureOnce(program, allocator, true);
        }
        return violation;
    }

    private @Nullable Violation measureOnce(Operations program, Supplier<AllocatorUnderTest> allocator, boolean toTheEnd) {
        TouchedPages pages = new TouchedPages();
        interpreter.watch(pages);
        try {
            return measure(program, allocator, toTheEnd, pages);
        } finally {
            interpreter.watch(null);
        }
    }

    private @Nullable Violation measure(Operations program, Supplier<AllocatorUnderTest> allocator, boolean toTheEnd, TouchedPages pages) {
        Violation violation = repeat(program, allocator, WARM_UP);
        int warm = pages.count();
        int repeats = 0;
        long cost = cost(program);
        while (violation == null && repeats < LARGEST_REPEATS && isWorthWatching(pages.count() - warm, repeats * cost)) {
            violation = repeat(program, allocator, 1);
            repeats++;
        }
        int first = pages.count() - warm;
        if (violation != null || first < FEWEST_PAGES) {
            return violation;
        }
        int rounds = toTheEnd ? ROUNDS_TO_THE_END : ROUNDS;
        pages.mark();
        int marked = pages.count();
        for (int round = 0; round < rounds || pages.fresh() < (pages.count() - marked) / 2; round++) {
            int before = pages.count();
            violation = repeat(program, allocator, repeats);
            if (violation != null || pages.count() - before < first / 2 || pages.resident() < (pages.count() - warm) / 3
                    || round == PATIENCE * rounds) {
                return violation;
            }
        }
        // No counts in the text: they differ from run to run, and equal seeds must give equal findings.
        return new Violation(Law.FOOTPRINT, program.length(), "repeated over and over, each time freeing "
                + "everything, it took new pages at the same rate to the end, and kept them");
    }

    private static boolean isWorthWatching(int newPages, long cost) {
        return newPages < ENOUGH_PAGES && cost < (newPages < SUSPICIOUS_PAGES ? FIRST_GLANCE : LONG_LOOK);
    }

    /** About how long a run takes, in calls for small blocks. */
    private static long cost(Operations program) {
        long cost = 1;
        int thread = 0;
        for (int i = 0; i < program.length(); i++) {
            long size = program.kind(i) < Operations.FREE && program.size(i) >= 0 ? Math.min(program.size(i), Sizes.HUGE_TO) : 0;
            cost += 1 + size / Bytes.PAGE + (size >= Sizes.LARGE_FROM ? COST_OF_MAPPING : 0);
            cost += program.thread(i) != thread || program.kind(i) >= Operations.EXIT ? COST_OF_THREAD : 0;
            thread = program.thread(i);
        }
        return cost;
    }

    private @Nullable Violation repeat(Operations program, Supplier<AllocatorUnderTest> allocator, int times) {
        Violation violation = null;
        for (int i = 0; i < times && violation == null; i++) {
            violation = interpreter.run(program, allocator.get());
        }
        return violation;
    }
}
