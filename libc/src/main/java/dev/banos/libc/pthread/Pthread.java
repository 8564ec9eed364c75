package dev.banos.libc.pthread;

import dev.banos.bindings.generated.Linux;
import dev.banos.thread.Tcb;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * The life of a thread: create, exit, join, cancel, and what runs in between.
 *
 * <pre>
 *   cancel(t) ---> pending ---> t reaches a cancellation point, with cancellation enabled
 *                                  |            exit(result)
 *                                  v            v
 *                          exiting: cancellation is off for good
 *                                  |  ThreadExit unwinds Java's frames; a scoped CleanUp runs as its try block ends
 *                                  v
 *                          where the thread began: the clean-up handlers still pushed, last first,
 *                          then destructors of thread-specific values, then whoever joins gets the result
 * </pre>
 *
 * <p>A thread that was made elsewhere (an executor's, say) takes part like any other. It has no frame of ours where it
 * began, so its handlers and destructors run where the exit happens, and then {@link ThreadExit} goes up. {@link #call}
 * gives such a thread a beginning for as long as the call lasts.
 *
 * <p>Threads are named by {@link Thread#threadId}, which Java never gives out twice: a name that is no longer valid is
 * ESRCH, not another thread. All methods return {@code -errno} for an error and leave errno itself alone, as POSIX has it.
 */
public final class Pthread {
    /** A cancel acts when the thread may be cancelled: as each thread begins. */
    public static final int CANCEL_ENABLE = 0;
    /** A cancel waits until the thread enables cancellation again. */
    public static final int CANCEL_DISABLE = 1;
    /** A cancel acts at cancellation points only. */
    public static final int CANCEL_DEFERRED = 0;
    /**
     * A cancel may act at any time. Java code cannot be stopped at any instruction, so it acts also when the state or the
     * type is set; a loop that calls nothing of ours runs on.
     */
    public static final int CANCEL_ASYNCHRONOUS = 1;
    /** The result of a cancelled thread, {@code PTHREAD_CANCELED}. */
    public static final long CANCELED = -1;

    private Pthread() {
    }

    /** What a thread does: takes and returns what C passes as {@code void *}. */
    @FunctionalInterface
    public interface Routine {
        /**
         * Runs in the new thread.
         *
         * @param argument what {@link Pthread#create} was given
         * @return the thread's result, which a join yields
         */
        long run(long argument);
    }

    /** Runs when its thread is cancelled or exits, or when it is popped with execution. */
    @FunctionalInterface
    public interface Handler {
        /**
         * Gives back what the thread holds.
         *
         * @param argument what {@link Pthread#cleanupPush} was given
         */
        void cleanUp(long argument);
    }

    /** {@return the calling thread's name} */
    public static long self() {
        return Thread.currentThread().threadId();
    }

    /** A cancellation point: does not return if a cancel is pending and cancellation is enabled. */
    public static void testcancel() {
        Tcb tcb = Tcb.currentOrNull();
        if (tcb != null && tcb.cancelledOpaque() != 0) {
            Cancellation.act(tcb);
        }
    }

    /**
     * Enables or disables cancellation of the calling thread.
     *
     * @param state {@link #CANCEL_ENABLE} or {@link #CANCEL_DISABLE}
     * @return the old state, or -EINVAL for any other
     */
    public static int setcancelstate(int state) {
        Tcb tcb = Tcb.current();
        int old = Cancellation.exchangeState(tcb, state);
        if (old >= 0) {
            actIfAsynchronous(tcb);
        }
        return old;
    }

    /**
     * Says when a cancel of the calling thread acts.
     *
     * @param type {@link #CANCEL_DEFERRED} or {@link #CANCEL_ASYNCHRONOUS}
     * @return the old type, or -EINVAL for any other
     */
    public static int setcanceltype(int type) {
        Tcb tcb = Tcb.current();
        int old = Cancellation.exchangeType(tcb, type);
        if (old >= 0) {
            actIfAsynchronous(tcb);
        }
        return old;
    }

    private static void actIfAsynchronous(Tcb tcb) {
        if (tcb.cancelType() == CANCEL_ASYNCHRONOUS) {
            Cancellation.act(tcb);
        }
    }

    /**
     * Asks a thread to end. Returns at once; the thread acts when it may.
     *
     * @param thread its name
     * @return 0, also where the thread has ended and can still be joined; -ESRCH: no such thread. A thread made elsewhere is
     *     known by its name from the first time that it used native memory or this package; before that only
     *     {@link #cancel(Thread)} reaches it
     */
    public static int cancel(long thread) {
        int status = PosixThread.cancel(thread);
        if (thread == self()) {
            actIfAsynchronous(Tcb.current());
        }
        return status;
    }

    /**
     * Asks a thread to end, as {@link #cancel(long)}, but for any thread that has started.
     *
     * @param thread any thread that has started
     * @return 0, or -ESRCH where it has ended
     */
    public static int cancel(Thread thread) {
        int status = Cancellation.request(thread);
        if (thread == Thread.currentThread()) {
            actIfAsynchronous(Tcb.current());
        }
        return status;
    }

    /**
     * Ends the calling thread. The type of the result lets a caller write {@code throw exit(0)}; it always throws.
     *
     * @param result what a join of the thread yields
     * @return never
     * @throws ThreadExit always
     */
    public static ThreadExit exit(long result) {
        Tcb tcb = Tcb.current();
        throw PosixThread.current(tcb).exit(tcb, result);
    }

    /**
     * Starts a platform thread.
     *
     * @param routine what it runs
     * @param argument handed to the routine
     * @return its name, or -EAGAIN where the system has no more threads to give
     */
    public static long create(Routine routine, long argument) {
        return PosixThread.start(Objects.requireNonNull(routine, "routine"), argument, false);
    }

    /**
     * Starts a virtual thread.
     *
     * @param routine what it runs
     * @param argument handed to the routine
     * @return its name
     */
    public static long createVirtual(Routine routine, long argument) {
        return PosixThread.start(Objects.requireNonNull(routine, "routine"), argument, true);
    }

    /**
     * Runs {@code routine} like a thread of its own within the calling one, which was made elsewhere. An exit or a cancel ends the
     * call, not the Java thread, and handlers and destructors have run when the call returns. The routine begins with the state of a
     * new thread; afterwards the calling thread has its former handlers, state and type again. Thread-specific values are the Java
     * thread's: those that it had before are destroyed with the others.
     *
     * @param routine what to run
     * @param argument handed to the routine
     * @return the routine's result, what it gave to {@link #exit}, or {@link #CANCELED}
     * @throws IllegalStateException where the calling thread already has a beginning of ours
     * @throws RuntimeException or an {@link Error}: what the routine threw, or else a handler or a destructor; others are
     *     suppressed in it
     */
    public static long call(Routine routine, long argument) {
        Tcb tcb = Tcb.current();
        return PosixThread.current(tcb).call(tcb, Objects.requireNonNull(routine, "routine"), argument);
    }

    /**
     * Waits until a thread made by {@link #create} or {@link #createVirtual} has ended. A cancellation point, also where it need
     * not wait: a joiner that is cancelled leaves the thread joinable. An interrupt does not end the wait and is still there afterwards.
     *
     * @param thread its name
     * @param result receives the 8-byte result, at any alignment; may be {@link MemorySegment#NULL}
     * @return 0; -ESRCH: no such thread, or already joined; -EINVAL: detached, or another thread joins it; -EDEADLK: the
     *     calling thread itself, or one that waits for it in a join, directly or through others
     * @throws IllegalArgumentException if {@code result} is read-only or too small; nothing was done
     * @throws IllegalStateException if the scope of {@code result} is closed; the thread can still be joined
     * @throws WrongThreadException if {@code result} is confined to another thread; nothing was done
     */
    public static int join(long thread, MemorySegment result) {
        return Cancellation.act(PosixThread.join(thread, result));
    }

    /**
     * Says that nobody will join the thread.
     *
     * @param thread its name
     * @return 0; -ESRCH: no such thread; -EINVAL: detached, or being joined
     */
    public static int detach(long thread) {
        return PosixThread.detach(thread);
    }

    /**
     * Pushes a clean-up handler. With {@code try (CleanUp c = cleanupPush(...))} it is popped at the block's end: without being
     * run when the block is left in any ordinary way, and run when it is left by an exit or a cancel.
     *
     * @param handler what to run
     * @param argument handed to the handler
     * @return pops the handler when it is closed
     */
    public static CleanUp cleanupPush(Handler handler, long argument) {
        Tcb tcb = Tcb.current();
        return PosixThread.current(tcb).push(Objects.requireNonNull(handler, "handler"), argument);
    }

    /**
     * Pops the handler pushed last.
     *
     * @param execute whether to run it
     * @throws IllegalStateException where none is pushed
     */
    public static void cleanupPop(boolean execute) {
        PosixThread.current(Tcb.current()).pop(execute);
    }
}
