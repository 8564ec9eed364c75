package dev.banos.benchmarks;

import dev.banos.mem.Heap;
import dev.banos.mem.HeapScope;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Several threads, with {@code -t}, that use one heap: each replaces blocks at random among 256 of its own, or opens a scope, writes to one
 * segment of 64 bytes and closes it.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SharedHeapThreads {
    /** A power of two: the random numbers are made beforehand and reused in a ring. */
    private static final int RING = 1 << 16;
    private static final int LIVE = 256;
    private static final int LEAST = 16;
    private static final int MOST = 1016;
    private static final long SEGMENT_BYTES = 64;

    /** The heap of all. */
    @State(Scope.Benchmark)
    public static class Shared {
        private final Heap heap = Heap.createShared();

        @TearDown(Level.Trial)
        public void close() {
            heap.close();
        }
    }

    /** The blocks of one thread. */
    @State(Scope.Thread)
    public static class Own {
        private final int[] victims = new int[RING];
        private final int[] sizes = new int[RING];
        private final long[] banos = new long[LIVE];
        private final long[] mimalloc = new long[LIVE];
        private int next;

        @Setup(Level.Trial)
        public void fill() {
            SplittableRandom random = new SplittableRandom(42);
            for (int i = 0; i < RING; i++) {
                victims[i] = random.nextInt(LIVE);
                sizes[i] = random.nextInt(LEAST, MOST + 1);
            }
        }

        @TearDown(Level.Trial)
        public void empty() throws Throwable {
            for (long block : mimalloc) {
                MallocPeers.Mimalloc.FREE.invokeExact(block);
            }
        }
    }

    @Benchmark
    public long banos(Shared shared, Own own) {
        int i = own.next++ & (RING - 1);
        shared.heap.free(own.banos[own.victims[i]]);
        return own.banos[own.victims[i]] = shared.heap.malloc(own.sizes[i]);
    }

    /** Its malloc, which all threads share as well. */
    @Benchmark
    public long mimalloc(Own own) throws Throwable {
        int i = own.next++ & (RING - 1);
        MallocPeers.Mimalloc.FREE.invokeExact(own.mimalloc[own.victims[i]]);
        return own.mimalloc[own.victims[i]] = (long) MallocPeers.Mimalloc.MALLOC.invokeExact((long) own.sizes[i]);
    }

    @Benchmark
    public long banosScope(Shared shared) {
        try (Arena scope = HeapScope.ofConfined(shared.heap)) {
            return use(scope);
        }
    }

    @Benchmark
    public long jdkConfined() {
        try (Arena scope = Arena.ofConfined()) {
            return use(scope);
        }
    }

    private static long use(Arena scope) {
        MemorySegment segment = scope.allocate(SEGMENT_BYTES);
        segment.set(ValueLayout.JAVA_LONG, 0, 1);
        return segment.get(ValueLayout.JAVA_LONG, 0);
    }
}
