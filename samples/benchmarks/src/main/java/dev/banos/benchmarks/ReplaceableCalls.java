package dev.banos.benchmarks;

import dev.banos.loader.Driver;
import dev.banos.loader.InstallPolicy;
import dev.banos.loader.Loader;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * What it costs that drivers can be replaced: the same function through an ordinary handle, and through one that looks up the
 * instance at each call. Run in the folder of the checkout.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ReplaceableCalls {
    private static final MethodHandle ORDINARY = handle(Loader.create(InstallPolicy.anyUser()));
    private static final MethodHandle REPLACEABLE = handle(Loader.create(InstallPolicy.anyUser()).replaceable());

    private static MethodHandle handle(Loader loader) {
        Driver ring = loader.install(Path.of("samples/drivers/x86-64/ring.o"));
        return ring.handle("ring_size", FunctionDescriptor.of(ValueLayout.JAVA_LONG));
    }

    @Benchmark
    public long ordinary() throws Throwable {
        return (long) ORDINARY.invokeExact();
    }

    @Benchmark
    public long replaceable() throws Throwable {
        return (long) REPLACEABLE.invokeExact();
    }
}
