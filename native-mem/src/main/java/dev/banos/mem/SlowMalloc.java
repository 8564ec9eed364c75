package dev.banos.mem;

import dev.banos.mem.event.MemoryEvents;
import dev.banos.mem.insight.LeakRecords;
import dev.banos.mem.slots.Bin;
import dev.banos.mem.slots.Domain;
import dev.banos.mem.slots.RunTable;
import dev.banos.mem.slots.SizeClasses;
import dev.banos.mem.slots.Spans;
import dev.banos.mem.slots.TrackedPool;
import dev.banos.mem.system.Kernel;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What an allocation does that no open word serves: large blocks, heaps that are shared or hardened, samples, high-water
 * marks, limits, and failure.
 *
 * <pre>
 *   a slot        attempt -> at a limit: reclaim, attempt again -> where it is due: sample -> at a mark: call back
 *   a mapping     LargeBlocks, which does the same for itself
 *   hardened      HardenedBlocks, likewise -> at a mark: call back
 *   none          ENOMEM
 * </pre>
 */
final class SlowMalloc {
    private SlowMalloc() {
    }

    /**
     * Where the bin's open word has no slot left. Its code is long enough that the compiler leaves it out of its callers, which
     * then stay short enough to become part of theirs.
     *
     * @param heap the bin's; null: the calling thread's
     */
    static long malloc(@Nullable Heap heap, Bin bin, long size) {
        // A program that has all its runs comes no further, so the first recording must be noticed here. To prepare for it may park,
        // and what was found out about the bin not be so any more: that is for the whole slow path.
        if (MemoryEvents.isPrepared()) {
            long address = bin.takeFromRun();
            if (address != 0) {
                return address;
            }
        }
        return malloc(heap != null ? heap : Heap.current(), size);
    }

    static long malloc(Heap heap, long size) {
        MemoryEvents.prepare();
        HardenedBlocks hardened = heap.hardened();
        if (hardened != null) {
            heap.requireServing();
            return finished(heap, hardened.malloc(heap, size, SizeClasses.ALIGNMENT), size);
        }
        if (Long.compareUnsigned(size, SizeClasses.DIRECT_BYTES) >= 0) {
            return mapping(heap, size, Kernel.PAGE_BYTES, false);
        }
        long address = HeapAccess.attempt(heap, size);
        if (address == 0 && heap.domain().budget.isLimited()) {
            address = reclaimAndAttempt(heap, size);
        }
        while (address < 0) {
            address = sample(heap, size, -address);
        }
        return finished(heap, address, size);
    }

    /** @param alignment a power of two */
    static long aligned(Heap heap, long alignment, long size) {
        MemoryEvents.prepare();
        HardenedBlocks hardened = heap.hardened();
        if (hardened != null) {
            heap.requireServing();
            return finished(heap, hardened.malloc(heap, size, Math.max(alignment, SizeClasses.ALIGNMENT)), size);
        }
        long rounded = (Math.max(size, 1) + alignment - 1) & -alignment;
        if (size >= 0 && rounded > 0 && rounded < SizeClasses.DIRECT_BYTES) {
            long address = heap.malloc(rounded); // a slot size at least as large as its step of alignment is a multiple of it
            heap.domain().leaks.resized(address, size);
            return address;
        }
        return mapping(heap, size, alignment, false);
    }

    /** Each is a sample that stands for itself. @param zeroed as {@link LargeBlocks#map} has it */
    static long mapping(Heap heap, long size, long alignment, boolean zeroed) {
        heap.requireServing(); // before anything is paid for, by its parents too
        long address = tracked(heap, LargeBlocks.map(heap, size, alignment, zeroed), size, false);
        if (address != 0) {
            MemoryEvents.allocated(heap.domain().toString(), address, size, size);
        }
        return orOutOfMemory(heap, address, size);
    }

    private static long finished(Heap heap, long address, long size) {
        Spans.report();
        return orOutOfMemory(heap, heap.domain().budget.isWatched() ? calledBack(heap, address) : address, size);
    }

    /** At a limit, memory that is free in this heap, or in another below that limit, is given back before a request fails. */
    private static long reclaimAndAttempt(Heap heap, long size) {
        Reclaiming reclaiming = new Reclaiming(heap, SizeClasses.runBytes(size));
        long address = 0;
        while (address == 0 && reclaiming.makesRoom()) {
            address = HeapAccess.attempt(heap, size);
        }
        return address;
    }

    /**
     * Outside the locks, because records and events are Java's: they may allocate, and park a virtual thread.
     *
     * @return as {@link HeapAccess#attempt}: where the level rises meanwhile, the allocation is a sample once more
     */
    private static long sample(Heap heap, long size, long weight) {
        LeakRecords leaks = heap.domain().leaks;
        long address = leaks.isOff() ? HeapAccess.attempt(heap, size) : allocateTracked(heap, size);
        if (address == 0 && heap.domain().budget.isLimited()) {
            address = reclaimAndSample(heap, size);
        }
        return address > 0 ? remembered(heap, address, size, weight) : address;
    }

