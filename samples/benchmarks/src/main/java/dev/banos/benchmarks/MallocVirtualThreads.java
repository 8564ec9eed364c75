package dev.banos.benchmarks;

import dev.banos.mem.Malloc;
import dev.banos.mem.MemoryInsight;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Ten thousand tasks, each of which replaces blocks at random among sixteen of its own: as virtual threads, and as tasks of
 * two platform threads, which never pause. The figure is for one free and one malloc, with a share of the thread's start, end
 * and pauses.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(MallocVirtualThreads.TASKS * MallocVirtualThreads.REPLACED)
public class MallocVirtualThreads {
    static final int TASKS = 10_000;
    static final int REPLACED = 1000;
    private static final int PLATFORM_THREADS = 2;
    private static final int LIVE = 16;
    private static final int RING = 1 << 12;
    private static final int ROUNDS = 20;
    private static final int REPLACED_BETWEEN_PAUSES = 100;

    /** What a virtual thread does after so many replacements: others run in between, and want pools. */
    @Param({"nothing", "yield", "park"})
    String pause;

    private final int[] victims = new int[RING];
    private final int[] sizes = new int[RING];
    private ExecutorService platform;
    private ExecutorService virtual;

    /**
     * What the allocator holds after the tasks have freed all: bounded by processors if it does not grow with threads. JMH adds
     * such a figure up over iterations, so there is one.
     */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class Footprint {
        public long footprintKiB;
    }

    @Setup
    public void start() {
        SplittableRandom random = new SplittableRandom(42);
        for (int i = 0; i < RING; i++) {
            victims[i] = random.nextInt(LIVE);
            sizes[i] = random.nextInt(16, 513);
        }
        platform = Executors.newFixedThreadPool(PLATFORM_THREADS);
        virtual = Executors.newVirtualThreadPerTaskExecutor();
    }

    @TearDown
    public void stop() {
        platform.close();
        virtual.close();
    }

    @Benchmark
    public void banosVirtual() throws InterruptedException {
        runOn(virtual, this::replaceInBanos);
    }

    @Benchmark
    public void banosPlatform() throws InterruptedException {
        runOn(platform, this::replaceInBanos);
    }

    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @Warmup(iterations = 0)
    @Measurement(iterations = 1)
    public void footprintVirtual(Footprint footprint) throws InterruptedException {
        measureFootprint(virtual, footprint);
    }

    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @Warmup(iterations = 0)
    @Measurement(iterations = 1)
    public void footprintPlatform(Footprint footprint) throws InterruptedException {
        measureFootprint(platform, footprint);
    }

    private void measureFootprint(ExecutorService executor, Footprint footprint) throws InterruptedException {
        for (int i = 0; i < ROUNDS; i++) {
            runOn(executor, this::replaceInBanos);
        }
        footprint.footprintKiB = MemoryInsight.footprint().bytes() / 1024;
    }

    @Benchmark
    public void mimallocVirtual() throws InterruptedException {
        runOn(virtual, this::replaceInMimalloc);
    }

    private interface Task {
        void run(int first) throws Throwable;
    }

    private static void runOn(ExecutorService executor, Task task) throws InterruptedException {
        CountDownLatch ended = new CountDownLatch(TASKS);
        for (int i = 0; i < TASKS; i++) {
            int first = i;
            executor.execute(() -> {
                run(task, first);
                ended.countDown();
            });
        }
        ended.await();
    }

    private static void run(Task task, int first) {
        try {
            task.run(first);
        } catch (Throwable thrown) {
            throw new IllegalStateException(thrown);
        }
    }

    private void replaceInBanos(int first) {
        long[] blocks = new long[LIVE];
        for (int n = 0; n < REPLACED; n++) {
            if (n % REPLACED_BETWEEN_PAUSES == 0) {
                pause();
            }
            int i = (first + n) & (RING - 1);
            Malloc.free(blocks[victims[i]]);
            blocks[victims[i]] = Malloc.malloc(sizes[i]);
        }
        for (long block : blocks) {
            Malloc.free(block);
        }
    }

    private void replaceInMimalloc(int first) throws Throwable {
        long[] blocks = new long[LIVE];
        for (int n = 0; n < REPLACED; n++) {
            if (n % REPLACED_BETWEEN_PAUSES == 0) {
                pause();
            }
            int i = (first + n) & (RING - 1);
            MallocPeers.Mimalloc.FREE.invokeExact(blocks[victims[i]]);
            blocks[victims[i]] = (long) MallocPeers.Mimalloc.MALLOC.invokeExact((long) sizes[i]);
        }
        for (long block : blocks) {
            MallocPeers.Mimalloc.FREE.invokeExact(block);
        }
    }

    private void pause() {
        if (pause.equals("nothing") || !Thread.currentThread().isVirtual()) {
            return;
        }
        if (pause.equals("yield")) {
            Thread.yield();
        } else {
            LockSupport.parkNanos(1);
        }
    }
}
