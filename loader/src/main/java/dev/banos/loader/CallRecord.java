package dev.banos.loader;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How many calls a platform thread has under way, by {@link Lifetime}. Only the thread itself writes its record, without atomics;
 * {@link Lifetime} argues why others read it rightly. Virtual threads share {@link #NOBODY}, which has no room for a count.
 */
final class CallRecord {
    static final CallRecord NOBODY = new CallRecord(null);

    /** By thread id. An entry proves itself by the id, which the JVM never gives out twice; so it needs no synchronisation. */
    private static final CallRecord[] RECENT = new CallRecord[1024];
    private static final ThreadLocal<CallRecord> OWN = new ThreadLocal<>();
    /** Of all platform threads that ever called and have not been seen to have ended. Under its own lock. */
    private static final List<CallRecord> ALL = new ArrayList<>();

    static {
        Arrays.fill(RECENT, NOBODY);
    }

    private final long threadId;
    private final WeakReference<Thread> thread;
    /** By a lifetime's index. Replaced by a longer one when a lifetime has a larger index. */
    int[] counts = {};

    private CallRecord(Thread thread) {
        this.threadId = thread == null ? -1 : thread.threadId();
        this.thread = new WeakReference<>(thread);
    }

    /** The calling thread's; {@link #NOBODY} for a virtual thread, and for one that has not called {@link #findOrCreate}. */
    static CallRecord current() {
        long id = Thread.currentThread().threadId();
        CallRecord record = RECENT[(int) id & (RECENT.length - 1)];
        return record.threadId == id ? record : currentSlow(id);
    }

    private static CallRecord currentSlow(long id) {
        CallRecord own = Thread.currentThread().isVirtual() ? null : OWN.get();
        if (own == null) {
            return NOBODY;
        }
        RECENT[(int) id & (RECENT.length - 1)] = own;
        return own;
    }

    /** The calling thread's, with room for a count of that index; {@link #NOBODY} for a virtual thread. */
    static CallRecord findOrCreate(int index) {
        Thread thread = Thread.currentThread();
        if (thread.isVirtual()) {
            return NOBODY;
        }
        CallRecord own = OWN.get();
        if (own == null) {
            own = new CallRecord(thread);
            synchronized (ALL) {
                ALL.removeIf(CallRecord::hasEnded);
                ALL.add(own);
            }
            OWN.set(own);
        }
        if (index >= own.counts.length) {
            own.counts = Arrays.copyOf(own.counts, Integer.highestOneBit(index + 7) * 2);
        }
        return own;
    }

    /** Whether any thread's count of that index is not zero. */
    static boolean anyCounts(int index) {
        synchronized (ALL) {
            for (CallRecord record : ALL) {
                int[] counts = record.counts;
                if (index < counts.length && counts[index] != 0) {
                    return true;
                }
            }
        }
        return false;
    }

    /** A thread that has ended left all its calls before. */
    private boolean hasEnded() {
        Thread owner = thread.get();
        return owner == null || !owner.isAlive();
    }
}
