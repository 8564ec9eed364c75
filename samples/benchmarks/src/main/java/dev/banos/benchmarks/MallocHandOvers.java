package dev.banos.benchmarks;

import dev.banos.mem.Malloc;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;

/**
 * Larson's pattern: sets of live blocks go from thread to thread, and whoever has one replaces blocks in it at random, so
 * that most frees are of another thread's blocks. The figure is for one free and one malloc in one thread, so beyond the
 * number of processors it grows with the threads.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(MallocHandOvers.REPLACED)
@Threads(2)
public class MallocHandOvers {
    /** A thread's turn: long enough that the queue costs nothing. */
    static final int REPLACED = 1000;
    private static final int SETS = 16;
    private static final int BLOCKS = 1000;
    private static final int LEAST = 16;
    private static final int MOST = 512;

    private ConcurrentLinkedQueue<long[]> sets;
    private MallocPeers.Calls calls;

    /** The same random numbers for every allocator, made beforehand and reused in a ring. */
    @State(Scope.Thread)
    public static class Numbers {
        private static final int RING = 1 << 16;
        private final int[] victims = new int[RING];
        private final int[] sizes = new int[RING];
        private int next;

        @Setup
        public void make() {
            SplittableRandom random = new SplittableRandom(42);
            for (int i = 0; i < RING; i++) {
                victims[i] = random.nextInt(BLOCKS);
                sizes[i] = random.nextInt(LEAST, MOST + 1);
            }
        }
    }

    @Setup(Level.Trial)
    public void fill() {
        sets = new ConcurrentLinkedQueue<>();
        for (int i = 0; i < SETS; i++) {
            sets.add(new long[BLOCKS]);
        }
    }

    @TearDown(Level.Trial)
    public void empty() throws Throwable {
        for (long[] set : sets) {
            for (long block : set) {
                calls.free(block);
            }
        }
    }

    @Benchmark
    public void banos(Numbers numbers) {
        calls = MallocPeers.Calls.BANOS;
        long[] set = sets.poll();
        for (int n = 0; n < REPLACED; n++) {
            int i = numbers.next++ & (Numbers.RING - 1);
            Malloc.free(set[numbers.victims[i]]);
            set[numbers.victims[i]] = Malloc.malloc(numbers.sizes[i]);
        }
        sets.add(set);
    }

    @Benchmark
    public void mimalloc(Numbers numbers) throws Throwable {
        calls = MallocPeers.Calls.MIMALLOC;
        long[] set = sets.poll();
        for (int n = 0; n < REPLACED; n++) {
            int i = numbers.next++ & (Numbers.RING - 1);
            MallocPeers.Mimalloc.FREE.invokeExact(set[numbers.victims[i]]);
            set[numbers.victims[i]] = (long) MallocPeers.Mimalloc.MALLOC.invokeExact((long) numbers.sizes[i]);
        }
        sets.add(set);
    }

    @Benchmark
    public void glibc(Numbers numbers) throws Throwable {
        calls = MallocPeers.Calls.GLIBC;
        long[] set = sets.poll();
        for (int n = 0; n < REPLACED; n++) {
            int i = numbers.next++ & (Numbers.RING - 1);
            MallocPeers.Glibc.FREE.invokeExact(set[numbers.victims[i]]);
            set[numbers.victims[i]] = (long) MallocPeers.Glibc.MALLOC.invokeExact((long) numbers.sizes[i]);
        }
        sets.add(set);
    }
}
