package dev.banos.benchmarks;

import dev.banos.mem.HeapScope;
import dev.banos.mem.ScopeGroup;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A shared scope: opened, one segment of 64 bytes written to, closed; in a JVM with so many other threads, which wait. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SharedScopeCloses {
    @Param({"0", "100"})
    int otherThreads;

    private final ScopeGroup group = ScopeGroup.create();
    private final CountDownLatch end = new CountDownLatch(1);

    @Setup
    public void startThreads() {
        for (int i = 0; i < otherThreads; i++) {
            Thread.ofPlatform().daemon().start(() -> {
                try {
                    end.await();
                } catch (InterruptedException over) {
                    Thread.currentThread().interrupt();
                }
            });
        }
    }

    @TearDown
    public void endThreads() {
        end.countDown();
    }

    @Benchmark
    public long jdkShared() {
        try (Arena scope = Arena.ofShared()) {
            return use(scope);
        }
    }

    @Benchmark
    public long banosShared() {
        try (Arena scope = HeapScope.ofShared()) {
            return use(scope);
        }
    }

    @Benchmark
    public long banosGroup() {
        try (Arena scope = group.open()) {
            return use(scope);
        }
    }

    @Benchmark
    public long banosGroupOpenAndCloseOnly() {
        HeapScope scope = group.open();
        scope.close();
        return scope.scope().isAlive() ? 1 : 0;
    }

    @Benchmark
    public long jdkSharedOpenAndCloseOnly() {
        Arena scope = Arena.ofShared();
        scope.close();
        return scope.scope().isAlive() ? 1 : 0;
    }

    private static long use(Arena scope) {
        return scope.allocateFrom(ValueLayout.JAVA_LONG, 1, 2, 3, 4, 5, 6, 7, 8).address();
    }
}
