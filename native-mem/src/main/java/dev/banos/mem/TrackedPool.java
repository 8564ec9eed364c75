package dev.banos.mem;

import dev.banos.mem.insight.LeakTracking;

/**
 * The pool that tracked blocks live in. No thread owns it, so each free of such a block comes to {@link #free} by itself,
 * and the frees of all others need not ask. The record of a block is made and dropped outside the lock, while the slot is
 * taken: the two never disagree about who lives there.
 */
final class TrackedPool {
    private static final SlotPool POOL = new SlotPool(Domain.MALLOC, Access.TRACKED);

    private TrackedPool() {
    }

    /** @return the address of a block, or 0 */
    static long allocate(long size, long weight) {
        long address;
        POOL.lock.lock();
        try {
            address = POOL.allocate(size);
        } finally {
            POOL.lock.unlock();
        }
        if (address != 0) {
            LeakTracking.born(address, size, weight);
        }
        return address;
    }

    /** @return whether a block lived there; the record says so, and only one of two frees at the same time gets it */
    static boolean free(Run run, long address) {
        if (!LeakTracking.died(address)) {
            return false;
        }
        POOL.lock.lock();
        try {
            return run.freeSlow(address);
        } finally {
            POOL.lock.unlock();
        }
    }

    static HeapStatistics statistics() {
        POOL.lock.lock();
        try {
            return POOL.statistics();
        } finally {
            POOL.lock.unlock();
        }
    }

    static void trim() {
        POOL.lock.lock();
        try {
            POOL.trim();
        } finally {
            POOL.lock.unlock();
        }
    }
}
