package dev.banos.mem.slots;

import java.lang.reflect.Constructor;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;

/**
 * A virtual thread that has no scheduler: whoever calls {@link #runToNextPark} is its carrier for that time. So a test says to
 * the instruction where it runs, and needs no third processor for it. The JDK has such a builder for tests of its own.
 */
final class CarriedThread {
    private static final Constructor<?> BUILDER = builder();

    final Thread thread;
    private Runnable continuation;

    /** The thread has run until its first park, or its end. */
    CarriedThread(Runnable body) {
        try {
            Executor scheduler = next -> continuation = next;
            thread = ((Thread.Builder) BUILDER.newInstance(scheduler)).start(body);
        } catch (ReflectiveOperationException impossible) {
            throw new AssertionError(impossible);
        }
        continuation.run();
    }

    void runToNextPark() {
        LockSupport.unpark(thread);
        continuation.run();
    }

    void runToEnd() {
        while (thread.isAlive()) {
            runToNextPark();
        }
    }

    private static Constructor<?> builder() {
        try {
            Constructor<?> builder = Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder").getDeclaredConstructor(Executor.class);
            builder.setAccessible(true);
            return builder;
        } catch (ReflectiveOperationException other) {
            throw new AssertionError("this JDK makes virtual threads otherwise; the tests of leases were written for 25", other);
        }
    }
}
