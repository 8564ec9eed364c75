package dev.banos.thread;

/**
 * What another module keeps for a thread beside its control block: the allocator keeps the thread's heap. The {@link Tcb} refers to
 * it, so that finding the block finds it, too.
 */
public abstract class ThreadAttachment {
    /** For a subclass; {@link Tcb#attach} ties it to a thread. */
    protected ThreadAttachment() {
    }

    /**
     * Gives back what the thread held: it runs no more code. Called once, either by the thread itself as its last act (a
     * {@link BanosThread}) or by another thread that noticed its end.
     */
    protected abstract void threadEnded();

    /** Looks for all ended threads now, and tells their attachments. Otherwise each new thread looks at a few. */
    protected static void noticeEndedThreads() {
        TcbTable.releaseEnded();
    }
}
