package dev.banos.mem;

import dev.banos.bindings.Setting;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * Gives memory that nobody uses back to the system, a while after it became free, so that a burst that comes again finds
 * it still there: touching a page for the first time costs microseconds. Its thread exists only while there is something
 * to give back.
 */
final class Purger {
    private static final Duration DELAY = Duration.ofMillis(
            Setting.number("banos.mem.purgeDelayMillis", 1000, 0, Duration.ofDays(365).toMillis()));
    /** After a thread could not be started: each try costs milliseconds, and two lines that the JVM prints. */
    private static final Duration RETRY = Duration.ofSeconds(1);
    /** Between two looks, also where the delay is 0: a running thread's pool is looked at until that thread waits or ends. */
    private static final Duration LEAST_DELAY = Duration.ofMillis(1);
    private static final AtomicBoolean RUNNING = new AtomicBoolean();
    private static volatile long notBefore = System.nanoTime();

    private Purger() {
    }

    static void wake() {
        if (!RUNNING.get() && System.nanoTime() - notBefore >= 0 && RUNNING.compareAndSet(false, true)) {
            start();
        }
    }

    private static void start() {
        try {
            Thread.ofPlatform().daemon().name("banos-purger").inheritInheritableThreadLocals(false).start(Purger::run);
        } catch (OutOfMemoryError noThread) {
            notBefore = System.nanoTime() + RETRY.toNanos();
            RUNNING.set(false); // the memory stays for the next who needs it, or the next to wake us
        }
    }

    private static void run() {
        try {
            boolean more = true;
            while (more) {
                LockSupport.parkNanos(Math.max(DELAY.toNanos(), LEAST_DELAY.toNanos()));
                ThreadPools.passAbandoned();
                more = SharedPools.trimIdle();
                Spans.purge();
                DirectMappings.retryRefused();
                more |= MappingCache.age() > 0;
                more |= Spans.dirtyBytes() > 0 || ThreadPools.isMemoryInAbandoned();
            }
        } finally {
            RUNNING.set(false);
        }
        if (Spans.dirtyBytes() > 0 || MappingCache.allBytes() > 0 || ThreadPools.isMemoryInAbandoned()
                || SharedPools.hasRemoteFrees()) {
            wake(); // freed after the last look, by someone who still saw us running
        }
    }
}
