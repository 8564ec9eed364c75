package dev.banos.benchmarks;

import dev.banos.mem.Heap;
import dev.banos.mem.Malloc;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Sixteen 64-byte blocks: all allocated, then all freed. The figure is for one malloc and one free. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(MallocBatches.BLOCKS)
public class MallocBatches {
    static final int BLOCKS = 16;
    private static final long BYTES = 64;
    private final Heap heap = Heap.create();
    private final long[] blocks = new long[BLOCKS];

    @Benchmark
    public void banos() {
        for (int i = 0; i < BLOCKS; i++) {
            blocks[i] = Malloc.malloc(BYTES);
        }
        for (int i = 0; i < BLOCKS; i++) {
            Malloc.free(blocks[i]);
        }
    }

    @Benchmark
    public void banosHeap() {
        for (int i = 0; i < BLOCKS; i++) {
            blocks[i] = heap.malloc(BYTES);
        }
        for (int i = 0; i < BLOCKS; i++) {
            heap.free(blocks[i]);
        }
    }

    @Benchmark
    public void mimalloc() throws Throwable {
        for (int i = 0; i < BLOCKS; i++) {
            blocks[i] = (long) MallocPeers.Mimalloc.MALLOC.invokeExact(BYTES);
        }
        for (int i = 0; i < BLOCKS; i++) {
            MallocPeers.Mimalloc.FREE.invokeExact(blocks[i]);
        }
    }

    @Benchmark
    public void glibc() throws Throwable {
        for (int i = 0; i < BLOCKS; i++) {
            blocks[i] = (long) MallocPeers.Glibc.MALLOC.invokeExact(BYTES);
        }
        for (int i = 0; i < BLOCKS; i++) {
            MallocPeers.Glibc.FREE.invokeExact(blocks[i]);
        }
    }
}
