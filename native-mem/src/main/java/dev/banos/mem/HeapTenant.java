package dev.banos.mem;

import dev.banos.mem.slots.Access;
import org.jspecify.annotations.Nullable;

/**
 * That a scope, or a generation of a {@link ScopeGroup}, has blocks of a heap: it cannot be closed before they have gone back. So a
 * segment's memory never ends before its scope.
 */
final class HeapTenant {
    final Heap heap;
    /** Of a confined scope: who alone reaches its segments, and closes it. Null for others. */
    private final @Nullable Thread owner;
    /** For messages: the scope or the group. */
    private @Nullable Object described;
    /** Whether all has gone back, where there was too little stack left to say so. */
    volatile boolean isGone;
    /** The list of those of one heap, under the lock of its {@link HeapTree}. */
    private @Nullable HeapTenant before;
    private @Nullable HeapTenant behind;

    /** @param owner of a confined scope; null for others */
    HeapTenant(Heap heap, @Nullable Thread owner) {
        this.heap = heap;
        this.owner = owner;
    }

    /** For a scope of the calling thread; null: of malloc. @throws IllegalStateException where the heap is closed, or does not serve this thread */
    static @Nullable HeapTenant confined(Heap heap) {
        if (heap.isOfMalloc()) {
            return Heap.tenantOfMalloc();
        }
        heap.requireServing();
        return new HeapTenant(heap, Thread.currentThread());
    }

    /** For scopes of all threads; null: of malloc. @throws IllegalArgumentException where the heap serves but one */
    static @Nullable HeapTenant shared(Heap heap) {
        if (heap.isOfMalloc()) {
            return Heap.tenantOfMalloc();
        }
        HardenedBlocks hardened = heap.hardened();
        if (hardened != null ? hardened.confinedTo() != null : heap.pool.access != Access.SHARED) {
            throw new IllegalArgumentException(heap + " serves one thread alone: use HeapScope.ofConfined(heap), or a heap of"
                    + " HeapOptions.shared()");
        }
        return new HeapTenant(heap, null);
    }

    /** @param scopeOrGroup what its text is to be in messages. @throws IllegalStateException where the heap is closed */
    void enter(Object scopeOrGroup) {
        if (!heap.isOfMalloc()) {
            described = scopeOrGroup;
            heap.tree().enter(this);
        }
    }

    /** When all blocks have gone back; once. */
    void leave() {
        if (!heap.isOfMalloc()) {
            heap.tree().leave(this);
        }
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
        return described instanceof HeapScope scope ? scope.kind() : String.valueOf(described);
    }
}
