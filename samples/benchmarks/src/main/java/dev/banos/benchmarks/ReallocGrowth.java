package dev.banos.benchmarks;

import dev.banos.bindings.Native;
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

    @Benchmark
    public void realloc() {
        long block = Malloc.malloc(FIRST_BYTES);
        MallocMappings.touch(block, 0, FIRST_BYTES);
        for (long bytes = FIRST_BYTES; bytes < LAST_BYTES; bytes *= 2) {
            block = Malloc.realloc(block, bytes * 2);
            MallocMappings.touch(block, bytes, bytes * 2);
        }
        Malloc.free(block);
    }

    @Benchmark
    public void copying() {
        long block = Malloc.malloc(FIRST_BYTES);
        MallocMappings.touch(block, 0, FIRST_BYTES);
        for (long bytes = FIRST_BYTES; bytes < LAST_BYTES; bytes *= 2) {
            long larger = Malloc.malloc(bytes * 2);
            MemorySegment.copy(Native.EVERYTHING, block, Native.EVERYTHING, larger, bytes);
            Malloc.free(block);
            block = larger;
            MallocMappings.touch(block, bytes, bytes * 2);
        }
        Malloc.free(block);
    }

    @Benchmark
    public void touchOnly() {
        long block = Malloc.malloc(LAST_BYTES);
        MallocMappings.touch(block, 0, LAST_BYTES);
        Malloc.free(block);
    }
}
