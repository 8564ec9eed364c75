package dev.banos.mem.insight;

import java.util.function.Supplier;
import jdk.jfr.FlightRecorder;

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

    /**
     * From now on each recording that wants it gets the allocator's footprint periodically.
     *
     * @param now asked once a period, on a thread of the flight recorder
     */
    public static void recordPeriodically(Supplier<Footprint> now) {
        if (FlightRecorder.isAvailable()) {
            FlightRecorder.addPeriodicEvent(StatisticsEvents.Statistics.class, () -> StatisticsEvents.statistics(now.get()));
        }
    }
}
