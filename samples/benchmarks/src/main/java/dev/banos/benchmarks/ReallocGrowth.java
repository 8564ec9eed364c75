package dev.banos.benchmarks;

import dev.banos.bindings.Native;
import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import dev.banos.mem.HugePages;
import dev.banos.mem.Malloc;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * A block that grows from 64 KiB to 256 MiB by doubling, each page written when it is new: by realloc, and by malloc, copy
 * and free. {@code touchOnly} is what both have in common: one block of the last size, each page written once.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class ReallocGrowth {
    private static final long FIRST_BYTES = 64 << 10;
    private static final long LAST_BYTES = 256 << 20;

    private final Heap smallPages = Heap.create(HeapOptions.shared().hugePages(HugePages.NEVER));
    private final Heap hugePages = Heap.create(HeapOptions.shared().hugePages(HugePages.ALWAYS));

    @Benchmark
    public void realloc() {
        Malloc.free(grow(Malloc.malloc(FIRST_BYTES), Malloc::realloc));
    }

    @Benchmark
    public void reallocWithSmallPages() {
        smallPages.free(grow(smallPages.malloc(FIRST_BYTES), smallPages::realloc));
    }

    @Benchmark
    public void reallocOfGlibc() throws Throwable {
        long block = grow((long) MallocPeers.Glibc.MALLOC.invokeExact(FIRST_BYTES), MallocPeers.Glibc::realloc);
        MallocPeers.Glibc.FREE.invokeExact(block);
    }

    @Benchmark
    public void copying() {
        Malloc.free(grow(Malloc.malloc(FIRST_BYTES), (block, bytes) -> {
            long larger = copy(block, Malloc.malloc(bytes), bytes / 2);
            Malloc.free(block);
            return larger;
        }));
    }

    @Benchmark
    public void copyingWithHugePages() {
        hugePages.free(grow(hugePages.malloc(FIRST_BYTES), (block, bytes) -> {
            long larger = copy(block, hugePages.malloc(bytes), bytes / 2);
            hugePages.free(block);
            return larger;
        }));
    }

    @Benchmark
    public void copyingThroughGlibc() throws Throwable {
        long block = grow((long) MallocPeers.Glibc.MALLOC.invokeExact(FIRST_BYTES), (old, bytes) -> {
            long larger = copy(old, (long) MallocPeers.Glibc.MALLOC.invokeExact(bytes), bytes / 2);
            MallocPeers.Glibc.FREE.invokeExact(old);
            return larger;
        });
        MallocPeers.Glibc.FREE.invokeExact(block);
    }

    @Benchmark
    public void touchOnly() {
        long block = Malloc.malloc(LAST_BYTES);
        MallocMappings.touch(block, 0, LAST_BYTES);
        Malloc.free(block);
    }

    /** What makes a block twice as long, which is {@code bytes} then. */
    private interface Growth<X extends Throwable> {
        long twice(long block, long bytes) throws X;
    }

    private static <X extends Throwable> long grow(long first, Growth<X> growth) throws X {
        long block = first;
        MallocMappings.touch(block, 0, FIRST_BYTES);
        for (long bytes = FIRST_BYTES; bytes < LAST_BYTES; bytes *= 2) {
            block = growth.twice(block, bytes * 2);
            MallocMappings.touch(block, bytes, bytes * 2);
        }
        return block;
    }

    private static long copy(long from, long to, long bytes) {
        MemorySegment.copy(Native.EVERYTHING, from, Native.EVERYTHING, to, bytes);
        return to;
    }
}
