package dev.banos.benchmarks;

import dev.banos.mem.Malloc;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Group;
import org.openjdk.jmh.annotations.GroupThreads;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Control;

/**
 * One thread allocates 64-byte blocks, another frees them: batches go round between the two through queues. The figure of a
 * group is for one block in each of the two, the slower of which the other waits for.
 */
@State(Scope.Group)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(MallocProducers.BATCH)
public class MallocProducers {
    static final int BATCH = 500;
    private static final int BATCHES = 8;
    private static final long BYTES = 64;

    private ConcurrentLinkedQueue<long[]> empty;
    private ConcurrentLinkedQueue<long[]> full;

    @Setup(Level.Iteration)
    public void fill() {
        empty = new ConcurrentLinkedQueue<>();
        full = new ConcurrentLinkedQueue<>();
        for (int i = 0; i < BATCHES; i++) {
            empty.add(new long[BATCH]);
        }
    }

    /** @return null at the end of the measurement, when the other thread has gone; what is queued then stays allocated */
    private static long[] await(ConcurrentLinkedQueue<long[]> queue, Control control) {
        long[] batch = queue.poll();
        while (batch == null && !control.stopMeasurement) {
            Thread.onSpinWait();
            batch = queue.poll();
        }
        return batch;
    }

    @Benchmark
    @Group("banos")
    @GroupThreads(1)
    public void banosProduce(Control control) {
        long[] batch = await(empty, control);
        if (batch != null) {
            for (int i = 0; i < BATCH; i++) {
                batch[i] = Malloc.malloc(BYTES);
            }
            full.add(batch);
        }
    }

    @Benchmark
    @Group("banos")
    @GroupThreads(1)
    public void banosConsume(Control control) {
        long[] batch = await(full, control);
        if (batch != null) {
            for (int i = 0; i < BATCH; i++) {
                Malloc.free(batch[i]);
            }
            empty.add(batch);
        }
    }

    @Benchmark
    @Group("mimalloc")
    @GroupThreads(1)
    public void mimallocProduce(Control control) throws Throwable {
        long[] batch = await(empty, control);
        if (batch != null) {
            for (int i = 0; i < BATCH; i++) {
                batch[i] = (long) MallocPeers.Mimalloc.MALLOC.invokeExact(BYTES);
            }
            full.add(batch);
        }
    }

    @Benchmark
    @Group("mimalloc")
    @GroupThreads(1)
    public void mimallocConsume(Control control) throws Throwable {
        long[] batch = await(full, control);
        if (batch != null) {
            for (int i = 0; i < BATCH; i++) {
                MallocPeers.Mimalloc.FREE.invokeExact(batch[i]);
            }
            empty.add(batch);
        }
    }

    @Benchmark
    @Group("glibc")
    @GroupThreads(1)
    public void glibcProduce(Control control) throws Throwable {
        long[] batch = await(empty, control);
        if (batch != null) {
            for (int i = 0; i < BATCH; i++) {
                batch[i] = (long) MallocPeers.Glibc.MALLOC.invokeExact(BYTES);
            }
            full.add(batch);
        }
    }

    @Benchmark
    @Group("glibc")
    @GroupThreads(1)
    public void glibcConsume(Control control) throws Throwable {
        long[] batch = await(full, control);
        if (batch != null) {
            for (int i = 0; i < BATCH; i++) {
                MallocPeers.Glibc.FREE.invokeExact(batch[i]);
            }
            empty.add(batch);
        }
    }
}
