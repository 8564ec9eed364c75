package dev.banos.benchmarks;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Group;
import org.openjdk.jmh.annotations.GroupThreads;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Control;

/**
 * One thread allocates 64-byte blocks, another frees them. A batch of them changes hands with one store and one load of a
 * ring whose entries are cache lines apart, and as many come back empty: what is measured is the allocator. The figure of a
 * group is for one block in each of the two threads, the slower of which the other waits for. {@code -t 4} and {@code -t 8} run
 * two and four such pairs.
 */
@State(Scope.Group)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(MallocProducers.BATCH)
public class MallocProducers {
    static final int BATCH = 256;
    private static final long BYTES = 64;
    private static final int SPINS_BEFORE_YIELD = 1000;

    @Param({"banos", "mimalloc", "glibc", "tcmalloc"})
    String allocator;

    private Ring empty;
    private Ring full;

    /** One thread puts, one takes. An entry says itself whether it is taken, so the two share no counter. */
    private static final class Ring {
        static final int ENTRIES = 16;
        private static final int STRIDE = 32;

        private final AtomicReferenceArray<long[]> entries = new AtomicReferenceArray<>(ENTRIES * STRIDE);

        /** @return null where the entry is empty */
        long[] take(int turn) {
            int index = turn % ENTRIES * STRIDE;
            long[] batch = entries.getAcquire(index);
            if (batch != null) {
                entries.setRelease(index, null);
            }
            return batch;
        }

        /** Never meets a full entry: there are as many batches as entries. */
        void put(int turn, long[] batch) {
            entries.setRelease(turn % ENTRIES * STRIDE, batch);
        }
    }

    /** How many batches this thread has had. */
    @State(Scope.Thread)
    public static class Turn {
        private int number;

        @Setup(Level.Iteration)
        public void restart() {
            number = 0;
        }
    }

    /** What was on its way when the last iteration ended stays allocated. */
    @Setup(Level.Iteration)
    public void fill() {
        ChosenAllocator.choose(allocator);
        empty = new Ring();
        full = new Ring();
        for (int i = 0; i < Ring.ENTRIES; i++) {
            empty.put(i, new long[BATCH]);
        }
    }

    /** @return null at the end of the measurement, when the other thread has gone */
    private static long[] await(Ring ring, Turn turn, Control control) {
        long[] batch = ring.take(turn.number);
        for (int spins = 1; batch == null && !control.stopMeasurement; spins++) {
            if (spins % SPINS_BEFORE_YIELD == 0) {
                Thread.yield(); // with more threads than processors the other one may be waiting for this
            }
            Thread.onSpinWait();
            batch = ring.take(turn.number);
        }
        return batch;
    }

    @Benchmark
    @Group("pair")
    @GroupThreads(1)
    public void produce(Turn turn, Control control) throws Throwable {
        long[] batch = await(empty, turn, control);
        if (batch != null) {
            for (int i = 0; i < BATCH; i++) {
                batch[i] = ChosenAllocator.malloc(BYTES);
            }
            full.put(turn.number++, batch);
        }
    }

    @Benchmark
    @Group("pair")
    @GroupThreads(1)
    public void consume(Turn turn, Control control) throws Throwable {
        long[] batch = await(full, turn, control);
        if (batch != null) {
            for (long block : batch) {
                ChosenAllocator.free(block);
            }
            empty.put(turn.number++, batch);
        }
    }
}
