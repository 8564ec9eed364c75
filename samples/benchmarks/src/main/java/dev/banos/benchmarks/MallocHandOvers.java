package dev.banos.benchmarks;

import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;

/**
 * Larson's pattern: sets of live blocks go from thread to thread, and whoever has one replaces blocks in it at random, so
 * that most frees are of another thread's blocks. The figure is for one free and one malloc in one thread, so beyond the
 * number of processors it grows with the threads: {@code -t 4}, {@code -t 8}.
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

    @Param({"banos", "mimalloc", "glibc", "tcmalloc"})
    String allocator;

    private ConcurrentLinkedQueue<long[]> sets;

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
        ChosenAllocator.choose(allocator);
        sets = new ConcurrentLinkedQueue<>();
        for (int i = 0; i < SETS; i++) {
            sets.add(new long[BLOCKS]);
        }
    }

    @TearDown(Level.Trial)
    public void empty() throws Throwable {
        for (long[] set : sets) {
            for (long block : set) {
                ChosenAllocator.free(block);
            }
        }
    }

    @Benchmark
    public void replaceInASet(Numbers numbers) throws Throwable {
        long[] set = sets.poll();
        for (int n = 0; n < REPLACED; n++) {
            int i = numbers.next++ & (Numbers.RING - 1);
            ChosenAllocator.free(set[numbers.victims[i]]);
            set[numbers.victims[i]] = ChosenAllocator.malloc(numbers.sizes[i]);
        }
        sets.add(set);
    }
}
