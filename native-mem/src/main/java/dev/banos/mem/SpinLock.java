package dev.banos.mem;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A lock that never parks: malloc may be called where a virtual thread must not be unmounted under a lock. Held for tens
 * of nanoseconds, rarely for a system call; a waiter spins, then yields, so that a preempted holder gets its processor.
 * Not reentrant.
 */
final class SpinLock {
    private static final int SPINS_BEFORE_YIELD = 64;
    private static final VarHandle HELD = handle();

    @SuppressWarnings("unused") // through HELD
    private int held;

    boolean tryLock() {
        return (int) HELD.getOpaque(this) == 0 && HELD.compareAndSet(this, 0, 1);
    }

    void lock() {
        int spins = 0;
        while (!tryLock()) {
            if (++spins % SPINS_BEFORE_YIELD == 0) {
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
        }
    }

    void unlock() {
        HELD.setRelease(this, 0);
    }

    private static VarHandle handle() {
        try {
            return MethodHandles.lookup().findVarHandle(SpinLock.class, "held", int.class).withInvokeExactBehavior();
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }
}
