package org.apache.arrow.memory;

import dev.banos.adapter.arrow.BanosAllocation;
import dev.banos.mem.Heap;

/**
 * A root allocator whose memory comes from a heap of the application's own, which may have a limit and a name. It is in Arrow's
 * package because only there can an allocator be told where memory comes from.
 */
public final class HeapRootAllocator extends RootAllocator {
    /**
     * An allocator without a limit of Arrow's own.
     *
     * @param heap one for all threads, to be closed after this allocator
     */
    public HeapRootAllocator(Heap heap) {
        this(heap, AllocationListener.NOOP, Long.MAX_VALUE);
    }

    /**
     * An allocator that Arrow limits and watches, too.
     *
     * @param heap one for all threads, to be closed after this allocator
     * @param listener what Arrow tells of each allocation
     * @param limit how many bytes Arrow itself grants, beside the limit of the heap
     */
    public HeapRootAllocator(Heap heap, AllocationListener listener, long limit) {
        super(configBuilder().allocationManagerFactory(BanosAllocation.of(heap)).listener(listener)
                .maxAllocation(limit).build());
    }
}
