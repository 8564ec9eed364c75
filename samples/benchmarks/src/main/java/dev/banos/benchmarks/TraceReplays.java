package dev.banos.benchmarks;

import dev.banos.bindings.Native;
import dev.banos.fuzz.Trace;
import dev.banos.mem.Malloc;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The allocator calls that a program once made, from a recorded trace ({@code -p trace=FILE}), with a write to each page
 * of each block and nothing else. What the program never freed is freed outside the measured time.
 */
@State(Scope.Thread)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class TraceReplays {
    private static final long PAGE_BYTES = 4096;
    /** The resident size is looked at where live bytes are so far above what they were when it was last, and every so often. */
    private static final long LOOK_AGAIN_BYTES = 128 << 10;
    private static final int LOOK_AGAIN_CALLS = 16 * 1024;

    @Param({"banos", "banos-cached", "mimalloc", "glibc", "tcmalloc"})
    String allocator;
    @Param("samples/traces/git.mtrace.gz")
    String trace;

    private int operations;
    private byte[] kinds;
    private int[] slots;
    private long[] sizes;
    private long[] alignments;
    private long[] blocks;

    /** The most that the process grew by, and the most that the program had asked for. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class Peak {
        public long residentKiB;
        public long liveKiB;
    }

    @Setup
    public void decode() {
        ChosenAllocator.choose(allocator);
        Trace recorded = Trace.read(Path.of(trace));
        operations = recorded.operations();
        blocks = new long[recorded.slots()];
        kinds = new byte[operations];
        slots = new int[operations];
        sizes = new long[operations];
        alignments = new long[operations];
        for (int i = 0; i < operations; i++) {
            kinds[i] = (byte) recorded.kind(i);
            slots[i] = recorded.slot(i);
            sizes[i] = recorded.size(i);
            alignments[i] = recorded.alignment(i);
        }
    }

    @TearDown(Level.Invocation)
    public void freeTheRest() throws Throwable {
        for (int slot = 0; slot < blocks.length; slot++) {
            ChosenAllocator.free(blocks[slot]);
            blocks[slot] = 0;
        }
    }

    @Benchmark
    @BenchmarkMode(Mode.AverageTime)
    public void replay() throws Throwable {
        for (int i = 0; i < operations; i++) {
            play(i);
        }
    }

    /** Once, in a JVM whose own size hardly changes: interpreted, with a heap that is resident from the beginning. */
    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @Warmup(iterations = 0)
    @Measurement(iterations = 1)
    @Fork(value = 1, jvmArgsAppend = {"-Xint", "-XX:+UseSerialGC", "-Xms512m", "-Xmx512m", "-XX:+AlwaysPreTouch"})
    public void footprint(Peak peak) throws Throwable {
        loadAllClasses();
        long before = residentKiB();
        long[] live = new long[blocks.length];
        long sum = 0;
        long looked = 0;
        for (int i = 0; i < operations; i++) {
            play(i);
            sum += sizes[i] - live[slots[i]];
            live[slots[i]] = sizes[i];
            peak.liveKiB = Math.max(peak.liveKiB, sum / 1024);
            if (sum > looked + LOOK_AGAIN_BYTES || i % LOOK_AGAIN_CALLS == 0) {
                looked = Math.max(looked, sum);
                peak.residentKiB = Math.max(peak.residentKiB, residentKiB() - before);
            }
        }
    }

    private void play(int i) throws Throwable {
        int slot = slots[i];
        long size = sizes[i];
        switch (kinds[i]) {
            case Trace.MALLOC -> blocks[slot] = touched(ChosenAllocator.malloc(size), size);
            case Trace.CALLOC -> blocks[slot] = touched(ChosenAllocator.calloc(1, size), size);
            // Size 0 would free the block on some allocators and not on others.
            case Trace.REALLOC -> blocks[slot] = touched(ChosenAllocator.realloc(blocks[slot], Math.max(size, 1)), size);
            case Trace.ALIGNED -> blocks[slot] = touched(ChosenAllocator.alignedAlloc(alignments[i], size), size);
            default -> {
                ChosenAllocator.free(blocks[slot]);
                blocks[slot] = 0;
            }
        }
    }

    private static long touched(long block, long size) {
        if (block == 0) {
            throw new IllegalStateException(size + " bytes were refused");
        }
        for (long at = block; at < block + size; at += PAGE_BYTES) {
            Native.EVERYTHING.set(ValueLayout.JAVA_BYTE, at, (byte) 1);
        }
        return block;
    }

    private static void loadAllClasses() throws Throwable {
        long block = touched(ChosenAllocator.realloc(ChosenAllocator.calloc(1, 16), 32), 32);
        ChosenAllocator.free(block);
        ChosenAllocator.free(ChosenAllocator.alignedAlloc(64, 64));
        ChosenAllocator.free(ChosenAllocator.malloc(100_000));
        Malloc.trim(); // to link madvise takes hundreds of KiB, once; more blocks than these would leave the peers memory that counts as none
    }

    /** The kernel counts exactly here; its other files are sums that lag behind by pages a thread. */
    private static long residentKiB() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/smaps_rollup"))) {
            if (line.startsWith("Rss:")) {
                return Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new IOException("/proc/self/smaps_rollup has no line Rss:");
    }
}
