package dev.banos.benchmarks;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.bindings.Native;
import dev.banos.loader.LinkedLibrary;
import dev.banos.mem.Heap;
import dev.banos.mem.MallocPointers;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * A loop in C that calls malloc and free through pointers: ours, whose way leads into Java, those of C libraries, and a pair
 * that goes into Java and does nothing there. The C is compiled here, by {@code gcc}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(CallsFromC.PAIRS)
public class CallsFromC {
    static final int PAIRS = 1000;
    private static final String C = """
            void pairs(void *(*allocate)(unsigned long), void (*release)(void *), long count) {
                for (long i = 0; i < count; i++) {
                    release(allocate(64));
                }
            }
            """;
    private static final LinkedLibrary LIBRARY = LinkedC.of(C);
    private static final MethodHandle LOOP =
            Native.downcall(LIBRARY.symbol("pairs").address(), FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, JAVA_LONG));

    private final MallocPointers ofMalloc = MallocPointers.ofMalloc();
    private final MallocPointers ofHeap = MallocPointers.of(Heap.create(), Arena.global());
    private final MemorySegment same = Native.upcall(MethodHandles.identity(long.class), FunctionDescriptor.of(JAVA_LONG, JAVA_LONG),
            Arena.global());
    private final MemorySegment nothing = Native.upcall(MethodHandles.empty(MethodType.methodType(void.class, long.class)),
            FunctionDescriptor.ofVoid(JAVA_LONG), Arena.global());
    private final MemorySegment glibcMalloc = MemorySegment.ofAddress(MallocPeers.common("malloc"));
    private final MemorySegment glibcFree = MemorySegment.ofAddress(MallocPeers.common("free"));
    private final MemorySegment mimallocMalloc = MemorySegment.ofAddress(MallocPeers.library("libmimalloc.so.2", "mi_malloc"));
    private final MemorySegment mimallocFree = MemorySegment.ofAddress(MallocPeers.library("libmimalloc.so.2", "mi_free"));

    @Benchmark
    public void banos() throws Throwable {
        LOOP.invokeExact(ofMalloc.malloc(), ofMalloc.free(), (long) PAIRS);
    }

    @Benchmark
    public void banosHeap() throws Throwable {
        LOOP.invokeExact(ofHeap.malloc(), ofHeap.free(), (long) PAIRS);
    }

    @Benchmark
    public void intoJavaAndBack() throws Throwable {
        LOOP.invokeExact(same, nothing, (long) PAIRS);
    }

    @Benchmark
    public void glibc() throws Throwable {
        LOOP.invokeExact(glibcMalloc, glibcFree, (long) PAIRS);
    }

    @Benchmark
    public void mimalloc() throws Throwable {
        LOOP.invokeExact(mimallocMalloc, mimallocFree, (long) PAIRS);
    }
}
