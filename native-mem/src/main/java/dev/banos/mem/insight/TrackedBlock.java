package dev.banos.mem.insight;

/**
 * A live block whose birth is known.
 *
 * @param size bytes, as asked for
 * @param weight how many bytes of allocations it stands for
 * @param birth holds the stack; turning it into names is left to the report
 */
record TrackedBlock(long address, long size, long weight, long nanoTime, Throwable birth) {
    static TrackedBlock bornNow(long address, long size, long weight) {
        return new TrackedBlock(address, size, weight, System.nanoTime(), new Throwable());
    }

    /** The stack from the caller of the allocator on. */
    CallStack stack() {
        return CallStack.outsideTheAllocator(birth.getStackTrace());
    }
}
