package dev.banos.benchmarks;

import dev.banos.bindings.Native;
import dev.banos.mem.Malloc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** One block of 64 bytes: allocated, written to once through what the allocator gives, and freed. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MallocSegments {
    private static final long BYTES = 64;
    private static final long SLICED_BYTES = 1 << 20;

    private final MemorySegment sliced = Arena.global().allocate(SLICED_BYTES, 64);
    private SegmentAllocator slicer = SegmentAllocator.slicingAllocator(sliced);
    private long slices;
    private long value;

    @Benchmark
    public long banosAddress() {
        long block = Malloc.malloc(BYTES);
        Native.EVERYTHING.set(ValueLayout.JAVA_LONG_UNALIGNED, block, ++value);
        Malloc.free(block);
        return block;
    }

    @Benchmark
    public long banosSegment() {
        MemorySegment block = Malloc.allocate(BYTES);
        block.set(ValueLayout.JAVA_LONG, 0, ++value);
        Malloc.free(block);
        return block.address();
    }

    @Benchmark
    public long jdkConfined() {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment block = scope.allocate(BYTES);
            block.set(ValueLayout.JAVA_LONG, 0, ++value);
            return block.address();
        }
    }

    @Benchmark
    public long jdkShared() {
        try (Arena scope = Arena.ofShared()) {
            MemorySegment block = scope.allocate(BYTES);
            block.set(ValueLayout.JAVA_LONG, 0, ++value);
            return block.address();
        }
    }

    /** Freed by the garbage collector, whenever that is. */
    @Benchmark
    public long jdkAuto() {
        MemorySegment block = Arena.ofAuto().allocate(BYTES);
        block.set(ValueLayout.JAVA_LONG, 0, ++value);
        return block.address();
    }

    /** Likewise. */
    @Benchmark
    public long directBuffer() {
        ByteBuffer block = ByteBuffer.allocateDirect((int) BYTES);
        block.putLong(0, ++value);
        return block.capacity();
    }

    /** Freed all together: the least that an allocation can cost. */
    @Benchmark
    public long jdkSlicing() {
        if (++slices * BYTES > SLICED_BYTES) {
            slicer = SegmentAllocator.slicingAllocator(sliced);
            slices = 1;
        }
        MemorySegment block = slicer.allocate(BYTES);
        block.set(ValueLayout.JAVA_LONG, 0, ++value);
        return block.address();
    }
}
