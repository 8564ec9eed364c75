package dev.banos.benchmarks;

import static dev.banos.bindings.generated.Linux.MAP_ANONYMOUS;
import static dev.banos.bindings.generated.Linux.MAP_POPULATE;
import static dev.banos.bindings.generated.Linux.MAP_PRIVATE;
import static dev.banos.bindings.generated.Linux.MREMAP_MAYMOVE;
import static dev.banos.bindings.generated.Linux.PROT_READ;
import static dev.banos.bindings.generated.Linux.PROT_WRITE;

import dev.banos.bindings.SystemCalls;
import dev.banos.fuzz.Trace;
import dev.banos.thread.Tcb;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Of a trace ({@code -p trace=FILE}) the blocks of 64 KiB and more alone, by bare system calls, with a write to each page: what
 * {@link TraceReplays} cannot be faster than where a malloc of these is an mmap, and their free a munmap.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class TraceMappings {
    private static final long LEAST = 64 << 10;
    private static final long PAGE_BYTES = MallocMappings.PAGE_BYTES;

    /** A block gets this length, in pages' bytes; 0 is its end. What it had before, the replay knows. */
    private record Step(int slot, long bytes) {
    }

    @Param("samples/traces/git.mtrace.gz")
    String trace;
    /** Up to which length a mapping comes with its pages, by MAP_POPULATE. */
    @Param({"0", "1048576"})
    long populated;

    private Step[] steps;
    private long[] addresses;
    private long[] lengths;
    private MemorySegment state;

    @Setup
    public void decode() {
        Trace recorded = Trace.read(Path.of(trace));
        addresses = new long[recorded.slots()];
        lengths = new long[recorded.slots()];
        boolean[] mapped = new boolean[recorded.slots()];
        List<Step> all = new ArrayList<>();
        for (int i = 0; i < recorded.operations(); i++) {
            int slot = recorded.slot(i);
            boolean large = recorded.size(i) >= LEAST;
            if (large || mapped[slot]) {
                all.add(new Step(slot, large ? (recorded.size(i) + PAGE_BYTES - 1) & -PAGE_BYTES : 0));
                mapped[slot] = large;
            }
        }
        steps = all.toArray(Step[]::new);
        state = Tcb.current().segment();
    }

    @TearDown(Level.Invocation)
    public void unmapTheRest() {
        for (int slot = 0; slot < addresses.length; slot++) {
            resize(slot, 0);
        }
    }

    @Benchmark
    public void systemCalls() {
        for (Step each : steps) {
            resize(each.slot, each.bytes);
        }
    }

    private void resize(int slot, long bytes) {
        long length = lengths[slot];
        if (bytes == 0 && length > 0) {
            SystemCalls.munmap(state, addresses[slot], length);
        } else if (bytes > 0 && length == 0) {
            addresses[slot] = map(bytes);
        } else if (bytes != length) {
            addresses[slot] = SystemCalls.mremap(state, addresses[slot], length, bytes, MREMAP_MAYMOVE(), 0);
        }
        lengths[slot] = bytes;
        MallocMappings.touch(addresses[slot], 0, bytes);
    }

    private long map(long bytes) {
        int flags = MAP_PRIVATE() | MAP_ANONYMOUS() | (bytes <= populated ? MAP_POPULATE() : 0);
        return SystemCalls.mmap(state, 0, bytes, PROT_READ() | PROT_WRITE(), flags, -1, 0);
    }
}
