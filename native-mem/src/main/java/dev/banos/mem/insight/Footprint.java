package dev.banos.mem.insight;

import dev.banos.mem.text.JsonObject;
import java.util.function.Supplier;

/**
 * What the allocator holds of the system's memory.
 *
 * @param arenas how many 1 MiB arenas are accessible
 * @param usedBytes spans that serve blocks
 * @param keptBytes spans that are free, and whose memory has not been given back yet
 * @param mappedBytes blocks that are mappings of their own
 * @param mappings how many those are
 * @param cachedBytes mappings that were freed and are kept for reuse
 * @param hugeBytes how many of the mapped bytes ask for huge pages, where a byte written to may take 2 MiB of memory
 */
public record Footprint(int arenas, long usedBytes, long keptBytes, long mappedBytes, long mappings, long cachedBytes,
        long hugeBytes) {
    /**
     * {@return all of it: bytes in use, kept, mapped and cached} What was never written to of it takes no memory of the
     * machine.
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
     * From now on each recording that wants it gets the allocator's footprint periodically.
     *
     * @param now asked once a period, on a thread of the flight recorder
     * @return ends that, and lets the flight recorder forget {@code now}
     */
    public static Runnable recordPeriodically(Supplier<Footprint> now) {
        return StatisticsEvents.periodically(StatisticsEvents.Statistics.class, () -> StatisticsEvents.statistics(now.get()));
    }
}
