package dev.banos.thread;

/**
 * What another module keeps for a thread beside its control block: the allocator keeps the thread's heap.
 * It hangs on the {@link Tcb}, so that finding the block finds it too.
 */
public abstract class ThreadAttachment {
    /** For a subclass; {@link Tcb#attach} ties it to a thread. */
    protected ThreadAttachment() {
    }

    /**
     * The thread runs no more code: give back what it held. Called once, either by the thread itself as its last act
     * (a {@link BanosThread}) or by another thread that noticed its end.
     */
    protected abstract void threadEnded();

    /** Looks for all threads that have ended now, and tells their attachments, where otherwise each new thread looks at a few. */
    protected static void noticeEndedThreads() {
        TcbTable.releaseEnded();
    }
}
