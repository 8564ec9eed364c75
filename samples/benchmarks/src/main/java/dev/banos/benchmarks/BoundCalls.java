package dev.banos.benchmarks;

import dev.banos.loader.Critical;
import dev.banos.loader.LinkedLibrary;
import dev.banos.loader.Symbol;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * What a call of {@code int add(int, int)} costs through a bound interface, beside handles that were made by hand and
 * {@link MethodHandleProxies}; and what strings and lambdas cost on top. The C is compiled here, by {@code gcc -gbtf}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class BoundCalls {
    private static final String C = """
            #include <string.h>
            int add(int a, int b) { return a + b; }
            unsigned long length(const char *text) { return strlen(text); }
            int apply(int (*step)(int), int value) { return step(value); }
            """;
    private static final LinkedLibrary LIBRARY = LinkedC.of(C, "-gbtf");
    private static final FunctionDescriptor ADD =
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);

    /** A plain downcall whose address is nobody's, so that no scope is held during the call. */
    private static final MethodHandle PLAIN = plain();
    private static final MethodHandle CRITICAL = plain(Linker.Option.critical(false));
    private static final MethodHandle HANDLE = LIBRARY.handle("add");
    private static final Adder PROXY = MethodHandleProxies.asInterfaceInstance(Adder.class, HANDLE);
    private static final Bound BOUND = LIBRARY.bind(Bound.class);
    private static final Step STEP = value -> value + 1;
    private static final MethodHandle APPLY = LIBRARY.handle("apply");
    private static final MemorySegment STEP_POINTER = LIBRARY.callback(Step.class, STEP, Arena.global()).pointer();

    /** For {@link MethodHandleProxies}, which takes public interfaces only. */
    @FunctionalInterface
    public interface Adder {
        int add(int a, int b);
    }

    /** C's {@code int (*)(int)}. */
    @FunctionalInterface
    public interface Step {
        int step(int value);
    }

    /** The C above. */
    public interface Bound {
        int add(int a, int b);

        @Critical
        @Symbol("add")
        int addCritical(int a, int b);

        long length(String text);
    }

    /** An interface with a callback: its methods keep a frame. */
    public interface BoundWithCallbacks {
        int apply(Step step, int value);

        int add(int a, int b);
    }

    private static final BoundWithCallbacks CALLS_BACK = LIBRARY.bind(BoundWithCallbacks.class);

    private int a = 40;
    private int b = 2;
    private String text = "twelve bytes";

    private static MethodHandle plain(Linker.Option... options) {
        return dev.banos.bindings.Native.downcall(LIBRARY.symbol("add").address(), ADD, options);
    }

    @Benchmark
    public int plainHandle() throws Throwable {
        return (int) PLAIN.invokeExact(a, b);
    }

    @Benchmark
    public int plainCriticalHandle() throws Throwable {
        return (int) CRITICAL.invokeExact(a, b);
    }

    /** As safe to keep as a bound method: the library stays during the call. */
    @Benchmark
    public int typedHandle() throws Throwable {
        return (int) HANDLE.invokeExact(a, b);
    }

    @Benchmark
    public int methodHandleProxy() {
        return PROXY.add(a, b);
    }

    @Benchmark
    public int bound() {
        return BOUND.add(a, b);
    }

    @Benchmark
    public int boundCritical() {
        return BOUND.addCritical(a, b);
    }

    @Benchmark
    public int boundWithFrame() {
        return CALLS_BACK.add(a, b);
    }

    @Benchmark
    public long boundString() {
        return BOUND.length(text);
    }

    @Benchmark
    public int boundLambda() {
        return CALLS_BACK.apply(STEP, a);
    }

    /** A pointer made once, called through the plain handle. */
    @Benchmark
    public int plainCallback() throws Throwable {
        return (int) APPLY.invokeExact(STEP_POINTER, a);
    }
}
