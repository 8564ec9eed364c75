package dev.banos.mem.slots;

import dev.banos.mem.mappings.MappingCache;
import dev.banos.mem.system.Unmapping;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * Gives memory that nobody uses back to the system, a while after it became free, so that a burst that comes again finds
 * it still there: touching a page for the first time costs microseconds. Its thread exists only while there is something
 * to give back, or a virtual thread has a pool: nobody else notices the end of that.
 */
final class Purger {
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

    /** For who has more to do than that. Where this fails, the next to come wakes it. */
    static void wakeIfPossible() {
        try {
            wake();
        } catch (OutOfMemoryError | StackOverflowError | LinkageError tooLittleLeft) {
            // What is free waits for the purger; a purger that could not be made ready is an error of linkage.
        }
    }

    private static void start() {
        boolean started = false;
        try {
            Thread.ofPlatform().daemon().name("banos-purger").inheritInheritableThreadLocals(false).start(new Passes());
            started = true;
        } catch (OutOfMemoryError | StackOverflowError noThread) {
            // The memory stays for the next who needs it, or the next to wake us.
            notBefore = System.nanoTime() + RETRY.toNanos();
        } finally {
            if (!started) {
                RUNNING.set(false);
            }
        }
    }

    /** Not a lambda: the JVM gives one up for good where its first use finds Java's heap full. */
    private static final class Passes implements Runnable {
        @Override
        public void run() {
            passUntilDone();
        }
    }

    private static void passUntilDone() {
        try {
            boolean more = true;
            while (more) {
                LockSupport.parkNanos(Math.max(Domain.PURGE_DELAY.toNanos(), LEAST_DELAY.toNanos()));
                boolean ignored = Thread.interrupted(); // by who interrupts a whole thread group: the next park would be none
                more = passOrPutOff();
            }
        } finally {
            RUNNING.set(false);
        }
        VarHandle.fullFence(); // either we see what another thread queues, or it sees that nobody will look
        if (Spans.isAnyUnlocked() || MappingCache.allBytes() > 0 || ThreadPools.isMemoryInAbandoned()
                || SharedPools.isAnyInUse()) {
            wake(); // freed after the last look, by someone who still saw us running
        }
    }

    /** @return whether there is, or may be, something to do at the next pass */
    private static boolean passOrPutOff() {
        try {
            return pass();
        } catch (VirtualMachineError | LinkageError tooLittleLeft) { // which may be otherwise at the next pass, and nobody else comes
            return true;
        }
    }

    private static boolean pass() {
        ThreadPools.passAbandoned();
        boolean more = SharedPools.trimIdle();
        Spans.purgeUnlocked();
        Unmapping.retryRefused();
        more |= MappingCache.age() > 0;
        return more || Spans.isAnyUnlocked() || ThreadPools.isMemoryInAbandoned();
    }
}
