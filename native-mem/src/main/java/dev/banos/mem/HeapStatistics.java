package dev.banos.mem;

import dev.banos.mem.event.Counted;
import dev.banos.mem.event.JsonObject;
import java.util.List;
import java.util.Locale;

/**
 * What a heap holds at one moment. Exact for the heap of the calling thread and for a heap that is locked meanwhile; of
 * other threads that go on running it is as exact as their bitmaps are when they are read.
 *
 * @param heap the name of the heap, as in messages
 * @param sizeClasses only those that have runs, by slot size
 * @param mappings how many blocks are mappings of their own
 * @param mappedBytes how large these are together
 * @param cachedBytes mappings that were freed and are kept for reuse
 * @param racedFrees frees that two threads did to the same block at the same instant, found before its slot was given out
 *     again; a mistake of the program that did no harm
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
     * @param spanBytes how much address space the runs take; what was never touched of it takes no memory
     */
    public record SizeClass(long slotBytes, long runs, long slots, long live, long spanBytes) {
        /** {@return the usable bytes of the live slots} */
        public long liveBytes() {
            return live * slotBytes;
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

    /** A table: the totals and the budget, then one line a size class. */
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

    /**
     * {@return these figures as one JSON object (RFC 8259) without line ends} Its names are those of the components, of
     * {@link #liveBlocks} and the other sums, and of the budget's figures; all but the heap's name are numbers, of bytes or of
     * pieces. No limit is -1.
     */
    public String toJson() {
        return new JsonObject().put("heap", heap).put("liveBlocks", liveBlocks()).put("liveBytes", liveBytes())
                .put("reservedBytes", reservedBytes()).put("mappings", mappings).put("mappedBytes", mappedBytes)
                .put("cachedBytes", cachedBytes).put("racedFrees", racedFrees)
                .put("limitBytes", budget.limitBytes()).put("usedBytes", budget.usedBytes())
                .put("peakBytes", budget.peakBytes()).put("refusals", budget.refusals())
                .put("sizeClasses", sizeClasses.stream().map(each -> new JsonObject().put("slotBytes", each.slotBytes())
                        .put("runs", each.runs()).put("slots", each.slots()).put("live", each.live())
                        .put("spanBytes", each.spanBytes())))
                .toString();
    }
}
