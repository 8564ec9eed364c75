package dev.banos.mem;

import dev.banos.lock.SpinLock;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The scopes and generations that have blocks of one heap. They stand in several lists, each behind its own lock: a scope is in the list of
 * the thread that opened it, so that threads which open and close scopes at the same time do not wait for each other.
 */
final class HeapTenants {
    private static final int LOG_LISTS = 6;
    /** The golden ratio: so the lists of threads that began one after the other lie far apart, in cache lines of their own. */
    private static final int SPREAD = 0x9E3779B9;

    private final Tenants[] lists;

    /** One list, and whether the heap is closed; both change under its lock. */
    private static final class Tenants {
        private final SpinLock lock = new SpinLock();
        private @Nullable HeapTenant first;
        private boolean closed;
    }

    /** @param isForAll whether several threads may open scopes */
    HeapTenants(boolean isForAll) {
        lists = new Tenants[isForAll ? 1 << LOG_LISTS : 1];
        for (int i = 0; i < lists.length; i++) {
            lists[i] = new Tenants();
        }
    }

    private Tenants listOf(HeapTenant tenant) {
        return lists[(int) tenant.threadId * SPREAD >>> Integer.SIZE - LOG_LISTS & lists.length - 1];
    }

    /** @return false after {@link #close} */
    boolean enter(HeapTenant tenant) {
        Tenants list = listOf(tenant);
        list.lock.lock();
        try {
            if (list.closed) {
                return false;
            }
            list.first = tenant.addTo(list.first);
            return true;
        } finally {
            list.lock.unlock();
        }
    }

    void leave(HeapTenant tenant) {
        Tenants list = listOf(tenant);
        list.lock.lock();
        try {
            list.first = tenant.removeFrom(list.first);
        } finally {
            list.lock.unlock();
        }
    }

    void addAllTo(List<@Nullable HeapTenant> all) {
        for (Tenants list : lists) {
            list.lock.lock();
            try {
                for (HeapTenant each = list.first; each != null; each = each.behind()) {
                    all.add(each);
                }
            } finally {
                list.lock.unlock();
            }
        }
    }

    /** From now on none can enter. @return false where there are some that are not abandoned: then nothing has changed */
    boolean close() {
        int locked = 0;
        try {
            boolean any = false;
            for (; locked < lists.length; locked++) {
                lists[locked].lock.lock();
            }
            for (Tenants list : lists) {
                leaveAbandoned(list);
                any |= list.first != null;
            }
            for (Tenants list : lists) {
                list.closed = !any;
            }
            return !any;
        } finally {
            for (int i = 0; i < locked; i++) {
                lists[i].lock.unlock();
            }
        }
    }

    private static void leaveAbandoned(Tenants list) {
        HeapTenant next = list.first;
        while (next != null) {
            HeapTenant each = next;
            next = each.behind();
            if (each.isAbandoned()) {
                list.first = each.removeFrom(list.first);
            }
        }
    }
}
