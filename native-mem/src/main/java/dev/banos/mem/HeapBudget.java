package dev.banos.mem;

import dev.banos.mem.system.Budget;

/**
 * What a heap has from the system at one moment, and how much it may have. It has the spans of its runs, its direct mappings, and
 * those of its children, and of theirs.
 *
 * @param heap the name of the heap, as in messages
 * @param limitBytes the most that it may have; {@link #NO_LIMIT} if it has no limit of its own
 * @param usedBytes what it has
 * @param peakBytes the most that it ever had
 * @param refusals how many tries its limit refused. A refused request tries again when memory of this heap has been reclaimed, and
 *     then when that of others has: so one request may count up to three times, even if it is met in the end
 */
public record HeapBudget(String heap, long limitBytes, long usedBytes, long peakBytes, long refusals) {
    /** The limit of a heap that has none; -1, as {@link java.lang.management.MemoryUsage#getMax} has it. */
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
