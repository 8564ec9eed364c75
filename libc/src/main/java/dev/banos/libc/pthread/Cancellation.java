package dev.banos.libc.pthread;

import dev.banos.bindings.generated.Linux;
import dev.banos.thread.Tcb;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * When a cancel acts, and how a thread that waits learns of it.
 *
 * <p>The TCB's {@code cancelled} holds two bits: {@link #PENDING}, which other threads set and nobody takes back, and
 * {@link #EXITING}, which the thread itself sets once it acts. Only the thread itself reads and writes its state and type.
 *
 * <p>A thread that waits is parked, never blocked in the kernel: {@link #await} looks at the bits before each park, and
 * {@link #request} unparks after setting them. Unpark leaves a permit, so whichever comes first, the wait ends. This needs
 * no {@link Thread#interrupt}, and so cannot be taken for one.
 */
final class Cancellation {
    static final int PENDING = 1;
    static final int EXITING = 2;
    static final long FOR_EVER = Long.MAX_VALUE;

    private Cancellation() {
    }

    static boolean isDue(Tcb tcb) {
        return tcb.cancelledAcquire() == PENDING && tcb.cancelState() == Pthread.CANCEL_ENABLE;
    }

    static boolean isExiting(Tcb tcb) {
        return (tcb.cancelledAcquire() & EXITING) != 0;
    }

    static void markExiting(Tcb tcb) {
        tcb.cancelledMark(EXITING);
    }

    /** The calling thread begins anew: nothing asked of it before counts. */
    static void reset(Tcb tcb) {
        tcb.cancelState(Pthread.CANCEL_ENABLE);
        tcb.cancelType(Pthread.CANCEL_DEFERRED);
        tcb.cancelledRelease(0);
        PosixThread.stateSet(tcb);
    }

    static int exchangeState(Tcb tcb, int state) {
        if (state != Pthread.CANCEL_ENABLE && state != Pthread.CANCEL_DISABLE) {
            return -Linux.EINVAL();
        }
        int old = tcb.cancelState();
        tcb.cancelState(state);
        PosixThread.stateSet(tcb);
        return old;
    }

    static int exchangeType(Tcb tcb, int type) {
        if (type != Pthread.CANCEL_DEFERRED && type != Pthread.CANCEL_ASYNCHRONOUS) {
            return -Linux.EINVAL();
        }
        int old = tcb.cancelType();
        tcb.cancelType(type);
        return old;
    }

    /** @return 0, or -ESRCH where the thread does not run */
    static int request(Thread thread) {
        if (!Tcb.cancel(thread, PENDING)) {
            return -Linux.ESRCH();
        }
        LockSupport.unpark(thread);
        InterruptibleRegion.wake(thread);
        return 0;
    }

    /** Does not return if a cancel is due. */
    static void act(Tcb tcb) {
        if (isDue(tcb)) {
            throw PosixThread.current(tcb).cancelNow(tcb);
        }
    }

    /** Turns the inner form of a result, which a driver gets, into the outer: instead of -ECANCELED, the exit itself. */
    static long act(long result) {
        if (result == -Linux.ECANCELED()) {
            Tcb tcb = Tcb.current();
            throw PosixThread.current(tcb).cancelNow(tcb);
        }
        return result;
    }

    static int act(int result) {
        return (int) act((long) result);
    }

    /**
     * Parks the calling thread until {@code done}, whose maker unparks it.
     *
     * @param deadline in {@link System#nanoTime}'s time, or {@link #FOR_EVER}
     * @return 0; -ECANCELED: a cancel is due; -EINTR: the thread is interrupted, and stays so; -EAGAIN: the deadline passed
     */
    static int await(Tcb tcb, BooleanSupplier done, long deadline) {
        while (!done.getAsBoolean()) {
            if (isDue(tcb)) {
                return -Linux.ECANCELED();
            }
            if (Thread.currentThread().isInterrupted()) {
                return -Linux.EINTR();
            }
            if (!park(deadline)) {
                return -Linux.EAGAIN();
            }
        }
        return 0;
    }

    private static boolean park(long deadline) {
        if (deadline == FOR_EVER) {
            LockSupport.park(Cancellation.class);
            return true;
        }
        long left = deadline - System.nanoTime();
        if (left > 0) {
            LockSupport.parkNanos(Cancellation.class, left);
        }
        return left > 0;
    }
}
