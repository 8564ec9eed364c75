package dev.banos.libc.pthread;

import dev.banos.bindings.generated.Linux;
import dev.banos.libc.segment.Liveness;
import dev.banos.thread.BanosThread;
import dev.banos.thread.Tcb;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What Java keeps of a thread beside its control block: its clean-up stack, its result, and who joins it.
 *
 * <pre>
 *   running --exit, cancel or return--> exiting --handlers, destructors--> ended --join or detach--> forgotten
 * </pre>
 *
 * <p>Clean-up stack, region and result belong to the thread itself; {@code ended}, {@code detached} and {@code joiner} are guarded
 * by this object's lock. Invariants: a thread is in {@link #JOINABLE} from its start until it is joined, or until it is
 * both ended and detached; {@code joiner} is null when {@code detached}.
 */
final class PosixThread {
    private static final ConcurrentMap<Long, PosixThread> JOINABLE = new ConcurrentHashMap<>();

    /** Set before the thread starts; of one that was not made here, nobody asks for it. */
    @SuppressWarnings("NullAway.Init")
    private Thread thread;
    private boolean madeHere;
    private @Nullable CleanUp top;
    /** The innermost one that the thread is in. */
    @Nullable InterruptibleRegion region;
    private boolean hasBeginning;
    private boolean resultDecided;
    private long result = Pthread.CANCELED;

    private boolean ended;
    private boolean detached;
    private @Nullable Thread joiner;

    /** The calling thread's. */
    static PosixThread current(Tcb tcb) {
        if (tcb.companion() instanceof PosixThread own) {
            return own;
        }
        PosixThread made = new PosixThread();
        tcb.companion(made);
        return made;
    }

    static void stateSet(Tcb tcb) {
        if (tcb.companion() instanceof PosixThread own && own.region != null) {
            own.region.stateSet(tcb);
        }
    }

    static long start(Pthread.Routine routine, long argument, boolean isVirtual) {
        Tcb _ = Tcb.currentOrNull(); // where control blocks cannot work, the caller shall know, not the new thread
        PosixThread posix = new PosixThread();
        Runnable body = () -> posix.live(routine, argument);
        Thread thread = isVirtual ? Thread.ofVirtual().unstarted(body) : new Platform(body);
        posix.thread = thread;
        posix.madeHere = true;
        JOINABLE.put(thread.threadId(), posix);
        try {
            thread.start();
        } catch (OutOfMemoryError noMoreThreads) {
            JOINABLE.remove(thread.threadId());
            return -Linux.EAGAIN();
        }
        return thread.threadId();
    }

    /** Null where no thread of that name runs. One of ours that is forgotten may still be on its last instructions. */
    static @Nullable Thread threadNamed(long id) {
        PosixThread ours = JOINABLE.get(id);
        if (ours != null) {
            return ours.thread;
        }
        return Tcb.companionNamed(id) instanceof PosixThread known && known.madeHere ? null : Tcb.threadNamed(id);
    }

    /** A name outlasts its thread until somebody joins it: a cancel that comes after the end is no error. */
    static int cancel(long id) {
        Thread target = threadNamed(id);
        int status = target == null ? -Linux.ESRCH() : Cancellation.request(target);
        return JOINABLE.containsKey(id) ? 0 : status;
    }

    private void live(Pthread.Routine routine, long argument) {
        try {
            Tcb tcb = Tcb.current();
            tcb.companion(this);
            runFromTheBeginning(tcb, routine, argument);
        } finally {
            end();
        }
    }

    /** Runs within a thread that goes on afterwards, with the handlers, the state and the type that it had. */
    long call(Tcb tcb, Pthread.Routine routine, long argument) {
        if (hasBeginning) {
            throw new IllegalStateException("thread=" + Pthread.self() + " already runs a routine that a call or a create began");
        }
        CleanUp topBefore = top;
        int state = Cancellation.exchangeState(tcb, Pthread.CANCEL_ENABLE);
        int type = Cancellation.exchangeType(tcb, Pthread.CANCEL_DEFERRED);
        top = null;
        try {
            return runFromTheBeginning(tcb, routine, argument);
        } finally {
            top = topBefore;
            Cancellation.exchangeState(tcb, state);
            tcb.cancelType(type);
        }
    }

