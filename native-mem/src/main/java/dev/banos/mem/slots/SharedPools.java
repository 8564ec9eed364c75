package dev.banos.mem.slots;

import dev.banos.bindings.SystemCalls;
import dev.banos.lock.SpinLock;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The pools of all virtual threads: a few, bounded by the processors. Most can be leased, see {@link Lease}: a virtual thread
 * leases one on its first call, and anew where another thread took it while it waited. Threads that find none, because
 * the lessees are all running or about to, share the others, each behind a lock that is held for one call.
 *
 * <p>A thread begins to look at the pools of its processor: their bitmaps are in its cache, and their last lessee is
 * likely to be away.
 */
public final class SharedPools {
    private static final int LEASES_A_PROCESSOR = 2;
    private static final int PROCESSORS = powerOfTwo(Runtime.getRuntime().availableProcessors());
    /** How many pools a thread looks at before it shares one. */
    private static final int TRIES = Math.min(PROCESSORS * LEASES_A_PROCESSOR, 8);
    /** How many calls on a processor go by after a search in vain. */
    private static final int CALLS_BETWEEN_SEARCHES = 64;

    private static final Lease[] LEASES = Stream.generate(Lease::new).limit(PROCESSORS * LEASES_A_PROCESSOR)
            .toArray(Lease[]::new);
    private static final SlotPool[] LOCKED = Stream.generate(() -> new SlotPool(Domain.MALLOC, Access.STRIPED))
            .limit(PROCESSORS).toArray(SlotPool[]::new);
    /** So that no two processors write to one cache line, nor to two that are fetched together. */
    private static final int INTS_APART = 128 / Integer.BYTES;
    /** By processor, not synchronised: a lost count changes only when the next search is. */
    private static final int[] CALLS_TO_SEARCH = new int[PROCESSORS * INTS_APART];

    private SharedPools() {
    }

    /** For a virtual thread. @return as {@link SlotPool#attempt} */
    public static long attempt(long size) {
        SlotPool entered = enter();
        try {
            if (entered.isUnwatched) { // only now: starting a thread may park this one
                entered.isUnwatched = false;
                Purger.wakeIfPossible();
            }
            return entered.attempt(size);
        } finally {
            leave(entered);
        }
    }

    /** @return a pool that is the caller's until it calls {@link #leave}, soon */
    private static SlotPool enter() {
        Thread thread = Thread.currentThread();
        SlotPool own = ThreadPools.current();
        if (own == SlotPool.NOBODY) {
            int processor = SystemCalls.sched_getcpu() & (PROCESSORS - 1);
            own = search(thread, processor);
            if (own == null) {
                return lock(processor);
            }
        }
        own.beginWork();
        return own;
    }

    private static void leave(SlotPool entered) {
        if (entered.leased) { // by the caller, and while it is at work nobody changes that
            entered.endWork();
        } else {
            entered.lock.unlock();
        }
    }

    /** @return a pool that is leased to the calling thread; null where there is none */
    private static @Nullable SlotPool search(Thread thread, int processor) {
        if (CALLS_TO_SEARCH[processor * INTS_APART] > 0) {
            CALLS_TO_SEARCH[processor * INTS_APART]--;
            return null;
        }
        for (int i = 0; i < TRIES; i++) {
            Lease lease = LEASES[(processor * LEASES_A_PROCESSOR + i) & (LEASES.length - 1)];
            boolean own = lease.pool.threadId == thread.threadId();
            if (own || lease.tryAcquire()) {
                if (!own) {
                    lease.giveTo(thread);
                }
                ThreadPools.remember(thread.threadId(), lease.pool);
                return lease.pool;
            }
        }
        CALLS_TO_SEARCH[processor * INTS_APART] = CALLS_BETWEEN_SEARCHES;
        return null;
    }

    /** As many threads are within our code at once as there are carriers, so this does not take long. */
    private static SlotPool lock(int processor) {
        for (int tries = 0;; tries++) {
            SlotPool pool = LOCKED[(processor + tries) & (PROCESSORS - 1)];
            if (pool.lock.tryLock()) {
                return pool;
            }
            if (tries >= PROCESSORS) {
                SpinLock.pause(tries);
            }
        }
    }

    /** Pages inside of runs as well. What a running thread has leased stays as it is, unless it is the caller. */
    public static void trim() {
        for (Lease lease : LEASES) {
            if (lease.pool.threadId == Thread.currentThread().threadId()) {
                lease.pool.trim();
                lease.pool.discardFreePages();
            } else {
                trim(lease, true);
            }
        }
        for (SlotPool pool : LOCKED) {
            trim(pool);
            FreePages.discardLocked(pool);
        }
    }

    /**
     * Gives back what other threads freed in pools that nobody uses at the moment, and what is free in those of threads that have
     * ended.
     *
     * @return whether there was any, or a thread has a pool: nobody else looks there once that thread waits or ends
     */
    static boolean trimIdle() {
        boolean any = false;
        boolean ended = false;
        for (Lease lease : LEASES) {
            boolean leftBehind = lease.isLeftBehind();
            ended |= leftBehind;
            any |= lease.isTaken() || lease.pool.hasRemoteFrees();
            if (leftBehind || lease.pool.hasRemoteFrees()) {
                trim(lease, false);
            }
        }
        for (SlotPool pool : LOCKED) { // of which only those make use that find the others taken
            any |= (ended || pool.hasRemoteFrees()) && trim(pool);
        }
        return any;
    }

    /** Whether {@link #trimIdle} has something to do, or will have when a thread has ended. */
    static boolean isAnyInUse() {
        return Arrays.stream(LEASES).anyMatch(Lease::isTaken) || pools().stream().anyMatch(SlotPool::hasRemoteFrees);
    }

    private static void trim(Lease lease, boolean pages) {
        if (!lease.tryAcquire()) {
            return;
        }
        try {
            lease.pool.trim();
            if (pages) {
                lease.pool.discardFreePages();
            }
        } finally {
            lease.release();
        }
    }

    private static boolean trim(SlotPool pool) {
        pool.lock.lock();
        try {
            pool.trim();
        } finally {
            pool.lock.unlock();
        }
        return true;
    }

    /** Of lessees that go on running, as exact as the moment allows. */
    public static SlotCounts counts() {
        SlotCounts sum = new SlotCounts();
        for (SlotPool pool : pools()) {
            sum.plus(pool.counts());
        }
        return sum;
    }

    public static void walk(SlotPool.Visitor visitor) {
        for (SlotPool pool : pools()) {
            pool.walk(visitor);
        }
    }

    /** Of which the invariants are to be checked when no thread is at work. */
    static List<SlotPool> pools() {
        return Stream.concat(Arrays.stream(LEASES).map(lease -> lease.pool), Arrays.stream(LOCKED)).toList();
    }

    private static int powerOfTwo(int atLeast) {
        return Integer.highestOneBit(atLeast * 2 - 1);
    }
}
