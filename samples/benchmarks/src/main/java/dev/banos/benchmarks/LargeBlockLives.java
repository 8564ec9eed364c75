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
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The life of a block that is a mapping of its own: malloc, a write to each of its pages, free. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LargeBlockLives {
    private static final long PAGE_BYTES = 4096;

    @Param({"65536", "1048576"})
    long bytes;

    private final MemorySegment errno = Tcb.current().segment();
    private final Heap cached = Heap.create(HeapOptions.confined().mappingCache(64 << 20));

    @Benchmark
    public long bareSystemCalls() {
        long block = SystemCalls.mmap(errno, 0, bytes, PROT_READ() | PROT_WRITE(), MAP_PRIVATE() | MAP_ANONYMOUS(), -1, 0);
        touch(block);
        return SystemCalls.munmap(errno, block, bytes);
    }

    @Benchmark
    public long banos() {
        long block = Malloc.malloc(bytes);
        touch(block);
        Malloc.free(block);
        return block;
    }

    @Benchmark
    public long banosCached() {
        long block = cached.malloc(bytes);
        touch(block);
        cached.free(block);
        return block;
    }

    @Benchmark
    public long mimalloc() throws Throwable {
        long block = (long) MallocPeers.Mimalloc.MALLOC.invokeExact(bytes);
        touch(block);
        MallocPeers.Mimalloc.FREE.invokeExact(block);
        return block;
    }

    private void touch(long block) {
        for (long at = block; at < block + bytes; at += PAGE_BYTES) {
            Native.EVERYTHING.set(ValueLayout.JAVA_LONG, at, at);
        }
    }
}
