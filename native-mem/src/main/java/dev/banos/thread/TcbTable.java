package dev.banos.thread;

import dev.banos.lock.SpinLock;
import dev.banos.lock.StackRoom;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All control blocks by thread id: open addressing, linear probing, at most half full. Ids are handed out in sequence, so
 * the id itself is the hash and a thread nearly always finds its block in the first slot it looks at.
 *
 * <p>A thread looks itself up without a lock: its entry was put there by itself, and an entry that carries its id is its
 * own, whichever generation of the array it is found in. While another thread moves entries, a search can miss; a miss is
 * repeated under the lock. Everything else happens under the lock.
 *
 * <p>It looks first into an array that never grows, so that the compiler knows where it is and how long: a place there has
 * whichever entry came last, and the others are found in the table.
 *
 * <p>Java does not tell when a thread that is not ours ends. So each new entry pays for looking at a few old ones, in
 * turn, and releases those whose thread is no longer alive: ended threads cannot outnumber living ones for long, without
 * a reaper thread and without waiting for the garbage collector.
 */
final class TcbTable {
    private static final int INITIAL_CAPACITY = 256;
    /** For each entry made so many are looked at; in a table that was much fuller once, not beyond so many empty slots. */
    private static final int ENTRIES_SWEPT_PER_ENTRY = 16;
    private static final int SLOTS_SWEPT_PER_ENTRY = 4096;

    /** More than it takes to recycle those: where there is less stack they stay for the next to come. */
    private static final int CALLS_TO_RECYCLE = 60;

    static final int LATEST_LENGTH = 1024;

    private static final SpinLock LOCK = new SpinLock();
    private static final Tcb[] LATEST = new Tcb[LATEST_LENGTH];
    private static Tcb[] table = new Tcb[INITIAL_CAPACITY];
    private static int size;
    private static int sweepHand;

    private TcbTable() {
    }

    static Tcb find(long threadId) {
        Tcb tcb = LATEST[latestPlace(threadId)];
        return tcb != null && tcb.threadId == threadId ? tcb : findFurther(table, threadId);
    }

    private static int latestPlace(long threadId) {
        return (int) threadId & (LATEST_LENGTH - 1);
    }

    private static Tcb findFurther(Tcb[] slots, long threadId) {
        int mask = slots.length - 1;
        int i = (int) threadId & mask;
        Tcb tcb = slots[i]; // read once: its slot may be emptied meanwhile
        while (tcb != null && tcb.threadId != threadId) {
            i = (i + 1) & mask;
            tcb = slots[i];
        }
        return tcb;
    }

    static Tcb findOrCreate(Thread thread) {
        List<Tcb> ended = new ArrayList<>(ENTRIES_SWEPT_PER_ENTRY); // room for all: what is out of the table must come to its end
        boolean sweeps = StackRoom.isThere(CALLS_TO_RECYCLE);
        try {
            return findOrCreate(thread, ended, sweeps);
        } finally {
            recycle(ended, 0);
        }
    }

    /**
     * Outside the lock: an attachment that gives back a heap may itself need the control block of the calling thread. Each one, whatever
     * becomes of those before it. By numbers: for an iterator Java's heap may have no room.
     */
    private static void recycle(List<Tcb> ended, int from) {
        if (from < ended.size()) {
            try {
                ended.get(from).recycle();
            } finally {
                recycle(ended, from + 1);
            }
        }
    }

    private static Tcb findOrCreate(Thread thread, List<Tcb> ended, boolean sweeps) {
        LOCK.lock();
        try {
            Tcb tcb = findFurther(table, thread.threadId());
            if (tcb == null) {
                if (sweeps) {
                    collectEnded(ended);
                }
                tcb = new Tcb(thread);
                insert(tcb);
            }
            return tcb;
        } finally {
            LOCK.unlock();
        }
    }

