package dev.banos.fuzz;

/** An allocator that is held to other promises than its own. */
record Promising(AllocatorUnderTest allocator, Promises promises) implements AllocatorUnderTest {
    @Override
    public long malloc(long size) {
        return allocator.malloc(size);
    }

    @Override
    public long calloc(long count, long size) {
        return allocator.calloc(count, size);
    }

    @Override
    public long realloc(long address, long size) {
        return allocator.realloc(address, size);
    }

    @Override
    public long alignedAlloc(long alignment, long size) {
        return allocator.alignedAlloc(alignment, size);
    }

    @Override
    public void free(long address) {
        allocator.free(address);
    }

    @Override
    public long usableSize(long address) {
        return allocator.usableSize(address);
    }

    @Override
    public int errno() {
        return allocator.errno();
    }

    @Override
    public void close() {
        allocator.close();
    }
}
