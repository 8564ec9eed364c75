package dev.banos.mem.slots;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The runs of one pool, in no order, and how many more there may be before the pool looks for empty ones. For its owner. */
final class RunList {
    /**
     * Where a pool first looks for what is empty before it takes another run, in spans; then each time it has grown by a part.
     * A look takes time with the size of the pool, so a large one looks less often.
     */
    private static final int FIRST_TRIM = 64;
    private static final int LARGE = 1024;
    private static final int TRIMS_A_DOUBLING = 64;
    private static final int TRIMS_A_DOUBLING_OF_LARGE = 16;

    private @Nullable Run[] runs = new Run[8];
    private int count;
    private int spans;
    private int trimAt = FIRST_TRIM;

    int count() {
        return count;
    }

    /** Any below the {@link #count}. */
    Run at(int index) {
        return Objects.requireNonNull(runs[index]);
    }

    /** For one more, which {@link #add} then only writes down: there it could not be given back. */
    void makeRoom() {
        if (count == runs.length) {
            runs = Arrays.copyOf(runs, count * 2);
        }
    }

    void add(Run run) {
        run.indexInPool = count;
        runs[count++] = run;
        spans += run.spans();
    }

    void remove(Run run) {
        Run last = at(--count);
        runs[run.indexInPool] = last;
        last.indexInPool = run.indexInPool;
        runs[count] = null;
        spans -= run.spans();
    }

    /** Whether the pool is to look for what is empty before it grows. */
    boolean isTrimDue() {
        return spans >= trimAt;
    }

    /** It has looked, and found what it could. */
    void trimmed() {
        trimAt = Math.max(trimAt, spans) + trimAt / (trimAt < LARGE ? TRIMS_A_DOUBLING : TRIMS_A_DOUBLING_OF_LARGE);
    }

    SlotCounts counts() {
        return SlotCounts.of(runs);
    }

    void walk(SlotPool.Visitor visitor) {
        for (Run run : runs) {
            if (run != null) {
                run.walk(visitor);
            }
        }
    }

    /** The invariants of every run; true, or an {@link AssertionError}. */
    boolean isValid() {
        int sum = 0;
        for (int i = 0; i < count; i++) {
            Run run = at(i);
            assert run.indexInPool == i : "run " + i + " believes to be " + run.indexInPool;
            assert RunTable.at(run.base) == run : "run " + i + " is not in the table";
            assert run.bin.isValid(run);
            sum += run.spans();
        }
        assert sum == spans : "runs of " + sum + " spans, counted " + spans;
        return true;
    }
}