    /** Under the lock an entry's block is its thread's: recycling begins with the entry's removal. */
    static boolean cancel(Thread thread, int bit) {
        findOrCreate(thread);
        LOCK.lock();
        try {
            Tcb tcb = findFurther(table, thread.threadId());
            if (tcb != null) { // otherwise it ended just now
                tcb.cancelledMark(bit);
            }
            return tcb != null;
        } finally {
            LOCK.unlock();
        }
    }

    static @Nullable Thread threadNamed(long threadId) {
        LOCK.lock();
        try {
            Tcb tcb = findFurther(table, threadId);
            Thread thread = tcb == null ? null : tcb.thread.get();
            return thread != null && thread.isAlive() ? thread : null;
        } finally {
            LOCK.unlock();
        }
    }

    static @Nullable Object companionNamed(long threadId) {
        LOCK.lock();
        try {
            Tcb tcb = findFurther(table, threadId);
            return tcb == null ? null : tcb.companion();
        } finally {
            LOCK.unlock();
        }
    }

    static void release(Tcb tcb) {
        LOCK.lock();
        try {
            remove(tcb);
        } finally {
            LOCK.unlock();
        }
        tcb.recycle();
    }

    /** All, a few at a time: nobody waits for the lock for long. */
    static void releaseEnded() {
        for (int turns = turnsForAll(); turns > 0; turns--) {
            List<Tcb> ended = new ArrayList<>(ENTRIES_SWEPT_PER_ENTRY);
            StackRoom.require(CALLS_TO_RECYCLE);
            LOCK.lock();
            try {
                collectEnded(ended);
            } finally {
                LOCK.unlock();
            }
            recycle(ended, 0);
        }
    }

    private static int turnsForAll() {
        LOCK.lock();
        try {
            return size / ENTRIES_SWEPT_PER_ENTRY + table.length / SLOTS_SWEPT_PER_ENTRY + 1;
        } finally {
            LOCK.unlock();
        }
    }

    private static void collectEnded(List<Tcb> ended) {
        int entries = 0;
        for (int i = 0; i < SLOTS_SWEPT_PER_ENTRY && entries < ENTRIES_SWEPT_PER_ENTRY; i++) {
            sweepHand = (sweepHand + 1) & (table.length - 1);
            Tcb tcb = table[sweepHand];
            if (tcb == null) {
                continue;
            }
            entries++;
            if (hasEnded(tcb)) {
                remove(tcb);
                ended.add(tcb);
            }
        }
    }

    private static boolean hasEnded(Tcb tcb) {
        Thread thread = tcb.thread.get();
        return thread == null || !thread.isAlive();
    }

    private static void insert(Tcb tcb) {
        if (size + 1 > table.length / 2) {
            grow();
        }
        put(table, tcb);
        size++;
        LATEST[latestPlace(tcb.threadId)] = tcb;
    }

    private static void grow() {
        Tcb[] larger = new Tcb[table.length * 2];
        for (Tcb tcb : table) {
            if (tcb != null) {
                put(larger, tcb);
            }
        }
        table = larger;
    }

    private static void put(Tcb[] slots, Tcb tcb) {
        int i = (int) tcb.threadId & (slots.length - 1);
        while (slots[i] != null) {
            i = (i + 1) & (slots.length - 1);
        }
        slots[i] = tcb;
    }

    /** Closes the gap behind the entry, so that no search ever passes over dead slots. */
    private static void remove(Tcb tcb) {
        int mask = table.length - 1;
        int gap = indexOf(tcb);
        for (int i = (gap + 1) & mask; table[i] != null; i = (i + 1) & mask) {
            int home = (int) table[i].threadId & mask;
            if (((i - home) & mask) >= ((i - gap) & mask)) {
                table[gap] = table[i];
                gap = i;
            }
        }
        table[gap] = null;
        size--;
        int place = latestPlace(tcb.threadId);
        if (LATEST[place] == tcb) {
            LATEST[place] = null;
        }
    }

    private static int indexOf(Tcb tcb) {
        int i = (int) tcb.threadId & (table.length - 1);
        while (table[i] != tcb) {
            i = (i + 1) & (table.length - 1);
        }
        return i;
    }
}
