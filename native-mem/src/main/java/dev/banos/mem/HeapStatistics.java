package dev.banos.mem;

import dev.banos.mem.insight.HeapFigures;
import dev.banos.mem.text.Counted;
import dev.banos.mem.text.JsonObject;
import java.util.List;
import java.util.Locale;

/**
 * What a heap holds at one moment. It is exact for the heap of the calling thread and for a heap that is locked meanwhile. For
 * other threads that are running, it is as exact as their bitmaps are when they are read.
 *
 * @param heap the name of the heap, as in messages
 * @param sizeClasses those that have runs, by slot size
 * @param mappings how many blocks are mappings of their own
 * @param mappedBytes how large these are together
 * @param cachedBytes size of the mappings that were freed and are kept for reuse
 * @param racedFrees how often two threads freed the same block at the same instant, found before its slot was given out again: a
 *     mistake of the program that did no harm
 * @param budget what the heap and its children have and may have; for one of malloc's heaps, that of all of them
 */
public record HeapStatistics(String heap, List<SizeClass> sizeClasses, long mappings, long mappedBytes, long cachedBytes,
        long racedFrees, HeapBudget budget) {
    /**
     * One size class of a heap.
     *
     * @param slotBytes the size of a slot
     * @param runs how many runs the heap has
     * @param slots how many slots these have
     * @param live how many slots hold a live block
     * @param spanBytes how much address space the runs take; the parts that were never touched take no memory
     */
    public record SizeClass(long slotBytes, long runs, long slots, long live, long spanBytes) {
        /** {@return the usable bytes of the live slots} */
        public long liveBytes() {
            return live * slotBytes;
        }

        private HeapFigures.OfSizeClass figures() {
            return new HeapFigures.OfSizeClass(slotBytes, runs, slots, live, spanBytes);
        }
    }

    /** Copies the list, which then nobody can change. */
    public HeapStatistics {
        sizeClasses = List.copyOf(sizeClasses);
    }

    /** {@return how many blocks are live: in slots, and mappings} */
    public long liveBlocks() {
        return sizeClasses.stream().mapToLong(SizeClass::live).sum() + mappings;
    }

    /** {@return the usable bytes of all live blocks} */
    public long liveBytes() {
        return sizeClasses.stream().mapToLong(SizeClass::liveBytes).sum() + mappedBytes;
    }

    /** {@return the address space that runs and mappings take} */
    public long reservedBytes() {
        return sizeClasses.stream().mapToLong(SizeClass::spanBytes).sum() + mappedBytes;
    }

    /** {@return a table: the totals and the budget, then one line for each size class} */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT,
                "%s: %,d %s, %,d bytes live in %,d bytes reserved; %,d %s of %,d bytes, %,d bytes cached%n",
                heap, liveBlocks(), Counted.noun(liveBlocks(), "block"), liveBytes(), reservedBytes(), mappings,
                Counted.noun(mappings, "mapping"), mappedBytes, cachedBytes));
        text.append(budget).append(System.lineSeparator());
        if (!sizeClasses.isEmpty()) {
            text.append(String.format(Locale.ROOT, "%10s %8s %12s %12s %6s%n", "slot", "runs", "slots", "live", "used"));
        }
        for (SizeClass each : sizeClasses) {
            text.append(String.format(Locale.ROOT, "%,10d %,8d %,12d %,12d %5.1f%%%n", each.slotBytes(), each.runs(),
                    each.slots(), each.live(), 100.0 * each.live() / each.slots()));
        }
        return text.toString();
    }

    /** What of it consoles and recordings show. */
    HeapFigures figures() {
        return new HeapFigures(heap, liveBlocks(), liveBytes(), reservedBytes(), mappings, mappedBytes, cachedBytes, budget.limitBytes(),
                budget.usedBytes(), budget.peakBytes(), budget.refusals(), sizeClasses.stream().map(SizeClass::figures).toList());
    }

    /**
     * {@return these figures as one JSON object (RFC 8259) without line ends} It has the members of {@link HeapFigures#toJson}, and
     * {@code racedFrees}. All except the heap's name are numbers, of bytes or of pieces; -1 stands for no limit.
     */
    public String toJson() {
        return new JsonObject(figures().toJson()).put("racedFrees", racedFrees).toString();
    }
}
