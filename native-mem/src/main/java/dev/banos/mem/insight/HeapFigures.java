package dev.banos.mem.insight;

import dev.banos.mem.text.JsonObject;
import java.util.List;
import java.util.function.Supplier;

/**
 * What one heap holds, as consoles and recordings show it. How many bytes were asked for is not known: the allocator keeps no
 * sizes, and a block's usable size is that of its slot. How many frees raced is only in the heap's own statistics.
 *
 * @param heap {@code malloc} for that of all threads, {@code heap n} for one that the application made
 * @param liveBlocks number of live blocks, in slots and as mappings
 * @param liveBytes the usable bytes of these
 * @param reservedBytes the address space of runs and mappings; parts of a run that were never touched take no memory
 * @param mappings how many blocks are mappings of their own
 * @param mappedBytes how large these are together
 * @param cachedBytes size of the mappings that were freed and are kept for reuse
 * @param limitBytes the most that the heap and its children may have from the system; -1 for no limit
 * @param usedBytes what they have: {@code reservedBytes} and {@code cachedBytes}, and those of the children
 * @param peakBytes the most that they ever had
 * @param refusals how many tries the limit refused. A refused request tries again when memory of this heap has been reclaimed, and
 *     then when that of others has: so one request may count up to three times, even if it is met in the end
 * @param sizeClasses those that have runs, by slot size
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
     * {@return these figures as one JSON object (RFC 8259) without line ends} Its names are those of the components; -1 stands for
     * no limit.
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
     * Gives one event for each heap, and one for each of its size classes, periodically, from now on, to each recording that wants
     * them.
     *
     * @param now asked once a period for each of the two kinds of event, on a thread of the flight recorder
     * @return an action that ends that, and lets the flight recorder forget {@code now}
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
