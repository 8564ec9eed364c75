package dev.banos.mem;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * Gives memory that nobody uses back to the system, a while after it became free, so that a burst that comes again finds
 * it still there: touching a page for the first time costs microseconds. Its thread exists only while there is something
 * to give back.
 */
final class Purger {
    private static final Duration DELAY = Duration.ofMillis(Long.getLong("banos.mem.purgeDelayMillis", 1000));
    private static final AtomicBoolean RUNNING = new AtomicBoolean();

    private Purger() {
    }

    static void wake() {
        if (!RUNNING.get() && RUNNING.compareAndSet(false, true)) {
            start();
        }
    }

    private static void start() {
        try {
            Thread.ofPlatform().daemon().name("banos-purger").inheritInheritableThreadLocals(false).start(Purger::run);
        } catch (OutOfMemoryError noThread) {
            RUNNING.set(false); // the memory stays for the next who needs it, or the next to wake us
        }
    }

    private static void run() {
        try {
            boolean more = true;
            while (more) {
                LockSupport.parkNanos(DELAY.toNanos());
                more = ThreadPools.trimAbandoned();
                Spans.purge();
                DirectMappings.retryRefused();
                more |= MappingCache.age() > 0;
                more |= Spans.dirtyBytes() > 0;
            }
        } finally {
            RUNNING.set(false);
        }
        if (Spans.dirtyBytes() > 0 || MappingCache.allBytes() > 0) {
            wake(); // freed after the last look, by someone who still saw us running
        }
    }
}
