package dev.banos.mem;

import dev.banos.lock.SpinLock;
import org.jspecify.annotations.Nullable;

/**
 * The pool that a heap's tracked blocks live in, beside its own. No thread owns it, so each free of such a block comes to
 * {@link #free} by itself, and the frees of all others need not ask. The record of a block is made and dropped outside the
 * lock, while the slot is taken: the two never disagree about who lives there.
 *
 * <p>Of the two locks the heap's is taken first. Who allocates holds it, or is the heap's owner, and so meets no close; who
 * frees takes only this one, and looks under it whether the heap has been closed.
 */
final class TrackedPool {
    private static final SpinLock MAKING = new SpinLock();

    private final SlotPool pool;

    private TrackedPool(Domain domain) {
        this.pool = new SlotPool(domain, Access.TRACKED);
    }

    private static TrackedPool make(Domain domain) {
        MAKING.lock();
        try {
            if (domain.tracked == null) {
                domain.tracked = new TrackedPool(domain);
            }
            return domain.tracked;
        } finally {
            MAKING.unlock();
        }
    }

    /** @return the address of a block that the caller has yet to remember, or 0 */
    static long allocate(Heap heap, long size) {
        Domain domain = heap.domain();
        return heap.guarded(() -> (domain.tracked == null ? make(domain) : domain.tracked).allocate(size));
    }

    private long allocate(long size) {
        pool.lock.lock();
        try {
            long address = pool.allocate(size);
            return pool.takeReachedMark() && address == 0 ? pool.allocate(size) : address; // from the word that the mark stopped
        } finally {
            pool.lock.unlock();
        }
    }

    /** The pool of this kind that the block at {@code address}, which is live, lives in; or null. */
    static @Nullable TrackedPool holding(long address) {
        Run run = RunTable.at(address);
        return run != null && run.owner.access == Access.TRACKED ? run.owner.domain.tracked : null;
    }

    /** The slot of {@link #allocate}, of which there is no record. */
    void takeBack(long address) {
        pool.lock.lock();
        try {
            boolean ignored = !pool.domain.closed && RunTable.holding(address).freeSlow(address);
        } finally {
            pool.lock.unlock();
        }
    }

    /** @return whether a block lived there; the record says so, and only one of two frees at the same time gets it */
    boolean free(Run run, long address) {
        if (!pool.domain.leaks.died(address)) {
            return false;
        }
        pool.lock.lock();
        try {
            return !pool.domain.closed && run.freeSlow(address);
        } finally {
            pool.lock.unlock();
        }
    }

    HeapStatistics statistics() {
        pool.lock.lock();
        try {
            return pool.statistics();
        } finally {
            pool.lock.unlock();
        }
    }

    void walk(BlockVisitor visitor) {
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
            if (!pool.domain.closed) {
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
