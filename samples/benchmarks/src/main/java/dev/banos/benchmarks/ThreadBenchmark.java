package dev.banos.benchmarks;

import dev.banos.bindings.SystemCalls;
import dev.banos.libc.pthread.Pthread;
import dev.banos.libc.pthread.ThreadKeys;
import dev.banos.thread.BanosThread;
import dev.banos.thread.Tcb;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.CompilerControl;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * errno, a cancellation point and a thread-specific value, against the least that each could cost: an errno that the
 * caller passes as a pointer, and Java's {@link ThreadLocal}. JMH's own threads are foreign ones; with
 * {@code -jvmArgsAppend "-Djmh.executor=CUSTOM -Djmh.executor.class=dev.banos.benchmarks.ThreadBenchmark$OwnThreads"} the
 * same runs in a {@link BanosThread}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ThreadBenchmark {
    private static final ThreadLocal<long[]> LOCAL = ThreadLocal.withInitial(() -> new long[1]);

    private MemorySegment passed;
    private int key;
    private int value;

    @Setup
    public void set() {
        passed = Arena.global().allocate(SystemCalls.STATE);
        key = ThreadKeys.create(null);
        ThreadKeys.set(key, 1);
        Tcb.current().errno(2);
        LOCAL.get()[0] = 1;
    }

    /** What a C function does that gets its errno's address as an argument: write it, and the caller reads it. */
    @Benchmark
    public int errnoPassedAsPointer() {
        fail(passed, ++value);
        return SystemCalls.errno(passed);
    }

    @Benchmark
    public int errnoOfTheThread() {
        fail(++value);
        return Tcb.current().errno();
    }

    /** The same two with the callee inlined: nothing is left but the access. */
    @Benchmark
    public int errnoPassedAsPointerInlined() {
        SystemCalls.setErrno(passed, ++value);
        return SystemCalls.errno(passed);
    }

    @Benchmark
    public int errnoOfTheThreadInlined() {
        Tcb.current().errno(++value);
        return Tcb.current().errno();
    }

    @Benchmark
    public long errnoInAThreadLocal() {
        failInThreadLocal(++value);
        return LOCAL.get()[0];
    }

    @Benchmark
    public void testcancel() {
        Pthread.testcancel();
    }

    @Benchmark
    public long getspecific() {
        return ThreadKeys.get(key);
    }

    @Benchmark
    public long threadLocalGet() {
        return LOCAL.get()[0];
    }

    @CompilerControl(CompilerControl.Mode.DONT_INLINE)
    private static void fail(MemorySegment state, int errno) {
        SystemCalls.setErrno(state, errno);
    }

    @CompilerControl(CompilerControl.Mode.DONT_INLINE)
    private static void fail(int errno) {
        Tcb.current().errno(errno);
    }

    @CompilerControl(CompilerControl.Mode.DONT_INLINE)
    private static void failInThreadLocal(int errno) {
        LOCAL.get()[0] = errno;
    }

    /** What JMH calls a custom executor. */
    public static final class OwnThreads extends ThreadPoolExecutor {
        public OwnThreads(int threads, String prefix) {
            super(threads, threads, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), body -> new BanosThread(body, prefix));
        }
    }
}
