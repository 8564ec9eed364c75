package dev.banos.mem;

import dev.banos.mem.slots.Access;
import dev.banos.mem.slots.SharedPools;
import dev.banos.mem.slots.SlotPool;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * How a thread works in a heap: in its own without a lock; in one for all threads under the lock of one of its pools, which keeps the close
 * out; in malloc of virtual threads in a pool that it leases. Each throws where the heap is closed, or does not serve the calling thread.
 */
final class HeapAccess {
    private HeapAccess() {
    }

    /** @return as {@link SlotPool#attempt} */
    static long attempt(Heap heap, long size) {
        if (heap.isOfVirtualThreads()) {
            heap.requireServing(); // a platform thread has a pool already, or would lease one that it loses when it waits
            return SharedPools.attempt(size);
        }
        if (heap.isOfThisThread()) {
            return heap.pool.attempt(size);
        }
        SlotPool locked = enter(heap);
        long address;
        try {
            address = locked.attempt(size);
        } finally {
            locked.lock.unlock();
        }
        return address != 0 ? address : attemptElsewhere(heap, locked, size);
    }

    private static long attemptElsewhere(Heap heap, SlotPool tried, long size) {
        long address = heap.pools.attemptElsewhere(tried, size);
        if (address == 0) {
            heap.requireServing(); // it may have been closed
        }
        return address;
    }

    /** {@link #attempt} in a heap with a limit, for an allocation that has been counted as a sample before. */
    static long attemptCounted(Heap heap, long size) {
        if (heap.isOfThisThread()) {
            return attemptCounted(heap.pool, size);
        }
        SlotPool locked = enter(heap);
        try {
            return attemptCounted(locked, size);
        } finally {
            locked.lock.unlock();
        }
    }

    private static long attemptCounted(SlotPool pool, long size) {
        pool.sampler.expectAgain();
        return pool.attempt(size);
    }

    /** Does as the owner, or under a lock, what must not meet a close. The heap of virtual threads is never closed. */
    static long guarded(Heap heap, LongSupplier work) {
        if (heap.isOfVirtualThreads() || heap.isOfThisThread()) {
            return work.getAsLong();
        }
        SlotPool locked = enter(heap);
        try {
            return work.getAsLong();
        } finally {
            locked.lock.unlock();
        }
    }

    /** Shows the pool to its owner, or all of them under their locks; those of virtual threads, if that is what the heap is. */
    static void inside(Heap heap, Consumer<SlotPool> look) {
        if (heap.isOfVirtualThreads()) {
            SharedPools.pools().forEach(look);
        } else if (heap.isOfThisThread()) {
            look.accept(heap.pool);
        } else {
            requireNotOfThread(heap);
            heap.pools.lockAll();
            try {
                heap.requireServing();
                heap.pools.forEach(look);
            } finally {
                heap.pools.unlockAll();
            }
        }
    }

    /** Gives back what is free in the pools; of another thread's heap, nothing. */
    static void reclaim(Heap heap) {
        if (heap.staysOpen()) {
            heap.pool.trim();
        } else if (heap.access == Access.SHARED || heap.access == Access.HARDENED) {
            heap.pools.trim();
        }
    }

    private static SlotPool enter(Heap heap) {
        requireNotOfThread(heap);
        SlotPool locked = heap.pools.lock();
        if (heap.domain().isClosed() || !heap.servesOthers(Thread.currentThread())) {
            locked.lock.unlock();
            throw heap.refusal();
        }
        return locked;
    }

    /** The thread that a pool of malloc hangs on takes no lock, so nobody else may. */
    private static void requireNotOfThread(Heap heap) {
        if (heap.access == Access.OWN_THREAD) {
            throw Heap.wrongThread(heap);
        }
    }
}
