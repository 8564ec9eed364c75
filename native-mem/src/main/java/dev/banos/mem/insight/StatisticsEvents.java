package dev.banos.mem.insight;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Period;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** The periodic events of the flight recorder, which show {@link Footprint} and {@link HeapFigures}. */
final class StatisticsEvents {
    /** What the tools of the flight recorder show as "N/A". */
    private static final long NOT_AVAILABLE = Long.MIN_VALUE;

    private StatisticsEvents() {
    }

    @Name("dev.banos.mem.Statistics")
    @Label("Allocator Statistics")
    @Category({"Banos", "Memory"})
    @StackTrace(false)
    @Period("everyChunk")
    static final class Statistics extends Event {
        @Label("Footprint")
        @Description("Spans in use, spans kept for reuse, and direct mappings")
        @DataAmount
        long footprint;
        @Label("Spans In Use")
        @DataAmount
        long used;
        @Label("Spans Kept")
        @Description("Free, and not yet given back to the system")
        @DataAmount
        long kept;
        @Label("Direct Mappings")
        @DataAmount
        long mapped;
        @Label("Direct Mapping Count")
        long mappings;
        @Label("Cached Mappings")
        @Description("Freed, and kept for reuse")
        @DataAmount
        long cached;
        @Label("Mappings With Huge Pages")
        @Description("Of the direct mappings: those that ask for them")
        @DataAmount
        long huge;
    }

    @Name("dev.banos.mem.HeapStatistics")
    @Label("Heap Statistics")
    @Description("What one heap holds: malloc's of all threads, or one that the application made")
    @Category({"Banos", "Memory"})
    @StackTrace(false)
    @Period("everyChunk")
    static final class HeapStatistics extends Event {
        @Label("Heap")
        @Nullable String heap;
        @Label("Live Blocks")
        long liveBlocks;
        @Label("Live Bytes")
        @Description("The usable bytes of the live blocks")
        @DataAmount
        long liveBytes;
        @Label("Reserved")
        @Description("The address space of runs and direct mappings")
        @DataAmount
        long reserved;
        @Label("Direct Mappings")
        @DataAmount
        long mapped;
        @Label("Direct Mapping Count")
        long mappings;
        @Label("Limit")
        @Description("Of the heap and its children; N/A for none")
        @DataAmount
        long limit;
        @Label("Used")
        @Description("What the heap and its children have from the system")
        @DataAmount
        long used;
        @Label("Peak")
        @DataAmount
        long peak;
        @Label("Refusals")
        @Description("How many tries the limit refused: one request may try three times")
        long refusals;
        @Label("Cached Mappings")
        @Description("Freed, and kept for reuse")
        @DataAmount
        long cached;
    }

    @Name("dev.banos.mem.SizeClassStatistics")
    @Label("Size Class Statistics")
    @Description("What one heap holds in one size class")
    @Category({"Banos", "Memory"})
    @StackTrace(false)
    @Period("everyChunk")
    static final class SizeClassStatistics extends Event {
        @Label("Heap")
        @Nullable String heap;
        @Label("Slot Size")
        @DataAmount
        long slotBytes;
        @Label("Runs")
        long runs;
        @Label("Slots")
        long slots;
        @Label("Slots In Use")
        long live;
        @Label("Reserved")
        @DataAmount
        long reserved;
    }

    /** @return ends what this begins; a JVM may have no flight recorder, and then both do nothing */
    static Runnable periodically(Class<? extends Event> event, Runnable commit) {
        if (FlightRecorder.isAvailable()) {
            FlightRecorder.addPeriodicEvent(event, commit);
        }
        return () -> {
            boolean ignored = FlightRecorder.removePeriodicEvent(commit); // false where there is none
        };
    }

    static void statistics(Footprint now) {
        Statistics event = new Statistics();
        event.footprint = now.bytes();
        event.used = now.usedBytes();
        event.kept = now.keptBytes();
        event.mapped = now.mappedBytes();
        event.mappings = now.mappings();
        event.cached = now.cachedBytes();
        event.huge = now.hugeBytes();
        event.commit();
    }

    static void heapStatistics(HeapFigures now) {
        HeapStatistics event = new HeapStatistics();
        event.heap = now.heap();
        event.liveBlocks = now.liveBlocks();
        event.liveBytes = now.liveBytes();
        event.reserved = now.reservedBytes();
        event.mapped = now.mappedBytes();
        event.mappings = now.mappings();
        event.limit = now.limitBytes() < 0 ? NOT_AVAILABLE : now.limitBytes();
        event.used = now.usedBytes();
        event.peak = now.peakBytes();
        event.refusals = now.refusals();
        event.cached = now.cachedBytes();
        event.commit();
    }

    static void sizeClassStatistics(HeapFigures heap) {
        for (HeapFigures.OfSizeClass now : heap.sizeClasses()) {
            SizeClassStatistics event = new SizeClassStatistics();
            event.heap = heap.heap();
            event.slotBytes = now.slotBytes();
            event.runs = now.runs();
            event.slots = now.slots();
            event.live = now.live();
            event.reserved = now.spanBytes();
            event.commit();
        }
    }
}
