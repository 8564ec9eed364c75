package dev.banos.benchmarks;

import dev.banos.mem.Heap;
import dev.banos.mem.HeapScope;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.CompilerControl;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The life of a confined scope: opened, so many segments allocated in it and written to once, closed. Shared ones are in
 * {@link SharedScopeCloses}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ScopeLives {
    @Param({"1x64", "10x256", "1x16384"})
    String segments;

    private int count;
    private long bytes;
    private Heap heap;

    @Setup
    public void open() {
        heap = Heap.create();
        int x = segments.indexOf('x');
        count = Integer.parseInt(segments.substring(0, x));
        bytes = Long.parseLong(segments.substring(x + 1));
    }

    @TearDown
    public void close() {
        heap.close();
    }

    @Benchmark
    public long banosConfined() {
        try (Arena scope = HeapScope.ofConfined()) {
            return use(scope);
        }
    }

    @Benchmark
    public long banosConfinedUninitialized() {
        try (Arena scope = HeapScope.ofConfinedUninitialized()) {
            return use(scope);
        }
    }

    @Benchmark
    public long banosConfinedInHeap() {
        try (Arena scope = HeapScope.ofConfined(heap)) {
            return use(scope);
        }
    }

    @Benchmark
    public long jdkConfined() {
        try (Arena scope = Arena.ofConfined()) {
            return use(scope);
        }
    }

    /** Part of each benchmark, as the body of a {@code try} is: whether it is large enough to be left alone says nothing of a scope. */
    @CompilerControl(CompilerControl.Mode.INLINE)
    private long use(Arena scope) {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            MemorySegment segment = scope.allocate(bytes, 8);
            segment.set(ValueLayout.JAVA_LONG, 0, i);
            sum += segment.address();
        }
        return sum;
    }
}
