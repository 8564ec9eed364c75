package dev.banos.benchmarks;

import dev.banos.mem.Hardening;
import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What each kind of hardening costs: one block, malloc, then free, beside a shared heap without. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class HardenedPairs {
    @Param({"", "zero", "canary", "quarantine", "random", "guard", "sample", "all", "all,stacks"})
    private String hardening;

    private Heap heap;

    @Setup
    public void open() {
        heap = Heap.create(HeapOptions.shared().hardened(Hardening.parse(hardening)));
    }

    @TearDown
    public void close() {
        heap.close();
    }

    @Benchmark
    public long bytes64() {
        long block = heap.malloc(64);
        heap.free(block);
        return block;
    }

    @Benchmark
    public long bytes100000() {
        long block = heap.malloc(100_000);
        heap.free(block);
        return block;
    }
}
