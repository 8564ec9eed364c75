package dev.banos.loader.call;

import dev.banos.bindings.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * How long the code of a module may be called and its pointers used: until {@link #close}, which is refused while a call is under
 * way. Calls are many and closes are few, so a caller only looks, and writes nothing; who closes asks the JVM where all threads are:
 *
 * <pre>
 *     caller, in a {@link CallGate}                closer
 *     shut, or a virtual thread? ─yes─► slow       shut = true
 *     call                                         a gate of ours on any thread's stack? ─yes─► shut = false, refused
 *                                                  calls counted by slow callers? ───────yes─► the same
 *     slow: count, shut? ─no─► call, count down    closed: later callers are refused
 *             └─yes─► count down, wait, retry
 * </pre>
 * The JVM takes the picture of a thread's stack while it stands still, after {@code shut} was set. A thread that looked before that
 * is still in the gate, where the picture shows it, or has come back; one that looks after it sees {@code shut}. Each thread that
 * runs Java is in the JVM's list, and one that starts later looks later. The gate is on the stack from before the look until after
 * the call, also where the compiler has inlined it: it says what is inlined wherever a thread can stand still. A critical call is
 * never stopped in at all, so the picture of its thread is from before or after it.
 *
 * <p>Who finds it shut waits for the closer's decision, which takes a moment and calls nobody's code. If it stays open after all,
 * the caller goes on. The closer may take one who is about to leave the gate for a call; then the close is refused, as it would be
 * had the call come a moment earlier.
 *
 * <p>The picture does not show virtual threads, so these count in an atomic of the lifetime, before they look. A stack that
 * overflows between such a count and its call leaves the count too high: the module then stays for good.
 */
public final class Lifetime {
    private final String label;
    private final Arena scope = Arena.ofShared();
    private final AtomicBoolean shut = new AtomicBoolean();
    private final AtomicInteger counted = new AtomicInteger();
    /** Null before the first handle. */
    private @Nullable CallGates gates;
    private volatile boolean closed;
    private volatile boolean retired;

    /** A call came too late; a handle that outlives its instance looks for the one in its place. */
    public static final class Ended extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        private Ended(String label, boolean replaced) {
            super(label + (replaced ? ", or a driver that it depends on, was replaced; ask it for a new handle" : " is uninstalled"));
        }

        /** As what it is documented. */
        @Override
        public String toString() {
            return IllegalStateException.class.getName() + ": " + getMessage();
        }
    }

    /** @param label what messages call the module */
    public Lifetime(String label) {
        this.label = label;
    }

    public boolean isClosed() {
        return closed;
    }

    /** From here on nobody new comes in, and it closes when those inside have returned. */
    public void retire() {
        retired = true;
        shut.set(true);
    }

    /** A pointer that C may be given; it is alive as long as this, and keeps it open during a call that it is given to. */
    public MemorySegment pointer(long address) {
        return Native.segment(address, 0, scope, null);
    }

    /**
     * The handle that calls the function, and keeps this open during the call.
     *
     * @param call takes the address first
     */
    public MethodHandle handle(MethodHandle call, long address) {
        return gates().of(call).bindTo(MemorySegment.ofAddress(address));
    }

    private synchronized CallGates gates() {
        if (gates == null) {
            gates = new CallGates(shut, this::enter, counted::decrementAndGet);
        }
        return gates;
    }

    /**
     * Counts a call that no picture of a stack will show, until it is counted down.
     *
     * @throws Ended if this is closed, or no longer takes calls
     */
    private void enter() {
        while (!closed && !retired) {
            counted.incrementAndGet();
            if (!shut.get()) {
                return;
            }
            counted.decrementAndGet();
            awaitDecision();
        }
        throw new Ended(label, retired);
    }

    private synchronized void awaitDecision() {
        // The closer holds the lock while it decides.
    }

    /** Whether it is closed, by this call if nobody is in it any more. */
    public boolean isOver() {
        return closed || close();
    }

    /** @return false while a call or a pointer is in use: then all stays as it is */
    public synchronized boolean close() {
        if (closed) {
            return false; // its uninit is under way, and has come back to here
        }
        shut.set(true);
        if (counted.get() != 0 || gates != null && gates.areInUse() || !closePointers()) {
            shut.set(retired);
            return false;
        }
        closed = true;
        return true;
    }

    private boolean closePointers() {
        try {
            scope.close();
            return true;
        } catch (IllegalStateException inUse) {
            return false;
        }
    }
}
