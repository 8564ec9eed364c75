package dev.banos.mem;

import dev.banos.lock.SpinLock;
import dev.banos.thread.Tcb;
import java.util.ArrayDeque;

/**
 * Which pool serves the calling thread's malloc. A platform thread has one of its own, which hangs on its control block.
 * When the thread ends, the pool with all that lives in it waits for the next thread: other threads go on freeing into it,
 * and no block changes its owner. Virtual threads share {@link SharedPools}.
 */
final class ThreadPools {
    private static final SpinLock LOCK = new SpinLock();
    private static final ArrayDeque<SlotPool> ABANDONED = new ArrayDeque<>();

    private ThreadPools() {
    }

    /** The calling thread's own pool; null for a virtual thread, and for a platform thread that never called malloc. */
    static SlotPool currentOrNull() {
        Tcb tcb = Tcb.currentOrNull();
        return tcb != null && tcb.attachment() instanceof SlotPool pool ? pool : null;
    }

    /** A pool for a platform thread that has none. */
    static SlotPool adoptOrCreate() {
        Tcb tcb = Tcb.current();
        SlotPool pool = pollAbandoned();
        if (pool == null) {
            pool = new SlotPool(Domain.MALLOC, Access.OWN_THREAD);
        }
        pool.adoptedBy(Thread.currentThread());
        tcb.attach(pool);
        return pool;
    }

    static void abandon(SlotPool pool) {
        pool.trim();
        push(pool);
    }

    /** Gives back what was freed in abandoned pools since their threads ended. */
    static void trimAbandoned() {
        for (int i = abandonedCount(); i > 0; i--) {
            SlotPool pool = pollAbandoned();
            if (pool == null) {
                return;
            }
            try {
                if (pool.hasRemoteFrees()) {
                    pool.trim();
                }
            } finally {
                push(pool);
            }
        }
    }

    static int abandonedCount() {
        LOCK.lock();
        try {
            return ABANDONED.size();
        } finally {
            LOCK.unlock();
        }
    }

    private static SlotPool pollAbandoned() {
        LOCK.lock();
        try {
            return ABANDONED.pollFirst();
        } finally {
            LOCK.unlock();
        }
    }

    private static void push(SlotPool pool) {
        LOCK.lock();
        try {
            ABANDONED.addLast(pool);
        } finally {
            LOCK.unlock();
        }
    }
}
