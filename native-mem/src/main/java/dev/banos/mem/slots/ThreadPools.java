package dev.banos.mem.slots;

import dev.banos.lock.SpinLock;
import dev.banos.thread.Tcb;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which pool serves the calling thread's malloc. A platform thread has one of its own, which hangs on its control block.
 * When the thread ends, the pool with all that lives in it waits for the next thread: other threads go on freeing into it,
 * and no block changes its owner. Virtual threads lease one of {@link SharedPools}.
 */
public final class ThreadPools {
    private static final SpinLock LOCK = new SpinLock();
    /** Those that wait, in turn, linked by themselves: a thread can end while Java's heap is full. */
    private static @Nullable SlotPool firstAbandoned;
    private static @Nullable SlotPool lastAbandoned;
    private static int abandonedCount;
    private static final List<SlotPool> ALL = new ArrayList<>();

    /**
     * By thread id, a shortcut past the control block, which costs a malloc and free pair 1 ns more. Written without
     * synchronisation, because an entry proves itself: a pool that carries a thread's id is that thread's.
     */
    private static final SlotPool[] RECENT = new SlotPool[1024];
    /**
     * Likewise, the run that the thread's pool began to serve from last, if it still is one: what {@link #likely} guesses. A step
     * apart, because threads with ids in a row write to it while others read.
     */
    private static final @Nullable Run[] GUESSES = new Run[RECENT.length];
    private static final int GUESSES_STEP = 17;

    static {
        Arrays.fill(RECENT, SlotPool.NOBODY);
    }

    private ThreadPools() {
    }

    /**
     * The calling thread's own pool, which a virtual thread has leased; {@link SlotPool#NOBODY} for one that has none, and for
     * a platform thread that never called malloc.
     */
    public static SlotPool current() {
        long id = Thread.currentThread().threadId();
        if (id < 0) { // never: but after a test, the compiler loads the pool before a loop, instead of in each turn
            return SlotPool.NOBODY;
        }
        SlotPool pool = RECENT[(int) id & (RECENT.length - 1)];
        return pool.threadId == id ? pool : currentSlow(id);
    }

    /**
     * {@link RunTable#likely}. Where a program frees blocks of one run only, as in a loop over blocks of one size, the compiler has
     * seen the guess be right each time: it asks no further, and keeps the run's fields in registers from turn to turn. Elsewhere
     * both outcomes are the same, and it leaves the question out.
     *
     * @param id the calling thread's
     */
    public static Run likely(long id, long address) {
        Run run = RunTable.likely(address);
        Run guessed = GUESSES[(int) id * GUESSES_STEP & (GUESSES.length - 1)];
        return run == guessed ? guessed : run;
    }

    static void guess(long id, Run run) {
        GUESSES[(int) id * GUESSES_STEP & (GUESSES.length - 1)] = run;
    }

    /** Makes {@link #current} find what the calling thread has leased. */
    static void remember(long id, SlotPool leased) {
        RECENT[(int) id & (RECENT.length - 1)] = leased;
    }

    private static SlotPool currentSlow(long id) {
        if (Thread.currentThread().isVirtual()) {
            return SlotPool.NOBODY;
        }
        Tcb tcb = Tcb.currentOrNull();
        if (tcb == null || !(tcb.attachment() instanceof SlotPool pool)) {
            return SlotPool.NOBODY;
        }
        RECENT[(int) id & (RECENT.length - 1)] = pool;
        return pool;
    }

    /** A pool for a platform thread that has none. */
    public static SlotPool adoptOrCreate() {
        Tcb tcb = Tcb.current();
        SlotPool pool = pollAbandoned();
        if (pool == null) {
            pool = new SlotPool(Domain.MALLOC, Access.OWN_THREAD);
            register(pool);
        }
        pool.adoptedBy(Thread.currentThread());
        tcb.attach(pool);
        return pool;
    }

    /** @return whether the purger will have something to do with it */
    static boolean abandon(SlotPool pool) {
        pool.threadId = SlotPool.NO_THREAD;
        VarHandle.fullFence(); // either we see what another thread queues, or it sees that nobody will look
        try {
            pool.trim();
            return pool.discardLater();
        } finally {
            push(pool); // whatever became of that: for the next thread
        }
    }

    /** Gives back all of the memory in abandoned pools in which nothing lives. */
    public static void trimAbandoned() {
        forEachAbandoned(true);
    }

    /** The same little by little: runs that became empty now, and pages inside of others when the pool has waited for a while. */
    static void passAbandoned() {
        forEachAbandoned(false);
    }

    private static void forEachAbandoned(boolean atOnce) {
        for (int i = abandonedCount(); i > 0; i--) {
            SlotPool pool = pollAbandoned();
            if (pool == null) {
                return;
            }
            try {
                trim(pool, atOnce);
            } finally {
                push(pool);
            }
        }
    }

    private static void trim(SlotPool pool, boolean atOnce) {
        if (atOnce) {
            pool.trim();
            pool.discardFreePages();
        } else if (pool.hasRemoteFrees()) {
            pool.trim();
            pool.discardLater();
        } else {
            pool.pass();
        }
    }

    /** Whether {@link #passAbandoned} has something to do, now or later. */
    static boolean isMemoryInAbandoned() {
        LOCK.lock();
        try {
            for (SlotPool pool = firstAbandoned; pool != null; pool = pool.nextAbandoned) {
                if (pool.hasRemoteFrees() || pool.isToDiscard()) {
                    return true;
                }
            }
            return false;
        } finally {
            LOCK.unlock();
        }
    }

    static int abandonedCount() {
        LOCK.lock();
        try {
            return abandonedCount;
        } finally {
            LOCK.unlock();
        }
    }

    /** How many pools there are, of platform threads that live or have ended. */
    static int madeCount() {
        LOCK.lock();
        try {
            return ALL.size();
        } finally {
            LOCK.unlock();
        }
    }

    /** Of all platform threads, living and ended. */
    public static SlotCounts counts() {
        List<SlotPool> pools;
        LOCK.lock();
        try {
            pools = List.copyOf(ALL);
        } finally {
            LOCK.unlock();
        }
        SlotCounts sum = new SlotCounts();
        for (SlotPool pool : pools) {
            sum.plus(pool.counts());
        }
        return sum;
    }

    private static void register(SlotPool pool) {
        LOCK.lock();
        try {
            ALL.add(pool);
        } finally {
            LOCK.unlock();
        }
    }

    private static @Nullable SlotPool pollAbandoned() {
        LOCK.lock();
        try {
            SlotPool first = firstAbandoned;
            if (first != null) {
                firstAbandoned = first.nextAbandoned;
                lastAbandoned = firstAbandoned == null ? null : lastAbandoned;
                first.nextAbandoned = null;
                abandonedCount--;
            }
            return first;
        } finally {
            LOCK.unlock();
        }
    }

    private static void push(SlotPool pool) {
        LOCK.lock();
        try {
            if (lastAbandoned == null) {
                firstAbandoned = pool;
            } else {
                lastAbandoned.nextAbandoned = pool;
            }
            lastAbandoned = pool;
            abandonedCount++;
        } finally {
            LOCK.unlock();
        }
    }
}
