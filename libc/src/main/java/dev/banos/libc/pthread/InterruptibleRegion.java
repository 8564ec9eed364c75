package dev.banos.libc.pthread;

import dev.banos.thread.Tcb;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * Java code that blocks in ways of its own (a queue, a lock, a channel) and that only an interrupt can reach. A cancel
 * interrupts it, but only between {@link #enter} and {@link #leave}, only while cancellation is enabled, and only once.
 *
 * <p>Afterwards, was there a real interrupt too? A {@link PosixThread.Platform} counts them. Any other thread has just one
 * bit for both; then the answer is yes: to keep an interrupt that was none costs a clean-up handler a surprise, to lose
 * one that was real costs the application its shutdown.
 *
 * <p>Cancel and enter cannot miss each other: the one sets PENDING and then looks for a region, the other publishes its
 * region and then looks for PENDING; the fences order each pair. So it is with a state that the body sets: this object's lock
 * orders a cancel that looks at {@code disabled} and a body that changes it and then looks for PENDING.
 */
final class InterruptibleRegion {
    private static final ConcurrentMap<Thread, InterruptibleRegion> REGIONS = new ConcurrentHashMap<>();

    private final Thread thread;
    private final @Nullable InterruptibleRegion outer;
    private final int realInterruptsBefore;
    private boolean left;
    private boolean disabled;
    private boolean consumedInterrupt;
    private boolean interruptedByCancel;

    private InterruptibleRegion(Thread thread, Tcb tcb) {
        this.thread = thread;
        this.disabled = isDisabled(tcb);
        this.outer = REGIONS.get(thread);
        this.realInterruptsBefore = thread instanceof PosixThread.Platform ours ? ours.realInterrupts() : 0;
    }

    /** Runs {@code body}; if it is left because of a cancel, by whatever exception, the exit takes that exception's place. */
    static <T> T run(Callable<T> body) throws Exception {
        Tcb tcb = Tcb.current();
        InterruptibleRegion region = enter(tcb);
        try {
            Cancellation.act(tcb);
            return body.call();
        } catch (InterruptedException interrupted) {
            region.consumedInterrupt = true;
            throw interrupted;
        } finally {
            region.leave(tcb);
            Cancellation.act(tcb);
        }
    }

    private static InterruptibleRegion enter(Tcb tcb) {
        Thread thread = Thread.currentThread();
        InterruptibleRegion region = new InterruptibleRegion(thread, tcb);
        REGIONS.put(thread, region);
        PosixThread.current(tcb).region = region;
        VarHandle.fullFence();
        return region;
    }

    private static boolean isDisabled(Tcb tcb) {
        return tcb.cancelState() != Pthread.CANCEL_ENABLE;
    }

    /** The body has set its thread's state: a cancel that came before it interrupts now, or no longer. */
    void stateSet(Tcb tcb) {
        setDisabled(isDisabled(tcb));
        if (Cancellation.isDue(tcb)) {
            interrupt();
        }
    }

    private synchronized void setDisabled(boolean disabled) {
        this.disabled = disabled;
        if (disabled && interruptedByCancel) {
            settleInterruptStatus();
            interruptedByCancel = false;
        }
    }

    private void leave(Tcb tcb) {
        PosixThread.current(tcb).region = outer;
        if (outer == null) {
            REGIONS.remove(thread);
        } else {
            outer.setDisabled(isDisabled(tcb));
            REGIONS.put(thread, outer);
        }
        synchronized (this) {
            left = true;
        }
        if (interruptedByCancel) {
            settleInterruptStatus();
        } else if (consumedInterrupt && Cancellation.isDue(tcb)) {
            restoreStatus(); // the exception told of a real one, and the exit is about to take its place
        }
    }

    private void settleInterruptStatus() {
        if (thread instanceof PosixThread.Platform ours) {
            ours.settleStatus(realInterruptsBefore);
        } else {
            thread.interrupt();
        }
    }

    /** Called by the thread that cancels, after it has set PENDING. */
    static void wake(Thread thread) {
        VarHandle.fullFence();
        InterruptibleRegion region = REGIONS.get(thread);
        if (region != null) {
            region.interrupt();
        }
    }

    /** Where an interrupt is already there, it does the same and is real: then nothing is to be told apart. */
    private synchronized void interrupt() {
        if (left || disabled || interruptedByCancel || thread.isInterrupted()) {
            return;
        }
        interruptedByCancel = true;
        setStatus(thread);
    }

    /** Sets the calling thread's status again after it was put aside: no new interrupt. */
    static void restoreStatus() {
        setStatus(Thread.currentThread());
    }

    private static void setStatus(Thread thread) {
        if (thread instanceof PosixThread.Platform ours) {
            ours.interruptByCancel();
        } else {
            thread.interrupt();
        }
    }
}
