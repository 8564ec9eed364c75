package dev.banos.mem.insight;

import dev.banos.mem.text.JsonObject;
import java.util.function.Supplier;

/**
 * What the allocator holds of the system's memory.
 *
 * @param arenas how many 1 MiB arenas are accessible
 * @param usedBytes size of the spans that serve blocks
 * @param keptBytes size of the spans that are free, and whose memory has not been given back yet
 * @param mappedBytes size of the blocks that are mappings of their own
 * @param mappings how many such blocks there are
 * @param cachedBytes size of the mappings that were freed and are kept for reuse
 * @param hugeBytes how many of the mapped bytes ask for huge pages, where a byte written to may take 2 MiB of memory
 */
public record Footprint(int arenas, long usedBytes, long keptBytes, long mappedBytes, long mappings, long cachedBytes,
        long hugeBytes) {
    /**
     * {@return the sum of the bytes in use, kept, mapped and cached} Parts that were never written to take no memory of the machine.
     */
    public long bytes() {
        return usedBytes + keptBytes + mappedBytes + cachedBytes;
    }

    /** {@return these figures as one JSON object (RFC 8259)} Its names are those of the components, and {@code bytes}. */
    public String toJson() {
        return new JsonObject().put("bytes", bytes()).put("arenas", arenas).put("usedBytes", usedBytes).put("keptBytes", keptBytes)
                .put("mappedBytes", mappedBytes).put("mappings", mappings).put("cachedBytes", cachedBytes)
                .put("hugeBytes", hugeBytes).toString();
    }

    /**
     * Gives the allocator's footprint periodically, from now on, to each recording that wants it.
     *
     * @param now asked once a period, on a thread of the flight recorder
     * @return an action that ends that, and lets the flight recorder forget {@code now}
     */
    public static Runnable recordPeriodically(Supplier<Footprint> now) {
        return StatisticsEvents.periodically(StatisticsEvents.Statistics.class, () -> StatisticsEvents.statistics(now.get()));
    }
}
