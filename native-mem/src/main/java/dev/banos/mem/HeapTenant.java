package dev.banos.mem;

import dev.banos.mem.slots.Access;
import org.jspecify.annotations.Nullable;

/**
 * That a scope, or a generation of a {@link ScopeGroup}, has blocks of a heap: it cannot be closed before they have gone back. So a
 * segment's memory never ends before its scope. One stands for all scopes that a heap of one thread has in that thread: they are
 * counted, without a lock, and nothing else knows of them, so that the compiler can leave their objects out.
 */
final class HeapTenant {
    final Heap heap;
    /** Of a confined scope: who alone reaches its segments, and closes it. Null for others. */
    private final @Nullable Thread owner;
    /** For messages: the scope or the group. */
    private @Nullable Object described;
    /** Whether all has gone back, where there was too little stack left to say so. */
    volatile boolean isGone;
    /** Whether this stands for the scopes of the heap's only thread, which alone changes their number. */
    final boolean counts;
    int ownScopes;
    /** Who opened it, by which {@link HeapTenants} finds its list. */
    final long threadId;
    /** That list, under its lock. */
    private @Nullable HeapTenant before;
    private @Nullable HeapTenant behind;

    /** @param owner of a confined scope; null for others */
    HeapTenant(Heap heap, @Nullable Thread owner) {
        this(heap, owner, false);
    }

    private HeapTenant(Heap heap, @Nullable Thread owner, boolean counts) {
        this.heap = heap;
        this.owner = owner;
        this.counts = counts;
        this.threadId = Thread.currentThread().threadId();
    }

    /** For the scopes of a heap that serves the calling thread alone. */
    static HeapTenant ofOwnThread(Heap heap) {
        return new HeapTenant(heap, Thread.currentThread(), true);
    }

    /** For a scope of the calling thread; null: of malloc. @throws IllegalStateException where the heap is closed, or does not serve this thread */
    static @Nullable HeapTenant confined(Heap heap) {
        if (heap.isOfMalloc()) {
            return Heap.tenantOfMalloc();
        }
        heap.requireServing();
        return servesAll(heap) ? new HeapTenant(heap, Thread.currentThread()) : heap.tree().ofOwnThread(heap);
    }

    private static boolean servesAll(Heap heap) {
        HardenedBlocks hardened = heap.hardened();
        return hardened != null ? hardened.confinedTo() == null : heap.access == Access.SHARED;
    }

    /** For scopes of all threads; null: of malloc. @throws IllegalArgumentException where the heap serves but one */
    static @Nullable HeapTenant shared(Heap heap) {
        if (heap.isOfMalloc()) {
            return Heap.tenantOfMalloc();
        }
        if (!servesAll(heap)) {
            throw new IllegalArgumentException(heap + " serves one thread alone: use HeapScope.ofConfined(heap), or a heap of"
                    + " HeapOptions.shared()");
        }
        return new HeapTenant(heap, null);
    }

    /** @param scopeOrGroup what its text is to be in messages. @throws IllegalStateException where the heap is closed */
    void enter(Object scopeOrGroup) {
        if (counts) {
            heap.tree().requireOpen(heap);
            ownScopes++;
        } else if (!heap.isOfMalloc()) {
            described = scopeOrGroup;
            heap.tree().enter(this);
        }
    }

    /** When all blocks have gone back; once. Not for one that {@link #counts}. */
    void leave() {
        if (!heap.isOfMalloc()) {
            heap.tree().leave(this);
        }
    }

    /** Whether a slot of the heap goes back under a lock, or with its record, and so with more stack than its owner's free takes. */
    boolean isFreedDeeply() {
        return !counts || heap.hardened() != null || !heap.domain().leaks.isOff();
    }

    /** Whether nobody can reach the segments any more, nor leave. */
    boolean isAbandoned() {
        return isGone || owner != null && !owner.isAlive();
    }

    @Nullable HeapTenant behind() {
        return behind;
    }

    /** @return the first of the list now */
    HeapTenant addTo(@Nullable HeapTenant first) {
        behind = first;
        if (first != null) {
            first.before = this;
        }
        return this;
    }

    /** @return the first of the list now; null: there is none */
    @Nullable HeapTenant removeFrom(@Nullable HeapTenant first) {
        HeapTenant previous = before;
        HeapTenant next = behind;
        if (previous != null) {
            previous.behind = next;
        }
        if (next != null) {
            next.before = previous;
        }
        before = null;
        behind = null;
        return first == this ? next : first;
    }

    @Override
    public String toString() {
        return described instanceof HeapScope scope ? scope.kind() : owner != null ? HeapScope.kind(owner) : String.valueOf(described);
    }
}
