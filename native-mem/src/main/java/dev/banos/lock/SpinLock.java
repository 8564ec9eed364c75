package dev.banos.lock;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.banos.bindings.Native;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A lock that never parks: held for tens of nanoseconds, rarely for a system call. A waiter spins, then gives its
 * processor away. Not reentrant.
 *
 * <p>The processor is given away through the kernel, not with {@link Thread#yield}: that would unmount a virtual thread,
 * and one that is unmounted while it holds a lock may not be scheduled again as long as others wait for the lock (the
 * scheduler prefers the queue that the waiters keep full). So code under this lock must not use a monitor either.
 */
public final class SpinLock {
    private static final int SPINS_BEFORE_YIELD = 64;
    private static final VarHandle HELD = handle();

    /** Linked by the first who waits long: a JVM that has just started takes tens of milliseconds for it. */
    private static final class Kernel {
        private static final MethodHandle SCHED_YIELD = Native.downcall(
                Linker.nativeLinker().defaultLookup().findOrThrow("sched_yield").address(), FunctionDescriptor.of(JAVA_INT));
    }

    @SuppressWarnings("unused") // through HELD
    private int held;

    public boolean tryLock() {
        return (int) HELD.getOpaque(this) == 0 && HELD.compareAndSet(this, 0, 1);
    }

    public void lock() {
        if (!tryLock()) {
            lockSlow();
        }
    }

    public void unlock() {
        HELD.setRelease(this, 0);
    }

    private void lockSlow() {
        int spins = 0;
        do {
            pause(++spins);
        } while (!tryLock());
    }

    /** What a waiter does between its tries. */
    public static void pause(int tries) {
        if (tries % SPINS_BEFORE_YIELD != 0) {
            Thread.onSpinWait();
            return;
        }
        try {
            int ignored = (int) Kernel.SCHED_YIELD.invokeExact(); // never fails on Linux
        } catch (Throwable thrown) {
            throw new AssertionError("sched_yield", thrown);
        }
    }

    private static VarHandle handle() {
        try {
            return MethodHandles.lookup().findVarHandle(SpinLock.class, "held", int.class).withInvokeExactBehavior();
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }
}
