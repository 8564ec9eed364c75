package dev.banos.benchmarks;

import dev.banos.libc.sort.Introsort;
import dev.banos.libc.sort.Key;
import dev.banos.libc.sort.RadixSort;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * Random ints, different ones in each of a batch of arrays (the branch predictor learns a single small one by heart). The
 * figure is for a whole batch of at least 64 Ki numbers; filling it is not timed.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class SortInts {
    private static final int LEAST_BATCH = 1 << 16;

    @Param({"1000", "100000", "10000000"})
    int n;

    private int arrays;
    private int[] random;
    private int[][] heap;
    private MemorySegment[] segments;
    private MemorySegment temporary;

    @Setup
    public void allocate() {
        arrays = (LEAST_BATCH + n - 1) / n;
        random = new Random(n).ints((long) arrays * n).toArray();
        heap = new int[arrays][n];
        segments = new MemorySegment[arrays];
        Arrays.setAll(segments, i -> Arena.global().allocate(4L * n, 4096));
        temporary = Arena.global().allocate(4L * n, 4096);
    }

    @Setup(Level.Invocation)
    public void fill() {
        for (int i = 0; i < arrays; i++) {
            System.arraycopy(random, i * n, heap[i], 0, n);
            MemorySegment.copy(random, i * n, segments[i], ValueLayout.JAVA_INT, 0, n);
        }
    }

    @Benchmark
    public void radix() {
        for (MemorySegment segment : segments) {
            RadixSort.sort(Key.I32, segment, temporary);
        }
    }

    @Benchmark
    public void introsort() {
        for (MemorySegment segment : segments) {
            Introsort.sort(Key.I32, segment);
        }
    }

    @Benchmark
    public void arraysSort() {
        for (int[] array : heap) {
            Arrays.sort(array);
        }
    }
}
