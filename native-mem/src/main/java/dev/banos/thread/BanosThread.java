package dev.banos.thread;

import org.jspecify.annotations.Nullable;

/**
 * A thread that carries its control block in a field. So the block is found five times faster than in any other thread (README).
 * It is given back, with the heap that belongs to it, at the very end of {@link #run}.
 */
public class BanosThread extends Thread {
    /**
     * Null before and after the body runs. Only the thread itself reads it while it runs. What runs after the body, as a handler of
     * uncaught exceptions does, has a block in the table, as other threads have.
     */
    @Nullable Tcb tcb;

    /**
     * Creates a thread.
     *
     * @param body what it runs
     */
    public BanosThread(Runnable body) {
        super(body);
    }

    /**
     * Creates a thread with a name.
     *
     * @param body what it runs
     * @param name what dumps and consoles show
     */
    public BanosThread(Runnable body, String name) {
        super(body, name);
    }

    /**
     * Creates a thread as the constructor of {@link Thread} with the same arguments does.
     *
     * @param group null for that of the calling thread
     * @param body what it runs
     * @param name what dumps and consoles show
     * @param stackBytes the size of its stack, a hint to the JVM; 0 for the default
     */
    public BanosThread(ThreadGroup group, Runnable body, String name, long stackBytes) {
        super(group, body, name, stackBytes);
    }

    @Override
    public final void run() {
        if (Thread.currentThread() != this || tcb != null) {
            throw new IllegalStateException("run() called by thread " + Thread.currentThread().getName()
                    + ": start() runs the body, once, in its own thread");
        }
        tcb = TcbTable.findOrCreate(this);
        try {
            super.run();
        } finally {
            try {
                bodyEnded();
            } finally {
                Tcb ended = tcb;
                tcb = null;
                TcbTable.release(ended);
            }
        }
    }

    /** Runs in this thread after its body, while the control block is still there: the place for destructors. */
    protected void bodyEnded() {
    }
}
