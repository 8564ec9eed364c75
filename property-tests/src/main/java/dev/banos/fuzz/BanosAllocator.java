package dev.banos.fuzz;

import dev.banos.mem.Hardening;
import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
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
    static class Own extends BanosAllocator {
        private final Heap heap;
        private final boolean threads;

        /** @param threads false for a heap that only the thread that makes this call may use, and close */
        Own(HeapOptions options, boolean threads) {
            this.threads = threads;
            heap = Heap.create(options);
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
            return threads ? promises : promises.withoutThreads();
        }

        @Override
        public void close() {
            heap.close();
        }
    }

    /**
     * A heap that looks for everything: what it believes to find is a finding, because programs write only what is theirs. A
     * small quarantine, so that blocks leave it, and many samples.
     */
    static final class Hardened extends Own {
        private static final long QUARANTINE_BYTES = 256 << 10;
        private static final int SAMPLE_INTERVAL = 50;

        Hardened() {
            super(HeapOptions.shared().hardened(
                    Hardening.ALL.withQuarantine(QUARANTINE_BYTES).withSample(SAMPLE_INTERVAL)), true);
        }

        /** A free of a large block takes its memory and its access; the addresses wait in quarantine. */
        @Override
        public Promises promises() {
            return super.promises().withUnmappingFrom(Long.MAX_VALUE);
        }
    }
}
