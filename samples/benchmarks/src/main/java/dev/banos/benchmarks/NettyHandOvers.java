package dev.banos.benchmarks;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.internal.PlatformDependent;
import java.util.Queue;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Control;

/**
 * One event loop allocates buffers, another releases them: in batches of one size that go round between the two, and one by
 * one with the sizes of a proxy, through a queue of Netty's, which is the shape of Netty's own benchmark.
 */
@State(Scope.Group)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgsAppend = {"-Djmh.executor=CUSTOM", "-Djmh.executor.class=dev.banos.benchmarks.EventLoopThreads"})
public class NettyHandOvers {
    static final int BATCH = 500;
    private static final int BATCHES = 8;
    private static final int BYTES = 256;
    private static final int QUEUED = 1024;

    @Param({"banos", "adaptive", "pooled"})
    public NettyAllocators allocators;

    private final Queue<ByteBuf[]> empty = PlatformDependent.newFixedMpmcQueue(BATCHES);
    private final Queue<ByteBuf[]> full = PlatformDependent.newFixedMpmcQueue(BATCHES);
    private final Queue<ByteBuf> single = PlatformDependent.newFixedMpmcQueue(QUEUED);
    private final int[] sizes = NettySizes.draw();
    private ByteBufAllocator allocator;
    private int turn;

    @Setup
    public void choose() {
        allocator = allocators.create();
        for (int i = 0; i < BATCHES; i++) {
            empty.add(new ByteBuf[BATCH]);
        }
    }

    /** So that no buffer is lost, which Netty's leak detector would report in the middle of the next iteration. */
    @TearDown(Level.Iteration)
    public void releaseWhatIsOnItsWay() {
        for (ByteBuf[] batch = full.poll(); batch != null; batch = full.poll()) {
            releaseAll(batch);
            empty.add(batch);
        }
        for (ByteBuf buffer = single.poll(); buffer != null; buffer = single.poll()) {
            buffer.release();
        }
    }

    private static void releaseAll(ByteBuf[] batch) {
        for (int i = 0; i < BATCH; i++) {
            batch[i].release();
        }
    }

    /** @return null at the end of the measurement, when the other thread has gone */
    private static <T> T await(Queue<T> queue, Control control) {
        T taken = queue.poll();
        while (taken == null && !control.stopMeasurement) {
            Thread.onSpinWait();
            taken = queue.poll();
        }
        return taken;
    }

    @Benchmark
    @Group("handOver")
    @GroupThreads(1)
    @OperationsPerInvocation(BATCH)
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
    @OperationsPerInvocation(BATCH)
    public void consume(Control control) {
        ByteBuf[] batch = await(full, control);
        if (batch != null) {
            releaseAll(batch);
            empty.add(batch);
        }
    }

    @Benchmark
    @Group("oneByOne")
    @GroupThreads(1)
    public void produceOne(Control control) {
        ByteBuf buffer = allocator.directBuffer(sizes[turn = turn + 1 & NettySizes.COUNT - 1]);
        while (!single.offer(buffer)) {
            if (control.stopMeasurement) {
                buffer.release();
                return;
            }
            Thread.onSpinWait();
        }
    }

    @Benchmark
    @Group("oneByOne")
    @GroupThreads(1)
    public void consumeOne(Control control) {
        ByteBuf buffer = await(single, control);
        if (buffer != null) {
            buffer.release();
        }
    }
}
