package dev.banos.mem;

import dev.banos.lock.SpinLock;
import java.util.List;

/**
 * The pools of all virtual threads: a few, bounded by the processors, each behind a lock that is only ever tried. A
 * virtual thread takes the one that its id points at; if that is taken, the next. Within our code a virtual thread is never
 * unmounted, so no more of them are held at once than there are carriers, and threads in the middle of a free.
 */
final class SharedPools {
    private static final int PER_PROCESSOR = 2;
    private static final int COUNT = powerOfTwo(PER_PROCESSOR * Runtime.getRuntime().availableProcessors());
    private static final SlotPool[] POOLS = create();

    private SharedPools() {
    }

    /** @return a pool that the caller has locked, and unlocks soon */
    static SlotPool lock() {
        int first = (int) Thread.currentThread().threadId();
        for (int tries = 0;; tries++) {
            SlotPool pool = POOLS[(first + tries) & (COUNT - 1)];
            if (pool.lock.tryLock()) {
                return pool;
            }
            if (tries >= COUNT) {
                SpinLock.pause(tries);
            }
        }
    }

    static void trim() {
        for (SlotPool pool : POOLS) {
            pool.lock.lock();
            try {
                pool.trim();
            } finally {
                pool.lock.unlock();
            }
        }
    }

    static HeapStatistics statistics() {
        HeapStatistics sum = new HeapStatistics(Domain.MALLOC + " of virtual threads", List.of(), 0, 0, 0, 0,
                Domain.MALLOC.budget.figures());
        for (SlotPool pool : POOLS) {
            pool.lock.lock();
            try {
                sum = sum.plusSlotsOf(pool.statistics());
            } finally {
                pool.lock.unlock();
            }
        }
        return sum;
    }

    static void walk(BlockVisitor visitor) {
        for (SlotPool pool : POOLS) {
            pool.lock.lock();
            try {
                pool.walk(visitor);
            } finally {
                pool.lock.unlock();
            }
        }
    }

    private static SlotPool[] create() {
        SlotPool[] pools = new SlotPool[COUNT];
        for (int i = 0; i < COUNT; i++) {
            pools[i] = new SlotPool(Domain.MALLOC, Access.STRIPED);
        }
        return pools;
    }

    private static int powerOfTwo(int atLeast) {
        return Integer.highestOneBit(atLeast * 2 - 1);
    }
}
