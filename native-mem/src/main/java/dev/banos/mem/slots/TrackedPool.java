package dev.banos.mem.slots;

import dev.banos.lock.SpinLock;
import dev.banos.lock.StackRoom;
import org.jspecify.annotations.Nullable;

/**
 * The pool that a heap's tracked blocks live in, beside its own. No thread owns it, so each free of such a block comes to
 * {@link #free} by itself, and the frees of all others need not ask. The record of a block is made and dropped outside the
 * lock, while the slot is taken: the two never disagree about who lives there.
 *
 * <p>Of the two locks the heap's is taken first. Who allocates holds it, or is the heap's owner, and so meets no close; who
 * frees takes only this one, and looks under it whether the heap has been closed.
 */
public final class TrackedPool {
    private static final SpinLock MAKING = new SpinLock();
    /** More than {@link #freeSlot} makes until it has freed it. */
    private static final int CALLS_TO_FREE = 30;
    /** So that who allocates a block has the stack to free it. */
    private static final int CALLS_TO_ALLOCATE = CALLS_TO_FREE + 10;

    private final SlotPool pool;

    private TrackedPool(Domain domain) {
        this.pool = new SlotPool(domain, Access.TRACKED);
    }

    /** That of a domain, which is made when it is first asked for. */
    public static TrackedPool of(Domain domain) {
        TrackedPool made = domain.tracked;
        return made == null ? make(domain) : made;
    }

    private static TrackedPool make(Domain domain) {
        MAKING.lock();
        try {
            TrackedPool made = domain.tracked;
            if (made == null) {
                made = new TrackedPool(domain);
                domain.tracked = made;
            }
            return made;
        } finally {
            MAKING.unlock();
        }
    }

    /**
     * By a thread that meets no close of the heap.
     *
     * @return the address of a block that the caller has yet to remember, or 0
     */
    public long allocate(long size) {
        StackRoom.require(CALLS_TO_ALLOCATE);
        pool.lock.lock();
        try {
            long address = pool.allocate(size);
            return pool.takeReachedMark() && address == 0 ? pool.allocate(size) : address; // from the word that the mark stopped
        } finally {
            pool.lock.unlock();
        }
    }

    /** The pool of this kind that the block at {@code address}, which is live, lives in; or null. */
    public static @Nullable TrackedPool holding(long address) {
        Run run = RunTable.at(address);
        return run != null && run.owner.access == Access.TRACKED ? run.owner.domain.tracked : null;
    }

    /** The slot of {@link #allocate}, of which there is no record, or one that stays. */
    public void takeBack(long address) {
        boolean ignored = freeSlot(address);
    }

    /** @return whether a block lived there; the record says so, and only one of two frees at the same time gets it */
    boolean free(long address) {
        StackRoom.require(CALLS_TO_FREE); // when its record is gone nobody else can free it
        return pool.domain.leaks.died(address) && freeSlot(address);
    }

    /** The run is the one that holds the address now: another that the caller saw may be gone. */
    private boolean freeSlot(long address) {
        pool.lock.lock();
        try {
            Run run = RunTable.at(address);
            return !pool.domain.isClosed() && run != null && run.owner == pool && run.freeOrNothing(address);
        } finally {
            pool.lock.unlock();
        }
    }

    public SlotCounts counts() {
        pool.lock.lock();
        try {
            return pool.counts();
        } finally {
            pool.lock.unlock();
        }
    }

    public void walk(SlotPool.Visitor visitor) {
        pool.lock.lock();
        try {
            pool.walk(visitor);
        } finally {
            pool.lock.unlock();
        }
    }

    /** Gives back runs without a block. */
    void reclaim() {
        pool.lock.lock();
        try {
            if (!pool.domain.isClosed()) {
                pool.trim();
            }
        } finally {
            pool.lock.unlock();
        }
    }

    /** The same, and free pages inside of others. */
    void trim() {
        reclaim();
        FreePages.discardLocked(pool);
    }

    /** By a heap that is closed now. */
    void destroy() {
        pool.lock.lock();
        try {
            pool.destroy();
        } finally {
            pool.lock.unlock();
        }
    }
}
