package dev.banos.benchmarks;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
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

/** One event loop allocates buffers, another releases them: batches go round between the two. */
@State(Scope.Group)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(NettyHandOvers.BATCH)
@Fork(value = 1, jvmArgsAppend = {"-Djmh.executor=CUSTOM", "-Djmh.executor.class=dev.banos.benchmarks.EventLoopThreads"})
public class NettyHandOvers {
    static final int BATCH = 500;
    private static final int BATCHES = 8;
    private static final int BYTES = 256;

    @Param({"banos", "adaptive", "pooled"})
    public NettyAllocators allocators;

    private ByteBufAllocator allocator;
    private ConcurrentLinkedQueue<ByteBuf[]> empty;
    private ConcurrentLinkedQueue<ByteBuf[]> full;

    @Setup(Level.Iteration)
    public void fill() {
        allocator = allocators.create();
        empty = new ConcurrentLinkedQueue<>();
        full = new ConcurrentLinkedQueue<>();
        for (int i = 0; i < BATCHES; i++) {
            empty.add(new ByteBuf[BATCH]);
        }
    }

    /** @return null at the end of the measurement, when the other thread has gone; what is queued then stays allocated */
    private static ByteBuf[] await(ConcurrentLinkedQueue<ByteBuf[]> queue, Control control) {
        ByteBuf[] batch = queue.poll();
        while (batch == null && !control.stopMeasurement) {
            Thread.onSpinWait();
            batch = queue.poll();
        }
        return batch;
    }

    @Benchmark
    @Group("handOver")
    @GroupThreads(1)
    public void produce(Control control) {
        ByteBuf[] batch = await(empty, control);
        if (batch != null) {
            for (int i = 0; i < BATCH; i++) {
                batch[i] = allocator.directBuffer(BYTES);
            }
            full.add(batch);
        }
    }

    @Benchmark
    @Group("handOver")
    @GroupThreads(1)
    public void consume(Control control) {
        ByteBuf[] batch = await(full, control);
        if (batch != null) {
            for (int i = 0; i < BATCH; i++) {
                batch[i].release();
            }
            empty.add(batch);
        }
    }
}