    private long runFromTheBeginning(Tcb tcb, Pthread.Routine routine, long argument) {
        Failures failures = new Failures();
        hasBeginning = true;
        try {
            decide(routine.run(argument));
        } catch (ThreadExit exit) {
            decide(exit.result());
            failures.addSuppressedOf(exit);
        } catch (RuntimeException | Error failure) {
            failures.add(failure);
        } finally {
            Cancellation.markExiting(tcb);
            cleanUpEverything(tcb, failures);
        }
        failures.rethrow();
        return result;
    }

    /** The first decision counts: an exit that somebody caught on its way is still the end of the thread. */
    private void decide(long value) {
        if (!resultDecided) {
            resultDecided = true;
            result = value;
        }
    }

    ThreadExit cancelNow(Tcb tcb) {
        return exit(tcb, Pthread.CANCELED);
    }

    /** An exit by a driver, whose frames no exception may pass: it acts at the next cancellation point in Java. */
    void exitAtNextPoint(Tcb tcb, long value) {
        decide(value);
        tcb.cancelState(Pthread.CANCEL_ENABLE);
        tcb.cancelledMark(Cancellation.PENDING);
    }

    /** Returns what is to be thrown. */
    ThreadExit exit(Tcb tcb, long value) {
        decide(value);
        ThreadExit exit = new ThreadExit(result);
        Cancellation.markExiting(tcb);
        if (!hasBeginning) {
            Failures failures = new Failures();
            cleanUpEverything(tcb, failures);
            failures.suppressIn(exit);
        }
        return exit;
    }

    /** After this, whatever the thread still does it does as a new one; only its result remains. */
    private void cleanUpEverything(Tcb tcb, Failures failures) {
        while (top != null) {
            failures.collect(this::runTop);
        }
        ThreadKeys.destroyValues(tcb, failures);
        hasBeginning = false;
        resultDecided = false;
        Cancellation.reset(tcb);
    }

    private void runTop() {
        pop().run();
    }

    private CleanUp pop() {
        CleanUp handler = Objects.requireNonNull(top);
        top = handler.below;
        return handler;
    }

    CleanUp push(Pthread.Handler handler, long argument) {
        CleanUp pushed = new CleanUp(this, handler, argument, top);
        top = pushed;
        return pushed;
    }

    void pop(boolean execute) {
        if (!hasHandlers()) {
            throw new IllegalStateException("thread=" + Pthread.self() + " pops a clean-up handler, but none is pushed");
        }
        CleanUp handler = pop();
        if (execute) {
            handler.run();
        }
    }

    boolean hasHandlers() {
        return top != null;
    }

    void closed(CleanUp closed) {
        Tcb tcb = Tcb.current();
        if (current(tcb) != this) {
            throw new IllegalStateException("thread=" + Pthread.self() + " closes a clean-up handler of another thread");
        }
        if (!isPushed(closed)) {
            return;
        }
        if (Cancellation.isExiting(tcb)) {
            runDownTo(closed);
        } else if (top == closed) {
            top = closed.below;
        } else {
            throw new IllegalStateException("thread=" + Pthread.self()
                    + " closes a clean-up handler, but one pushed later is still there: pop that first");
        }
    }

    private void runDownTo(CleanUp last) {
        Failures failures = new Failures();
        while (isPushed(last)) {
            failures.collect(this::runTop);
        }
        failures.rethrow();
    }

    private boolean isPushed(CleanUp wanted) {
        for (CleanUp each = top; each != null; each = each.below) {
            if (each == wanted) {
                return true;
            }
        }
        return false;
    }

    private synchronized void end() {
        ended = true;
        if (detached) {
            JOINABLE.remove(thread.threadId());
        }
        LockSupport.unpark(joiner);
    }

