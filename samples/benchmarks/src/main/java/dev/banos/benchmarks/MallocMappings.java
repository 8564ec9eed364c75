package dev.banos.benchmarks;

import static dev.banos.bindings.generated.Linux.MAP_ANONYMOUS;
import static dev.banos.bindings.generated.Linux.MAP_PRIVATE;
import static dev.banos.bindings.generated.Linux.PROT_READ;
import static dev.banos.bindings.generated.Linux.PROT_WRITE;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import dev.banos.mem.Malloc;
import dev.banos.thread.Tcb;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** One large block: malloc, a write to each page, free; with the cache of such blocks, and against the two system calls that it is made of. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MallocMappings {
    static final int PAGE_BYTES = 4096;

    @Param({"65536", "1048576"})
    long bytes;

    private final Heap cached = Heap.create(HeapOptions.confined().mappingCache(64 << 20));

    @Benchmark
    public long banos() {
        long block = Malloc.malloc(bytes);
        touch(block, 0, bytes);
        Malloc.free(block);
        return block;
    }

    @Benchmark
    public long banosCached() {
        long block = cached.malloc(bytes);
        touch(block, 0, bytes);
        cached.free(block);
        return block;
    }

    @Benchmark
    public long systemCalls() {
        Tcb tcb = Tcb.current();
        long block = SystemCalls.mmap(tcb.segment(), 0, bytes, PROT_READ() | PROT_WRITE(), MAP_PRIVATE() | MAP_ANONYMOUS(), -1, 0);
        touch(block, 0, bytes);
        SystemCalls.munmap(tcb.segment(), block, bytes);
        return block;
    }

    @Benchmark
    public long mimalloc() throws Throwable {
        long block = (long) MallocPeers.Mimalloc.MALLOC.invokeExact(bytes);
        touch(block, 0, bytes);
        MallocPeers.Mimalloc.FREE.invokeExact(block);
        return block;
    }

    @Benchmark
    public long glibc() throws Throwable {
        long block = (long) MallocPeers.Glibc.MALLOC.invokeExact(bytes);
        touch(block, 0, bytes);
        MallocPeers.Glibc.FREE.invokeExact(block);
        return block;
    }

    static void touch(long block, long from, long to) {
        for (long offset = from; offset < to; offset += PAGE_BYTES) {
            Native.EVERYTHING.set(ValueLayout.JAVA_BYTE, block + offset, (byte) 1);
        }
    }
}
