package dev.banos.mem;

import dev.banos.lock.SpinLock;
import dev.banos.mem.system.Budget;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Where a heap stands: below its parent, above its children and the scopes that have its blocks. The memory of all in a tree makes room
 * for each other at a limit.
 */
final class HeapTree {
    /** The place of malloc's heaps, which have neither. */
    static final HeapTree ALONE = new HeapTree(null, false);
    /** In a message. */
    private static final int MOST_NAMES = 20;

    /** The hardened heaps that are open. */
    static final Map<Budget, HardenedBlocks> HARDENED = new ConcurrentHashMap<>();

    private final @Nullable Heap parent;
    private final SpinLock lock = new SpinLock();
    private final List<Heap> children = new ArrayList<>();
    private final HeapTenants tenants;
    /** For the scopes of the thread that the heap alone serves; made by it. */
    private @Nullable HeapTenant ofOwnThread;
    private boolean closed;

    /** @param isForAll whether several threads may open scopes that have the heap's blocks */
    HeapTree(@Nullable Heap parent, boolean isForAll) {
        this.parent = parent;
        this.tenants = new HeapTenants(isForAll);
    }

    /**
     * Makes {@code heap} known, and a child of its parent, where it has one. When all of it is made: lists of caches, of hardened heaps and
     * of children would know for good what nobody can close.
     *
     * @throws IllegalStateException when the parent is closed
     */
    static void enlist(Heap heap) {
        HardenedBlocks hardened = heap.hardened();
        Heap parent = heap.tree().parent;
        boolean done = false;
        try {
            heap.domain().mappings.open();
            if (hardened != null) {
                hardened.open();
            }
            if (parent != null) {
                parent.tree().add(heap, parent);
            }
            done = true;
        } finally {
            if (!done) {
                heap.close();
            }
        }
    }

    private void add(Heap child, Heap to) {
        lock.lock();
        try {
            if (!closed) {
                children.add(child);
                return;
            }
        } finally {
            lock.unlock();
        }
        throw new IllegalStateException(to + " is closed, and can have no child " + child);
    }

    static void leave(Heap heap) {
        Heap parent = heap.tree().parent;
        if (parent != null) {
            parent.tree().remove(heap);
        }
    }

    private void remove(Heap child) {
        lock.lock();
        try {
            children.remove(child);
        } finally {
            lock.unlock();
        }
    }

    private List<Heap> children() {
        lock.lock();
        try {
            return List.copyOf(children);
        } finally {
            lock.unlock();
        }
    }

    /** @throws IllegalStateException when its heap is closed */
    void enter(HeapTenant tenant) {
        if (!tenants.enter(tenant)) {
            throw closed(tenant.heap);
        }
    }

    /** For the thread that {@code heap} alone serves: nobody else closes it as long as that lives. @throws IllegalStateException when it is closed */
    void requireOpen(Heap heap) {
        if (closed) {
            throw closed(heap);
        }
    }

    private static IllegalStateException closed(Heap heap) {
        return new IllegalStateException(heap + " is closed");
    }

    /** For the thread that {@code heap} alone serves. */
    HeapTenant ofOwnThread(Heap heap) {
        HeapTenant found = ofOwnThread;
        if (found == null) {
            found = HeapTenant.ofOwnThread(heap);
            ofOwnThread = found;
        }
        return found;
    }

    /** Of a thread that has ended none is open; who closes its heap knows that it has, and sees their number. */
    private int ownScopes() {
        HeapTenant own = ofOwnThread;
        return own == null || own.isAbandoned() ? 0 : own.ownScopes;
    }

    void leave(HeapTenant tenant) {
        tenants.leave(tenant);
    }

    private List<@Nullable HeapTenant> tenants() {
        List<@Nullable HeapTenant> all = new ArrayList<>(Collections.nCopies(ownScopes(), ofOwnThread));
        tenants.addAllTo(all);
        return all;
    }

    /** From now on {@code heap}, whose place this is, gets no child and no scope. @throws IllegalStateException when it has any */
    void close(Heap heap) {
        lock.lock();
        try {
            closed = children.isEmpty() && ownScopes() == 0 && tenants.close();
            if (closed) {
                return;
            }
        } finally {
            lock.unlock();
        }
        List<Heap> openChildren = children();
        throw openChildren.isEmpty() ? inUse(heap + " has open scopes: ", tenants()) : inUse(heap + " has open children: ", openChildren);
    }

    private static IllegalStateException inUse(String what, List<?> open) {
        StringJoiner names = new StringJoiner(", ");
        open.stream().limit(MOST_NAMES).forEach(each -> names.add(String.valueOf(each)));
        if (open.size() > MOST_NAMES) {
            names.add(open.size() - MOST_NAMES + " more");
        }
        return new IllegalStateException(what + names + ": close them first");
    }

    @Nullable Heap parent() {
        return parent;
    }

    static boolean isBelow(Heap heap, Heap above) {
        Heap each = heap.tree().parent;
        while (each != null && each != above) {
            each = each.tree().parent;
        }
        return each != null;
    }

    /** Gives back what is free in {@code top}, and in all heaps below it. */
    static void reclaim(Heap top) {
        Deque<Heap> waiting = new ArrayDeque<>(List.of(top)); // not the Java stack, which a deep tree would overflow
        while (!waiting.isEmpty()) {
            Heap next = waiting.pop();
            reclaimOwn(next);
            waiting.addAll(next.tree().children());
        }
    }

    /** Gives back what is free in {@code heap} alone; of another thread's confined heap, only what is kept beside its pool. */
    static void reclaimOwn(Heap heap) {
        heap.domain().mappings.emptyCache();
        heap.domain().reclaimTracked();
        HardenedBlocks hardened = heap.hardened();
        if (hardened != null) {
            hardened.reclaim();
        }
        HeapAccess.reclaim(heap);
    }
}