    /** A sample may live in the heap's own runs, unremembered. If the level rises just now, it is out of memory. */
    private static long reclaimAndSample(Heap heap, long size) {
        Reclaiming reclaiming = new Reclaiming(heap, SizeClasses.runBytes(size));
        long address = 0;
        while (address == 0 && reclaiming.makesRoom()) {
            address = heap.domain().leaks.isFull() ? allocateTracked(heap, size) : Math.max(0, HeapAccess.attemptCounted(heap, size));
        }
        return address;
    }

    private static long allocateTracked(Heap heap, long size) {
        return HeapAccess.guarded(heap, new TrackedAllocation(heap.domain(), size));
    }

    /** Not a lambda, as nothing on malloc's paths is: see {@link FirstUse}. */
    private record TrackedAllocation(Domain domain, long size) implements LongSupplier {
        @Override
        public long getAsLong() {
            return TrackedPool.of(domain).allocate(size);
        }
    }

    /** @return {@code address}; 0: Java's heap has no room for the record, without which nobody could free the block */
    private static long remembered(Heap heap, long address, long size, long weight) {
        TrackedPool pool = TrackedPool.holding(address);
        if (pool != null && !heap.domain().leaks.born(address, size, weight)) {
            pool.takeBack(address);
            return 0;
        }
        MemoryEvents.allocated(heap.domain().toString(), address, size, weight);
        return address;
    }

    /**
     * For the copy of a block that is remembered: so is this, though nothing new is. Where a limit or Java's heap has no room for that, it is
     * a block as all others.
     *
     * @param weight for how many bytes it stands
     * @return as {@link #malloc}
     */
    static long rememberedCopy(Heap heap, long size, long weight) {
        boolean isForSlot = heap.hardened() == null && Long.compareUnsigned(size, SizeClasses.DIRECT_BYTES) < 0;
        long tracked = isForSlot ? allocateRemembered(heap, size, weight) : 0;
        if (tracked != 0) {
            return finished(heap, tracked, size);
        }
        long address = heap.malloc(size);
        if (address != 0 && !isForSlot) {
            boolean ignored = heap.domain().leaks.born(address, size, weight); // its free does without a record
        }
        return address;
    }

    private static long allocateRemembered(Heap heap, long size, long weight) {
        long address = allocateTracked(heap, size);
        if (address != 0 && !heap.domain().leaks.born(address, size, weight)) {
            TrackedPool.of(heap.domain()).takeBack(address);
            return 0;
        }
        return address;
    }

    /**
     * Remembers a mapping, if any are to be and there is room for the record: its free does without.
     *
     * @param remembered whether it has been so far: then it is from now on, though the level is OFF by now
     * @return {@code address}
     */
    static long tracked(Heap heap, long address, long size, boolean remembered) {
        LeakRecords leaks = heap.domain().leaks;
        if (address > 0 && (remembered || !leaks.isOff()) && RunTable.at(address) == null) {
            boolean ignored = leaks.born(address, size, size);
        }
        return address;
    }

    /** @return {@code address}, after the actions of marks that its run has reached; where one throws, block and run are given back */
    private static long calledBack(Heap heap, long address) {
        if (!heap.domain().budget.isCallDue()) {
            return address;
        }
        try {
            heap.domain().budget.callBack();
        } catch (Throwable thrown) {
            if (!heap.domain().isClosed()) {
                heap.free(address);
                HeapTree.reclaimOwn(heap);
            }
            throw thrown;
        }
        return HeapAccess.guarded(heap, new LargeBlocks.Constant(address)); // an action may have closed the heap, and the block with it
    }

    /** @return {@code address}; where it is 0, errno says why */
    static long orOutOfMemory(Heap heap, long address, long size) {
        return address != 0 ? address : outOfMemory(heap, size);
    }

    private static long outOfMemory(Heap heap, long size) {
        if (heap.domain().budget.isLimited()) {
            MemoryEvents.limitReached(heap, size, heap.domain().budget);
        }
        return Malloc.outOfMemory();
    }

    /** Of what no memory has room for. @return 0, for the caller to return */
    static long tooLarge(Heap heap) {
        heap.requireServing();
        return Malloc.outOfMemory();
    }

    /** What {@link java.lang.foreign.SegmentAllocator} refuses. */
    static IllegalArgumentException badRequest(long byteSize, long byteAlignment) {
        return new IllegalArgumentException("byteSize=" + byteSize + ", byteAlignment=" + byteAlignment
                + (byteSize < 0 ? ": the size is negative" : ": the alignment is no power of two"));
    }
}
