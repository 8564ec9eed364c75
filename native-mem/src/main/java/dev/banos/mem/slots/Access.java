package dev.banos.mem.slots;

/** Who may work on a pool, and what another thread's free has to do. */
public enum Access {
    /** One thread, for ever: the pool of a platform thread's malloc, never closed. Others leave their frees to it. */
    OWN_THREAD,
    /** Whoever got the lock at the first try, for one call or as a {@link Lease}: malloc of virtual threads, never closed. */
    STRIPED,
    /** One thread, until it closes the heap: others leave their frees under the lock, which the close takes. */
    CONFINED,
    /** Any thread, under the lock: one of the {@link HeapPools} of a heap for all threads. */
    SHARED,
    /** As SHARED, and a record is kept of each block: {@link TrackedPool}. */
    TRACKED,
    /** Any thread, under the lock, and only through who hardens the blocks. */
    HARDENED
}
