package dev.banos.mem.insight;

import dev.banos.mem.text.JsonObject;
import java.util.List;
import java.util.function.Supplier;

/**
 * What one heap holds, as consoles and recordings show it. How many bytes were asked for is not known: the allocator
 * keeps no sizes, a block's usable size is that of its slot. How many frees raced only the heap's own statistics tell.
 *
 * @param heap {@code malloc} for that of all threads, {@code heap n} for one that the application made
 * @param liveBlocks those in slots, and mappings
 * @param liveBytes the usable bytes of these
 * @param reservedBytes the address space of runs and mappings; what was never touched of a run takes no memory
 * @param mappings how many blocks are mappings of their own
 * @param mappedBytes how large these are together
 * @param cachedBytes mappings that were freed and are kept for reuse
 * @param limitBytes the most that the heap and its children may have from the system; -1 for no limit
 * @param usedBytes what they have: {@code reservedBytes} and {@code cachedBytes}, and those of the children
 * @param peakBytes the most that they ever had
 * @param refusals how many tries the limit refused: a request that it refuses tries again when memory has been reclaimed, of this heap and
 *     then of others, so that one may count three times, also one that is met in the end
 * @param sizeClasses only those that have runs, by slot size
 */
public record HeapFigures(String heap, long liveBlocks, long liveBytes, long reservedBytes, long mappings, long mappedBytes,
        long cachedBytes, long limitBytes, long usedBytes, long peakBytes, long refusals, List<OfSizeClass> sizeClasses) {
    /**
     * One size class of a heap.
     *
     * @param slotBytes the size of a slot
     * @param runs how many runs the heap has
     * @param slots how many slots these have
     * @param live how many slots hold a live block
     * @param spanBytes how much address space the runs take
     */
    public record OfSizeClass(long slotBytes, long runs, long slots, long live, long spanBytes) {
    }

    /** Copies the list, which then nobody can change. */
    public HeapFigures {
        sizeClasses = List.copyOf(sizeClasses);
    }

    /**
     * {@return these figures as one JSON object (RFC 8259) without line ends} Its names are those of the components; no limit is
     * -1.
     */
    public String toJson() {
        return new JsonObject().put("heap", heap).put("liveBlocks", liveBlocks).put("liveBytes", liveBytes)
                .put("reservedBytes", reservedBytes).put("mappings", mappings).put("mappedBytes", mappedBytes)
                .put("cachedBytes", cachedBytes).put("limitBytes", limitBytes).put("usedBytes", usedBytes)
                .put("peakBytes", peakBytes).put("refusals", refusals)
                .put("sizeClasses", sizeClasses.stream().map(each -> new JsonObject().put("slotBytes", each.slotBytes)
                        .put("runs", each.runs).put("slots", each.slots).put("live", each.live).put("spanBytes", each.spanBytes)))
                .toString();
    }

    /**
     * From now on each recording that wants it gets one event a heap, and one a size class of each heap, periodically.
     *
     * @param now asked once a period for each of the two kinds of event, on a thread of the flight recorder
     * @return ends that, and lets the flight recorder forget {@code now}
     */
    public static Runnable recordPeriodically(Supplier<List<HeapFigures>> now) {
        Runnable heaps = StatisticsEvents.periodically(StatisticsEvents.HeapStatistics.class,
                () -> now.get().forEach(StatisticsEvents::heapStatistics));
        Runnable sizeClasses = StatisticsEvents.periodically(StatisticsEvents.SizeClassStatistics.class,
                () -> now.get().forEach(StatisticsEvents::sizeClassStatistics));
        return () -> {
            heaps.run();
            sizeClasses.run();
        };
    }
}
