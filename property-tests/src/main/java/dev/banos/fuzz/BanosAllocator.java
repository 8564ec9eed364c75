package dev.banos.fuzz;

import dev.banos.mem.Heap;
import dev.banos.mem.Malloc;
import dev.banos.thread.Tcb;

/** Banos's own allocator: the heaps that all threads share through {@link Malloc}, or a heap of the target's own. */
abstract class BanosAllocator implements AllocatorUnderTest {
    private static final long DIRECT_MAPPING_FROM = 64 << 10;
    private static final Promises PROMISES = Promises.ofC().withAlignment(16).withCheckedFrees()
            .withUnmappingFrom(DIRECT_MAPPING_FROM).withCheckedAlignments();

    @Override
    public final int errno() {
        return Tcb.current().errno();
    }

    @Override
    public Promises promises() {
        return PROMISES;
    }

    /** The process's malloc. */
    static final class Shared extends BanosAllocator {
        @Override
        public long malloc(long size) {
            return Malloc.malloc(size);
        }

        @Override
        public long calloc(long count, long size) {
            return Malloc.calloc(count, size);
        }

        @Override
        public long realloc(long address, long size) {
            return Malloc.realloc(address, size);
        }

        @Override
        public long alignedAlloc(long alignment, long size) {
            return Malloc.alignedAlloc(alignment, size);
        }

        @Override
        public void free(long address) {
            Malloc.free(address);
        }

        @Override
        public long usableSize(long address) {
            return Malloc.usableSize(address);
        }
    }

    /** One heap, closed with the target. */
    static final class Own extends BanosAllocator {
        private final Heap heap;
        private final boolean confined;

        /** @param confined to the thread that makes this call, which must also be the one that closes the heap */
        Own(boolean confined) {
            this.confined = confined;
            heap = confined ? Heap.create() : Heap.createShared();
        }

        @Override
        public long malloc(long size) {
            return heap.malloc(size);
        }

        @Override
        public long calloc(long count, long size) {
            return heap.calloc(count, size);
        }

        @Override
        public long realloc(long address, long size) {
            return heap.realloc(address, size);
        }

        @Override
        public long alignedAlloc(long alignment, long size) {
            return heap.alignedAlloc(alignment, size);
        }

        @Override
        public void free(long address) {
            heap.free(address);
        }

        @Override
        public long usableSize(long address) {
            return heap.usableSize(address);
        }

        @Override
        public Promises promises() {
            Promises promises = super.promises().withReturnAtClose();
            return confined ? promises.withoutThreads() : promises;
        }

        @Override
        public void close() {
            heap.close();
        }
    }
}
