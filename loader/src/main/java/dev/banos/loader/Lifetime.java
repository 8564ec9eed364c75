package dev.banos.loader;

import dev.banos.bindings.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How long the code of a module may be called and its pointers used: until {@link #close}, which is refused while a call is under
 * way. Calls are many and closes are few, so a caller pays no atomic operation and the closer pays for both:
 *
 * <pre>
 *     caller                                closer
 *     count its thread's record up          shut = true
 *     shut? ─yes─► count down, wait, retry  every thread passes a handshake
 *     call                                  any count above zero? ─yes─► shut = false, refused
 *     count down                            closed: later callers are refused
 * </pre>
 * The handshake is what the JVM does to close any shared arena: each thread that runs Java stops at one of its polls, which come at
 * returns and loops, never between the count and the look at {@code shut}; a thread that is in C, or waits, is where it stays
 * until the handshake is over. So for each thread and each of its calls, one of two holds. It counted before the handshake: then
 * the closer sees the count, unless the call has come back and counted down, and with that left the code. Or it counts after the
 * handshake: then it sees {@code shut}, which was set before. The fence between count and look makes no instruction on x86-64; it
 * keeps the compiler from moving one of them across a poll. Neither the processor's store buffer nor an array of counts that its
 * thread has just replaced matters, because a handshake orders all that was done before it before all that is done after.
 *
 * <p>Who finds it shut counts down and waits for the closer's decision, which takes microseconds and calls nobody's code. If it
 * stays open after all, the caller goes on. The closer may take one who is about to count down for a call; then the close is
 * refused, as it would be had the call come a moment earlier.
 *
 * <p>A virtual thread has no record: it counts in an atomic of the lifetime, before it looks. A stack that overflows between a
 * count and its call leaves the count too high: the module then stays for good.
 */
final class Lifetime {
    private static final BitSet INDICES = new BitSet();
    private static final MethodHandle ENTER = find("enter", MethodType.methodType(CallRecord.class));
    private static final MethodHandle LEAVE = find("leave", MethodType.methodType(void.class, CallRecord.class));

    private final String label;
    private final Arena scope = Arena.ofShared();
    /** Of this lifetime's counts in the records; used again when it is closed, as all of them are zero then. */
    private final int index = takeIndex();
    private final AtomicInteger ofVirtualThreads = new AtomicInteger();
    private volatile boolean shut;
    private volatile boolean closed;
    private volatile boolean retired;

    /** @param label what messages call the module */
    Lifetime(String label) {
        this.label = label;
    }

    boolean isClosed() {
        return closed;
    }

    /** From here on, calls that look for a lifetime at each time take another: this one closes when those inside have returned. */
    void retire() {
        retired = true;
    }

    boolean isRetired() {
        return retired;
    }

    /** A pointer that C may be given; it is alive as long as this, and keeps it open during a call that it is given to. */
    MemorySegment pointer(long address) {
        return Native.segment(address, 0, scope, null);
    }

    /**
     * The handle that calls the function, and counts here during the call.
     *
     * @param call takes the address first
     */
    MethodHandle handle(MethodHandle call, long address) {
        MethodHandle target = MethodHandles.dropArguments(call.bindTo(MemorySegment.ofAddress(address)), 0, CallRecord.class);
        return MethodHandles.foldArguments(MethodHandles.tryFinally(target, cleanUp(LEAVE.bindTo(this), target.type().returnType())),
                ENTER.bindTo(this));
    }

    /**
     * For {@code tryFinally}: {@code (Throwable, R, X)R}, or without the R where there is none.
     *
     * @param leave {@code (X)void}
     */
    static MethodHandle cleanUp(MethodHandle leave, Class<?> result) {
        if (result == void.class) {
            return MethodHandles.dropArguments(leave, 0, Throwable.class);
        }
        Class<?> entered = leave.type().parameterType(0);
        MethodHandle same = MethodHandles.dropArguments(MethodHandles.identity(result), 0, entered);
        MethodHandle left = MethodHandles.foldArguments(same, leave);
        MethodHandle ordered = MethodHandles.permuteArguments(left, MethodType.methodType(result, result, entered), 1, 0);
        return MethodHandles.dropArguments(ordered, 0, Throwable.class);
    }

    /**
     * Counts a call of this thread; whoever gets a record must {@link #leave}.
     *
     * @throws IllegalStateException if this is closed
     */
    CallRecord enter() {
        CallRecord record = enterOrNull();
        if (record == null) {
            throw new IllegalStateException(label + " is uninstalled");
        }
        return record;
    }

    /** As {@link #enter}, but null where this is closed. */
    CallRecord enterOrNull() {
        CallRecord record = CallRecord.current();
        int[] counts = record.counts;
        if (index < counts.length) {
            counts[index]++;
            VarHandle.releaseFence();
            if (!shut) {
                return record;
            }
            counts[index]--;
        }
        return enterSlow();
    }

    void leave(CallRecord record) {
        if (record == CallRecord.NOBODY) {
            ofVirtualThreads.decrementAndGet();
        } else {
            record.counts[index]--;
        }
    }

    /** A thread's first call here, one of a virtual thread, or one that found it shut. */
    private CallRecord enterSlow() {
        while (!closed) {
            CallRecord record = CallRecord.findOrCreate(index);
            if (record == CallRecord.NOBODY) {
                ofVirtualThreads.incrementAndGet();
            } else {
                record.counts[index]++;
                VarHandle.releaseFence();
            }
            if (!shut) {
                return record;
            }
            leave(record);
            awaitDecision();
        }
        return null;
    }

    private synchronized void awaitDecision() {
        // The closer holds the lock while it decides.
    }

    /** @return false while a call or a pointer is in use: then all stays as it is */
    synchronized boolean close() {
        if (closed) {
            return false; // its uninit is under way, and has come back to here
        }
        shut = true;
        handshake();
        if (ofVirtualThreads.get() != 0 || CallRecord.anyCounts(index) || !closePointers()) {
            shut = false;
            return false;
        }
        closed = true;
        giveIndexBack();
        return true;
    }

    private static void handshake() {
        Arena.ofShared().close();
    }

    private boolean closePointers() {
        try {
            scope.close();
            return true;
        } catch (IllegalStateException inUse) {
            return false;
        }
    }

    private static int takeIndex() {
        synchronized (INDICES) {
            int index = INDICES.nextClearBit(0);
            INDICES.set(index);
            return index;
        }
    }

    private void giveIndexBack() {
        synchronized (INDICES) {
            INDICES.clear(index);
        }
    }

    private static MethodHandle find(String method, MethodType type) {
        try {
            return MethodHandles.lookup().findVirtual(Lifetime.class, method, type);
        } catch (ReflectiveOperationException missing) {
            throw new AssertionError(method, missing);
        }
    }
}
