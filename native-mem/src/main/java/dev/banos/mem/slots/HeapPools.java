package dev.banos.mem.slots;

import dev.banos.lock.SpinLock;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The pools of one heap. A heap that serves all threads begins with one. Where threads meet again and again at a lock, the number of pools
 * doubles, up to one for each processor. A thread comes back to the pool that it had last, so threads that allocate at the same time soon
 * have one each, and their locks cost no waiting. A block goes back to the pool that it is from, whoever frees it.
 *
 * <pre>
 *   thread id -> choices:  | 0 | 1 | 0 | ...        pools:  | first | second |
 * </pre>
 *
 * <p>A pool gives blocks out and takes them back under its lock, and the heap is closed under the locks of all pools. So whoever holds one
 * lock meets no close.
 */
public final class HeapPools {
    /** How many threads are told apart, by their ids. */
    private static final int THREADS = 256;
    /** How often a thread tries the lock of the pool that it had last, before it takes another pool: the lock's holder may not be running. */
    private static final int PATIENCE = 32;
    /** After so many waits a thread takes another pool. One wait says little: another thread may just be freeing a block of this pool. */
    private static final int WAITS_TO_MOVE = 16;

    private final SlotPool first;
    /** By thread id, and not synchronised: another choice costs time only. */
    private final char[] choices;
    /** Likewise: how often a thread found its pool's lock taken. */
    private final char[] waits;
    /** Taken before the locks of the pools, whose number changes under it. */
    private final SpinLock growing = new SpinLock();
    private volatile SlotPool[] pools;
    /** How many pools there may be. */
    private int most;

    private HeapPools(SlotPool first, int most) {
        this.first = first;
        this.most = most;
        this.choices = new char[most == 1 ? 1 : THREADS];
        this.waits = new char[choices.length];
        this.pools = new SlotPool[] {first};
    }

    /** {@return the pools of a heap that begins with this one} Whom it serves, and so whether there may be more, is the pool's. */
    public static HeapPools of(SlotPool pool) {
        boolean isForAll = pool.access == Access.SHARED;
        return new HeapPools(pool, isForAll ? SharedPools.powerOfTwo(Runtime.getRuntime().availableProcessors()) : 1);
    }

    /** @return a pool whose lock the caller has now */
    public SlotPool lock() {
        SlotPool[] some = pools;
        SlotPool own = some.length == 1 ? first : some[choices[thread()] & some.length - 1];
        return own.lock.tryLock() ? own : lockAny(thread());
    }

    private int thread() {
        return (int) Thread.currentThread().threadId() & choices.length - 1;
    }

    private SlotPool lockAny(int thread) {
        boolean moves = ++waits[thread] % WAITS_TO_MOVE == 0;
        for (int tries = 1;; tries++) {
            SlotPool[] some = pools;
            moves |= tries == PATIENCE;
            if (moves && some.length < most) {
                some = grown(some);
            }
            SlotPool found = moves ? another(some, thread) : null;
            SlotPool own = some[choices[thread] & some.length - 1];
            if (found == null && own.lock.tryLock()) {
                found = own;
            }
            if (found != null) {
                return found;
            }
            SpinLock.pause(tries);
        }
    }

    private @Nullable SlotPool another(SlotPool[] some, int thread) {
        int own = choices[thread];
        for (int i = 1; i < some.length; i++) {
            int next = own + i & some.length - 1;
            if (some[next].lock.tryLock()) {
                choices[thread] = (char) next;
                return some[next];
            }
        }
        return null;
    }

    private SlotPool[] grown(SlotPool[] from) {
        growing.lock();
        try {
            if (pools == from && !first.domain.isClosed()) {
                SlotPool[] more = Arrays.copyOf(from, from.length * 2);
                for (int i = from.length; i < more.length; i++) {
                    more[i] = new SlotPool(first.domain, first.access);
                }
                pools = more;
            }
            return pools;
        } catch (OutOfMemoryError noRoom) {
            most = from.length; // the threads wait for each other
            return from;
        } finally {
            growing.unlock();
        }
    }

    /**
     * Where one pool has no slot, and the limit no room for more: another thread's may have one.
     *
     * @return as {@link SlotPool#attempt}; 0 also when the heap is closed
     */
    public long attemptElsewhere(SlotPool tried, long size) {
        long found = 0;
        for (SlotPool pool : pools) {
            if (found == 0 && pool != tried) {
                found = attempt(pool, size);
            }
        }
        return found;
    }

    private static long attempt(SlotPool pool, long size) {
        pool.lock.lock();
        try {
            return pool.domain.isClosed() ? 0 : pool.attempt(size);
        } finally {
            pool.lock.unlock();
        }
    }

    /** Of all pools, one after the other; nothing where the heap is closed. */
    public void trim() {
        for (SlotPool pool : pools) {
            pool.lock.lock();
            try {
                if (!pool.domain.isClosed()) {
                    pool.trim();
                }
            } finally {
                pool.lock.unlock();
            }
        }
    }

    /** Likewise. */
    public void discardFreePages() {
        for (SlotPool pool : pools) {
            FreePages.discardLocked(pool);
        }
    }

    /** For what all pools have at one moment, and for the close. {@link #unlockAll} is to follow. */
    public void lockAll() {
        growing.lock();
        int locked = 0;
        boolean all = false;
        try {
            for (; locked < pools.length; locked++) {
                pools[locked].lock.lock();
            }
            all = true;
        } finally {
            if (!all) { // the stack is at its end
                unlock(locked);
            }
        }
    }

    public void unlockAll() {
        unlock(pools.length);
    }

    private void unlock(int count) {
        SlotPool[] some = pools;
        for (int i = 0; i < count; i++) {
            some[i].lock.unlock();
        }
        growing.unlock();
    }

    /** The caller has all locks. */
    public void forEach(Consumer<SlotPool> look) {
        for (SlotPool pool : pools) {
            look.accept(pool);
        }
    }

    /** Gives back all runs, whatever lives in them. The caller has all locks. */
    public void destroy() {
        for (SlotPool pool : pools) {
            pool.destroy();
        }
    }

    /** How many there are by now. */
    public int count() {
        return pools.length;
    }
}
