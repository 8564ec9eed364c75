package dev.banos.mem.slots;

import dev.banos.lock.SpinLock;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;

/**
 * Whose a pool of virtual threads is: one thread's, for as long as it is the only one to need it. The lessee's malloc and
 * free are those of a platform thread: they compare its id with the pool's, and ask nobody.
 *
 * <pre>
 *   free  ---- tryAcquire ----&gt;  held by a caller: lock taken, no thread's id  ---- giveTo ----&gt;  leased: lock taken, its id
 *     ^                                    |     ^                                                    |
 *     '------------- release --------------'     '---------- tryAcquire, where the lessee is away ----'
 * </pre>
 *
 * <p>A virtual thread is unmounted only where it parks, yields or ends, never inside malloc's hot path. So who finds the
 * lessee ended or waiting, after having taken the id out of the pool, may have the pool: on its next call the lessee meets
 * a pool without its id, because whoever makes it run again does so with an atomic operation, after our reading. Everything it did
 * there is visible, because it wrote the state that was read afterwards. Slow paths may park inside, and are marked:
 * {@link SlotPool#beginWork}. A lessee that runs, or is queued to run, keeps the pool.
 */
final class Lease {
    final SlotPool pool = new SlotPool(Domain.MALLOC, Access.STRIPED);
    /** For one that takes the lease away: only ever tried. */
    private final SpinLock revoking = new SpinLock();
    /** Null for nobody. */
    private @Nullable WeakReference<Thread> lessee;

    /** @return whether the caller holds the pool now; then it calls {@link #giveTo} or {@link #release} soon */
    boolean tryAcquire() {
        return pool.lock.tryLock() || tryRevoke();
    }

    void release() {
        pool.lock.unlock();
    }

    /** Whether a thread has it, that is alive or was when it leased it. */
    boolean isTaken() {
        return pool.threadIdVolatile() != SlotPool.NO_THREAD;
    }

    /** Whether the thread that has it has ended, which nobody was told. */
    boolean isLeftBehind() {
        if (!isTaken()) {
            return false;
        }
        Thread thread = lessee();
        return thread == null || thread.getState() == Thread.State.TERMINATED;
    }

    private @Nullable Thread lessee() {
        WeakReference<Thread> lessee = this.lessee;
        return lessee == null ? null : lessee.get();
    }

    /** @throws OutOfMemoryError when Java's heap is full; then nobody holds the pool */
    void giveTo(Thread thread) {
        try {
            lessee = new WeakReference<>(thread); // a thread that ended is not kept by its lease
        } catch (OutOfMemoryError javaHeapIsFull) {
            release();
            throw javaHeapIsFull;
        }
        pool.leased = true;
        pool.isUnwatched = true;
        pool.threadIdVolatile(thread.threadId());
    }

    private boolean tryRevoke() {
        if (!revoking.tryLock()) {
            return false;
        }
        try {
            long id = pool.threadIdVolatile();
            return id != SlotPool.NO_THREAD && isAway(lessee()) && revoke(id);
        } finally {
            revoking.unlock();
        }
    }

    private boolean revoke(long id) {
        pool.threadIdVolatile(SlotPool.NO_THREAD);
        VarHandle.fullFence();
        int sections = pool.workSections();
        // If the lessee is at work now and waits there, the number is odd; if it was when it waited, the number has changed.
        if (sections % 2 == 0 && isAway(lessee()) && pool.workSections() == sections) {
            lessee = null;
            pool.leased = false;
            return true;
        }
        pool.threadIdVolatile(id);
        return false;
    }

    /** Not "blocked": a thread can leave that state without an atomic operation after it. */
    private static boolean isAway(@Nullable Thread thread) {
        if (thread == null) {
            return true;
        }
        Thread.State state = thread.getState();
        return state == Thread.State.TERMINATED || state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING;
    }
}