    /** @return 0, an error of {@link Pthread#join}, or -ECANCELED where a cancel is due */
    static int join(long id, MemorySegment resultOut) {
        boolean wanted = !resultOut.equals(MemorySegment.NULL);
        if (wanted) {
            requireRoomForResult(resultOut);
        }
        if (Cancellation.isDue(Tcb.current())) {
            return -Linux.ECANCELED(); // POSIX: acted upon before the function returns, also where it would not wait
        }
        PosixThread target = JOINABLE.get(id);
        if (target == null) {
            return -Linux.ESRCH();
        }
        if (target.thread == Thread.currentThread()) {
            return target.isDetached() ? -Linux.EINVAL() : -Linux.EDEADLK();
        }
        if (!target.claim(Thread.currentThread())) {
            return -Linux.EINVAL();
        }
        boolean joined = false;
        try {
            if (target.waitsForCaller()) {
                return -Linux.EDEADLK();
            }
            if (target.awaitEnd() != 0) {
                return -Linux.ECANCELED();
            }
            if (wanted) { // throws where another thread closed the scope meanwhile: then the thread stays joinable
                resultOut.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, target.result);
            }
            JOINABLE.remove(id);
            joined = true;
            return 0;
        } finally {
            if (!joined) {
                target.release();
            }
        }
    }

    /** Whether this thread joins the calling one, or one that joins it, and so on: both would wait for ever. */
    private boolean waitsForCaller() {
        Thread waiting = Thread.currentThread();
        while (waiting != null && waiting != thread) {
            PosixThread joined = JOINABLE.get(waiting.threadId());
            waiting = joined == null ? null : joined.joiner();
        }
        return waiting == thread;
    }

    private synchronized @Nullable Thread joiner() {
        return joiner;
    }

    private static void requireRoomForResult(MemorySegment result) {
        Liveness.requireAccessible("result", result);
        if (result.isReadOnly() || result.byteSize() < Long.BYTES) {
            throw new IllegalArgumentException("result=" + result + " is read-only, or too small for " + Long.BYTES + " bytes");
        }
    }

    /** An interrupt is put aside while waiting, because a join never returns EINTR, and put back in the end. */
    private int awaitEnd() {
        Tcb tcb = Tcb.current();
        boolean interrupted = false;
        try {
            int status = Cancellation.await(tcb, this::hasEnded, Cancellation.FOR_EVER);
            while (status == -Linux.EINTR()) {
                interrupted |= Thread.interrupted();
                status = Cancellation.await(tcb, this::hasEnded, Cancellation.FOR_EVER);
            }
            return status;
        } finally {
            if (interrupted) {
                InterruptibleRegion.restoreStatus();
            }
        }
    }

    static int detach(long id) {
        PosixThread target = JOINABLE.get(id);
        return target == null ? -Linux.ESRCH() : target.detach();
    }

    private synchronized int detach() {
        if (detached || joiner != null) {
            return -Linux.EINVAL();
        }
        detached = true;
        if (ended) {
            JOINABLE.remove(thread.threadId());
        }
        return 0;
    }

    private synchronized boolean isDetached() {
        return detached;
    }

    private synchronized boolean claim(Thread wanting) {
        boolean free = joiner == null && !detached;
        if (free) {
            joiner = wanting;
        }
        return free;
    }

    private synchronized void release() {
        joiner = null;
    }

    private synchronized boolean hasEnded() {
        return ended;
    }

    /** A platform thread that tells a real interrupt from the one by which {@link InterruptibleRegion} wakes it. */
    static final class Platform extends BanosThread {
        private final Object interruptLock = new Object();
        private int realInterrupts;

        Platform(Runnable body) {
            super(body);
        }

        /** Count and status change together: whoever holds the lock sees both or neither. */
        @Override
        public void interrupt() {
            synchronized (interruptLock) {
                realInterrupts++;
                super.interrupt();
            }
        }

        void interruptByCancel() {
            super.interrupt();
        }

        int realInterrupts() {
            synchronized (interruptLock) {
                return realInterrupts;
            }
        }

        /** Called by this thread after an interrupt by a cancel: takes the status back, unless a real one came as well. */
        void settleStatus(int realInterruptsBefore) {
            synchronized (interruptLock) {
                if (realInterrupts == realInterruptsBefore) {
                    Thread.interrupted();
                } else {
                    super.interrupt();
                }
            }
        }
    }
}
