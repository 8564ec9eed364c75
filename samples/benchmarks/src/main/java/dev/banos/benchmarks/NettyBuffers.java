package dev.banos.benchmarks;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/** The shapes of Netty's own benchmarks of its allocators, on threads like those of its event loops. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgsAppend = {"-Djmh.executor=CUSTOM", "-Djmh.executor.class=dev.banos.benchmarks.EventLoopThreads"})
public class NettyBuffers {
    private static final int SIZES = NettySizes.COUNT;
    private static final int LIVE = 8192;
    /** Powers of two, and above 512 what is an eighth or so beyond: each is drawn as often as any other. */
    private static final int[] CLASSES = {32, 64, 128, 256, 512, 640, 1024, 1152, 2048, 2304, 4096, 4352, 8192, 8704, 16384, 16896};

    @Param({"banos", "adaptive", "pooled"})
    public NettyAllocators allocators;

    private ByteBufAllocator allocator;
    private final int[] sizes = new int[SIZES];
    private final int[] proxySizes = NettySizes.draw();
    private final int[] places = new int[SIZES];
    private final ByteBuf[] live = new ByteBuf[LIVE];
    private final byte[] message = new byte[200];
    private int turn;

    @Setup
    public void draw() {
        allocator = allocators.create();
        SplittableRandom random = new SplittableRandom(42);
        for (int i = 0; i < SIZES; i++) {
            int drawn = random.nextInt(CLASSES.length);
            sizes[i] = random.nextInt(drawn == 0 ? 0 : CLASSES[drawn - 1] + 1, CLASSES[drawn]);
            places[i] = random.nextInt(LIVE);
        }
        random.nextBytes(message);
    }

    @TearDown
    public void release() {
        for (int i = 0; i < LIVE; i++) {
            if (live[i] != null) {
                live[i].release();
                live[i] = null;
            }
        }
    }

    private int next() {
        return turn = turn + 1 & SIZES - 1;
    }

    /** One buffer of a random size. */
    @Benchmark
    public void randomSize(Blackhole hole) {
        ByteBuf buffer = allocator.directBuffer(sizes[next()]);
        hole.consume(buffer);
        buffer.release();
    }

    /** 8,192 buffers of random sizes, of which a random one is replaced. */
    @Benchmark
    public void replaceRandomSize() {
        int at = next();
        replace(places[at], sizes[at]);
    }

    /** The same with the sizes of a proxy: Netty's own allocation pattern. */
    @Benchmark
    public void replaceAsAProxy() {
        int at = next();
        replace(places[at], proxySizes[at]);
    }

    /** The same with 256 bytes each. */
    @Benchmark
    public void replace256() {
        replace(places[next()], 256);
    }

    private void replace(int place, int size) {
        ByteBuf old = live[place];
        if (old != null) {
            old.release();
        }
        live[place] = allocator.directBuffer(size);
    }

    /** A buffer of 256 bytes as a handler uses it: a length, a message, and both read again. */
    @Benchmark
    public long message() {
        ByteBuf buffer = allocator.directBuffer(256);
        buffer.writeInt(message.length).writeBytes(message);
        long sum = buffer.readInt();
        while (buffer.isReadable(Long.BYTES)) {
            sum += buffer.readLong();
        }
        buffer.release();
        return sum;
    }

    /** One buffer as large as Netty's channels make theirs at most to read into. */
    @Benchmark
    public void readBuffer(Blackhole hole) {
        ByteBuf buffer = allocator.directBuffer(65536);
        for (int i = 0; i < 65536; i += 4096) {
            buffer.setByte(i, i);
        }
        hole.consume(buffer);
        buffer.release();
    }

    /** From 64 bytes to 1 MiB by appending kilobytes, which is thirteen times too small. */
    @Benchmark
    public int growTo1MiB() {
        ByteBuf buffer = allocator.directBuffer(64);
        for (int i = 0; i < 1024; i++) {
            buffer.writeZero(1024);
        }
        int capacity = buffer.capacity();
        buffer.release();
        return capacity;
    }
}
