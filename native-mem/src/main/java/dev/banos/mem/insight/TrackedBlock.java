package dev.banos.mem.insight;

/**
 * A live block whose birth is known.
 *
 * @param size bytes, as asked for
 * @param weight how many bytes of allocations it stands for
 * @param birth holds the stack; turning it into names is left to the report
 */
record TrackedBlock(long address, long size, long weight, long nanoTime, Throwable birth) {
    /** Weights count slots, whose sizes are multiples of this, up to an eighth larger. */
    private static final long ALIGNMENT = 16;

    static TrackedBlock bornNow(long address, long size, long weight) {
        return new TrackedBlock(address, size, weight, System.nanoTime(), new Throwable());
    }

    /** What it stands for changes only where that is itself. */
    TrackedBlock resized(long newSize) {
        return new TrackedBlock(address, newSize, weight == Math.max(size, 1) ? Math.max(newSize, 1) : weight, nanoTime, birth);
    }

    /** How many blocks of its size it stands for. */
    long count() {
        return Math.max(1, weight / (Math.max(size, 1) + ALIGNMENT - 1 & -ALIGNMENT));
    }

    /** The stack from the caller of the allocator on. */
    CallStack stack() {
        return CallStack.outsideTheAllocator(birth.getStackTrace());
    }
}
