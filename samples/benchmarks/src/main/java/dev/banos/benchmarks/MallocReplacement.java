package dev.banos.benchmarks;

import dev.banos.mem.Heap;
import dev.banos.mem.Malloc;
import java.util.SplittableRandom;
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
import org.openjdk.jmh.annotations.TearDown;

/** So many live blocks of random sizes; each operation frees one at random and puts another in its place. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MallocReplacement {
    /** A power of two: the random numbers are made beforehand and reused in a ring. */
    private static final int RING = 1 << 16;
    private static final int LEAST = 16;

    @Param({"256", "10000"})
    int live;
    @Param({"1016", "32768"})
    int most;

    private final Heap heap = Heap.create();
    private final int[] victims = new int[RING];
    private final int[] sizes = new int[RING];
    private long[] banos;
    private long[] banosHeap;
    private long[] mimalloc;
    private long[] glibc;
    private int next;

    @Setup(Level.Trial)
    public void fill() throws Throwable {
        SplittableRandom random = new SplittableRandom(42);
        for (int i = 0; i < RING; i++) {
            victims[i] = random.nextInt(live);
            sizes[i] = random.nextInt(LEAST, most + 1);
        }
        banos = new long[live];
        banosHeap = new long[live];
        mimalloc = new long[live];
        glibc = new long[live];
    }

    @TearDown(Level.Trial)
    public void empty() throws Throwable {
        for (int i = 0; i < live; i++) {
            Malloc.free(banos[i]);
            heap.free(banosHeap[i]);
            MallocPeers.Mimalloc.FREE.invokeExact(mimalloc[i]);
            MallocPeers.Glibc.FREE.invokeExact(glibc[i]);
        }
    }

    @Benchmark
    public long banos() {
        int i = next++ & (RING - 1);
        Malloc.free(banos[victims[i]]);
        return banos[victims[i]] = Malloc.malloc(sizes[i]);
    }

    @Benchmark
    public long banosHeap() {
        int i = next++ & (RING - 1);
        heap.free(banosHeap[victims[i]]);
        return banosHeap[victims[i]] = heap.malloc(sizes[i]);
    }

    @Benchmark
    public long mimalloc() throws Throwable {
        int i = next++ & (RING - 1);
        MallocPeers.Mimalloc.FREE.invokeExact(mimalloc[victims[i]]);
        return mimalloc[victims[i]] = (long) MallocPeers.Mimalloc.MALLOC.invokeExact((long) sizes[i]);
    }

    @Benchmark
    public long glibc() throws Throwable {
        int i = next++ & (RING - 1);
        MallocPeers.Glibc.FREE.invokeExact(glibc[victims[i]]);
        return glibc[victims[i]] = (long) MallocPeers.Glibc.MALLOC.invokeExact((long) sizes[i]);
    }
}
