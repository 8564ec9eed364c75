package dev.banos.benchmarks;

import dev.banos.mem.Malloc;
import java.util.List;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What the flight recorder's events cost: one block, malloc, then free, without a recording and in one. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RecordedPairs {
    /** By name, as a recording may be older than the first use of an event. */
    private static final List<String> OURS = List.of("AllocationSample", "FreeSample", "ArenaCommit", "Mapping", "Purge",
            "InvalidBlock", "HighWater", "LimitReached", "Corruption", "Statistics", "HeapStatistics", "SizeClassStatistics");

    /** No recording; one in which all of Banos's events are off; one in which they are as they are by default. */
    @Param({"none", "off", "on"})
    private String events;

    /** Null where there is none. */
    private @Nullable Recording recording;

    @Setup
    public void start() {
        if (!events.equals("none")) {
            recording = new Recording();
            for (String event : OURS) {
                String name = "dev.banos.mem." + event;
                if (events.equals("off")) {
                    recording.disable(name);
                } else {
                    recording.enable(name);
                }
            }
            recording.start();
        }
    }

    @TearDown
    public void stop() {
        if (recording != null) {
            recording.close();
        }
    }

    @Benchmark
    public long bytes64() {
        long block = Malloc.malloc(64);
        Malloc.free(block);
        return block;
    }

    @Benchmark
    public long bytes100000() {
        long block = Malloc.malloc(100_000);
        Malloc.free(block);
        return block;
    }
}
