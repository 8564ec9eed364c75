package dev.banos.mem;

import dev.banos.mem.system.Budget;

/**
 * What a heap has from the system at one moment, and how much it may have. Counted are the spans of its runs and its direct
 * mappings, with those of its children, and of theirs.
 *
 * @param heap the name of the heap, as in messages
 * @param limitBytes the most that it may have; {@link #NO_LIMIT} where only the heaps above it may have one
 * @param usedBytes what it has
 * @param peakBytes the most that it ever had
 * @param refusals how many tries its limit refused: a request that it refuses tries again when memory has been reclaimed, of this heap and
 *     then of others, so that one may count three times, also one that is met in the end
 */
public record HeapBudget(String heap, long limitBytes, long usedBytes, long peakBytes, long refusals) {
    /** As that of {@link java.lang.management.MemoryUsage#getMax}, which is not defined either. */
    public static final long NO_LIMIT = Budget.Figures.NO_LIMIT;

    static HeapBudget of(Budget budget) {
        return of(budget.figures());
    }

    static HeapBudget of(Budget.Figures now) {
        return new HeapBudget(now.heap(), now.limitBytes(), now.usedBytes(), now.peakBytes(), now.refusals());
    }

    @Override
    public String toString() {
        return new Budget.Figures(heap, limitBytes, usedBytes, peakBytes, refusals).toString();
    }
}
