package dev.banos.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * Finds leaks: repeats a program that frees everything, and sees whether memory grows as it goes on.
 *
 * <p>Two signs must agree, since each alone deceives. Blocks must keep coming from pages that were never used before, at
 * the same rate to the end: fragmentation and random placement reach a plateau, a leak does not. And the process's resident
 * memory must have grown by a good part of those pages: the JVM's own memory moves, too, but not in step.
 */
final class Footprint {
    private static final int WARM_UP = 4;
    private static final int LARGEST_REPEATS = 1 << 18;
    private static final int ENOUGH_PAGES = 256;
    private static final int FEWEST_PAGES = 96;
    private static final int SUSPICIOUS_PAGES = 5;
    private static final int ROUNDS = 2;
    private static final int ROUNDS_TO_THE_END = 16;
    private static final long NANOS = 200_000_000L;
    private static final long FIRST_GLANCE_NANOS = 30_000_000L;
    private static final Path STATM = Path.of("/proc/self/statm");

    private final Interpreter interpreter;

    Footprint(Interpreter interpreter) {
        this.interpreter = interpreter;
    }

    /** @param toTheEnd whether the growth is followed to sixteen times what made it suspicious; a shrinker needs less */
    Violation measure(Program program, AllocatorUnderTest allocator, boolean toTheEnd) {
        Pages pages = new Pages();
        interpreter.watch(pages);
        try {
            return measure(program, allocator, toTheEnd, pages);
        } finally {
            interpreter.watch(null);
        }
    }

    private Violation measure(Program program, AllocatorUnderTest allocator, boolean toTheEnd, Pages pages) {
        Violation violation = repeat(program, allocator, WARM_UP);
        long residentBefore = residentPages();
        int warm = pages.count();
        int repeats = 0;
        long start = System.nanoTime();
        while (violation == null && repeats < LARGEST_REPEATS && isWorthWatching(pages.count() - warm, System.nanoTime() - start)) {
            violation = repeat(program, allocator, 1);
            repeats++;
        }
        int first = pages.count() - warm;
        if (violation != null || first < FEWEST_PAGES) {
            return violation;
        }
        int rounds = toTheEnd ? ROUNDS_TO_THE_END : ROUNDS;
        for (int round = 0; round < rounds; round++) {
            int before = pages.count();
            violation = repeat(program, allocator, repeats);
            if (violation != null || pages.count() - before < first / 2) {
                return violation;
            }
        }
        boolean grew = residentPages() - residentBefore >= (pages.count() - warm) / 3;
        // No counts in the text: they differ from run to run, and equal seeds must give equal findings.
        return !grew ? null : new Violation(Law.FOOTPRINT, program.length(), "repeated over and over, each time freeing "
                + "everything, it took new pages at the same rate to the end, and resident memory grew with them");
    }

    private static boolean isWorthWatching(int newPages, long nanos) {
        return newPages < ENOUGH_PAGES && nanos < (newPages < SUSPICIOUS_PAGES ? FIRST_GLANCE_NANOS : NANOS);
    }

    private Violation repeat(Program program, AllocatorUnderTest allocator, int times) {
        Violation violation = null;
        for (int i = 0; i < times && violation == null; i++) {
            violation = interpreter.run(program, allocator);
        }
        return violation;
    }

    static long residentPages() {
        try {
            return Long.parseLong(Files.readString(STATM).split(" ")[1]);
        } catch (IOException absent) {
            throw new UncheckedIOException(STATM + " cannot be read: the footprint law needs it", absent);
        }
    }

    /** The pages that any block has begun or ended in. */
    static final class Pages {
        private final Set<Long> seen = new HashSet<>();
        private long last;

        void add(long address, long bytes) {
            addPage(address / Mapped.PAGE);
            addPage((address + bytes) / Mapped.PAGE);
        }

        private void addPage(long page) {
            if (page != last) {
                seen.add(page);
                last = page;
            }
        }

        int count() {
            return seen.size();
        }
    }
}
