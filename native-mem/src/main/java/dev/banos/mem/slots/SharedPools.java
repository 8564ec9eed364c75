package dev.banos.mem.slots;

import dev.banos.bindings.SystemCalls;
import dev.banos.lock.SpinLock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
    /** How many pools a thread looks at, at most, before it shares one. */
    private static final int MOST_TRIES = 8;
    /** How many calls on a processor go by after a search in vain. */
    private static final int CALLS_BETWEEN_SEARCHES = 64;
    /** So that no two processors write to one cache line, nor to two that are fetched together. */
    private static final int INTS_APART = 128 / Integer.BYTES;

    /**
     * Null until a virtual thread has called. Nor has this class an initialiser that makes them: where that throws for want of Java's
     * heap or of stack, the JVM does not try again.
     */
    private static volatile @Nullable SharedPools made;

    private final int processors = powerOfTwo(Runtime.getRuntime().availableProcessors());
    private final int tries = Math.min(processors * LEASES_A_PROCESSOR, MOST_TRIES);
    private final Lease[] leases = new Lease[processors * LEASES_A_PROCESSOR];
    private final SlotPool[] locked = new SlotPool[processors];
    /** By processor, not synchronised: a lost count changes only when the next search is. */
    private final int[] callsToSearch = new int[processors * INTS_APART];

    private SharedPools() {
        for (int i = 0; i < leases.length; i++) {
            leases[i] = new Lease();
        }
        for (int i = 0; i < locked.length; i++) {
            locked[i] = new SlotPool(Domain.MALLOC, Access.STRIPED);
        }
    }
    private static SharedPools some() {
        SharedPools some = made;
        return some != null ? some : make();
    }

    private static synchronized SharedPools make() {
        SharedPools some = made;
        if (some == null) {
            some = new SharedPools();
            made = some;
        }
        return some;
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
        SlotPool own = ThreadPools.current();
        if (own == SlotPool.NOBODY) {
            SharedPools some = some();
            int processor = SystemCalls.sched_getcpu() & (some.processors - 1);
            own = some.search(Thread.currentThread(), processor);
            if (own == null) {
                return some.lock(processor);
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
    private @Nullable SlotPool search(Thread thread, int processor) {
        if (callsToSearch[processor * INTS_APART] > 0) {
            callsToSearch[processor * INTS_APART]--;
            return null;
        }
        for (int i = 0; i < tries; i++) {
            Lease lease = leases[(processor * LEASES_A_PROCESSOR + i) & (leases.length - 1)];
            boolean own = lease.pool.threadId == thread.threadId();
            if (own || lease.tryAcquire()) {
                if (!own) {
                    lease.giveTo(thread);
                }
                ThreadPools.remember(thread.threadId(), lease.pool);
                return lease.pool;
            }
        }
        callsToSearch[processor * INTS_APART] = CALLS_BETWEEN_SEARCHES;
        return null;
    }

    /** As many threads are within our code at once as there are carriers, so this does not take long. */
    private SlotPool lock(int processor) {
        for (int looks = 0;; looks++) {
            SlotPool pool = locked[(processor + looks) & (processors - 1)];
            if (pool.lock.tryLock()) {
                return pool;
            }
            if (looks >= processors) {
                SpinLock.pause(looks);
            }
        }
    }

    /** Pages inside of runs as well. What a running thread has leased stays as it is, unless it is the caller. */
    public static void trim() {
        SharedPools some = made;
        if (some != null) {
            some.trimAll();
        }
    }

    private void trimAll() {
        for (Lease lease : leases) {
            if (lease.pool.threadId == Thread.currentThread().threadId()) {
                lease.pool.trim();
                lease.pool.discardFreePages();
            } else {
                trim(lease, true);
            }
        }
        for (SlotPool pool : locked) {
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
        SharedPools some = made;
        return some != null && some.trimAllIdle();
    }

    private boolean trimAllIdle() {
        boolean any = false;
        boolean ended = false;
        for (Lease lease : leases) {
            boolean leftBehind = lease.isLeftBehind();
            ended |= leftBehind;
            any |= lease.isTaken() || lease.pool.isToTrim();
            if (leftBehind || lease.pool.isToTrim()) {
                trim(lease, false);
            }
        }
        for (SlotPool pool : locked) { // of which only those make use that find the others taken
            any |= (ended || pool.isToTrim()) && trim(pool);
        }
        return any;
    }

    /** Whether {@link #trimIdle} has something to do, or will have when a thread has ended. */
    static boolean isAnyInUse() {
        SharedPools some = made;
        return some != null && some.isOneInUse();
    }

    private boolean isOneInUse() {
        for (Lease lease : leases) {
            if (lease.isTaken() || lease.pool.isToTrim()) {
                return true;
            }
        }
        for (SlotPool pool : locked) {
            if (pool.isToTrim()) {
                return true;
            }
        }
        return false;
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

    /** Of which the invariants are to be checked when no thread is at work. */
    public static List<SlotPool> pools() {
        List<SlotPool> pools = new ArrayList<>();
        SharedPools some = made;
        if (some != null) {
            for (Lease lease : some.leases) {
                pools.add(lease.pool);
            }
            pools.addAll(Arrays.asList(some.locked));
        }
        return pools;
    }

    static int powerOfTwo(int atLeast) {
        return Integer.highestOneBit(atLeast * 2 - 1);
    }
}
