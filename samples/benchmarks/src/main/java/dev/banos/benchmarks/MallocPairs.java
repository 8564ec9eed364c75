package dev.banos.benchmarks;

import dev.banos.mem.Heap;
import dev.banos.mem.Malloc;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** One 64-byte block: malloc, then free. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MallocPairs {
    private static final long BYTES = 64;
    private final Heap heap = Heap.create();

    @Benchmark
    public long banos() {
        long block = Malloc.malloc(BYTES);
        Malloc.free(block);
        return block;
    }

    @Benchmark
    public long banosHeap() {
        long block = heap.malloc(BYTES);
        heap.free(block);
        return block;
    }

    @Benchmark
    public long mimalloc() throws Throwable {
        long block = (long) MallocPeers.Mimalloc.MALLOC.invokeExact(BYTES);
        MallocPeers.Mimalloc.FREE.invokeExact(block);
        return block;
    }

    @Benchmark
    public long mimallocOrdinary() throws Throwable {
        long block = (long) MallocPeers.Mimalloc.ORDINARY_MALLOC.invokeExact(BYTES);
        MallocPeers.Mimalloc.ORDINARY_FREE.invokeExact(block);
        return block;
    }

    @Benchmark
    public long glibc() throws Throwable {
        long block = (long) MallocPeers.Glibc.MALLOC.invokeExact(BYTES);
        MallocPeers.Glibc.FREE.invokeExact(block);
        return block;
    }

    @Benchmark
    public long jemalloc() throws Throwable {
        long block = (long) MallocPeers.Jemalloc.MALLOC.invokeExact(BYTES);
        MallocPeers.Jemalloc.FREE.invokeExact(block);
        return block;
    }

    @Benchmark
    public long tcmalloc() throws Throwable {
        long block = (long) MallocPeers.Tcmalloc.MALLOC.invokeExact(BYTES);
        MallocPeers.Tcmalloc.FREE.invokeExact(block);
        return block;
    }
}
