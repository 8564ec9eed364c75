package dev.banos.mem;

import dev.banos.mem.event.MemoryEvents;
import dev.banos.mem.mappings.DirectMappings;
import dev.banos.mem.slots.Domain;
import dev.banos.mem.system.Budget;
import dev.banos.mem.system.Kernel;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/**
 * The direct mappings of a heap and what they cost its budget. They are paid for first: so the actions of high-water marks
 * run before anything has happened, and where one throws there is nothing to undo but the payment.
 *
 * <pre>
 *   from the cache, if there is one, or by a copy to what it keeps: that was paid for
 *   reserve  ->  reclaim and reserve again, at a limit  ->  call back, at a mark  ->  mmap or mremap  ->  settle
 * </pre>
 */
final class LargeBlocks {
    private LargeBlocks() {
    }

    /**
     * @param alignment a power of two
     * @param zeroed whether the content must be zeros, which it is anyway when the block comes from the system
     * @return the address of a block, or 0 when there is no memory for it
     */
    static long map(Heap heap, long size, long alignment, boolean zeroed) {
        Domain domain = heap.domain();
        long bytes = domain.mappings.bytes(size);
        if (domain.mappings.hasCache() && bytes != DirectMappings.NONE && alignment <= Kernel.PAGE_BYTES) {
            long kept = HeapAccess.guarded(heap, new Reuse(domain.mappings, bytes));
            if (kept != 0) {
                MemoryEvents.mapping("reuse", kept, bytes);
                if (zeroed) {
                    BlockWrites.clear(heap, kept, size);
                }
                return kept;
            }
        }
        return bytes == DirectMappings.NONE || !charge(heap, bytes) ? 0 : mapCharged(heap, bytes, alignment);
    }

    private static long mapCharged(Heap heap, long bytes, long alignment) {
        Domain domain = heap.domain();
        long address = 0;
        try {
            LongSupplier map = new Map(domain.mappings, bytes, alignment);
            address = HeapAccess.guarded(heap, map);
            if (address == 0 && domain.mappings.cachedBytes() > 0) {
                domain.mappings.emptyCache();
                address = HeapAccess.guarded(heap, map);
            }
        } finally {
            if (address == 0) {
                domain.budget.release(bytes);
            }
        }
        if (address != 0) {
            MemoryEvents.mapping("map", address, bytes);
        }
        return address;
    }

    /**
     * @param usable the length of the block at {@code address} when it was looked at
     * @return where the block is now; 0: there is no memory for it, and it is as it was; or {@link DirectMappings#NONE}
     */
    static long resize(Heap heap, long address, long usable, long size) {
        long exact = heap.domain().mappings.bytes(size);
        if (exact == DirectMappings.NONE) {
            return 0;
        }
        Budget budget = heap.domain().budget;
        // Room that nobody asked for must neither use up a limit nor reach a mark.
        long newBytes = budget.isLimited() || budget.isWatched() ? exact : DirectMappings.resized(usable, exact);
        if (newBytes == usable) {
            return HeapAccess.guarded(heap, new Constant(address));
        }
        long moved = resizeTo(heap, address, usable, newBytes);
        return moved == 0 && newBytes > exact ? resizeTo(heap, address, usable, exact) : moved;
    }

    private static long resizeTo(Heap heap, long address, long usable, long newBytes) {
        long moved = newBytes > usable && heap.domain().mappings.hasCache()
                ? heap.domain().leaks.moving(address, new CopyToKept(heap, address, newBytes)) : 0;
        if (moved == 0) {
            moved = resizeCharged(heap, address, newBytes, Math.max(0, newBytes - usable));
        }
        if (moved > 0) {
            MemoryEvents.mapping("move", moved, newBytes);
        }
        return moved;
    }

    /** What Java's heap must have room for is made before the payment. */
    private static long resizeCharged(Heap heap, long address, long newBytes, long growth) {
        long[] unsettled = {growth};
        LongSupplier guarded = new Guarded(heap, new Resize(heap.domain().mappings, address, newBytes, unsettled));
        if (!charge(heap, growth)) {
            return 0;
        }
        try {
            return heap.domain().leaks.moving(address, guarded);
        } finally {
            heap.domain().budget.release(unsettled[0]);
        }
    }

    // What HeapAccess#guarded does. Not lambdas, as nothing on malloc's paths is: see FirstUse.

    private record Reuse(DirectMappings mappings, long bytes) implements LongSupplier {
        @Override
        public long getAsLong() {
            return mappings.reuse(bytes);
        }
    }

    private record Map(DirectMappings mappings, long bytes, long alignment) implements LongSupplier {
        @Override
        public long getAsLong() {
            return mappings.map(bytes, alignment);
        }
    }

    private record Resize(DirectMappings mappings, long address, long newBytes, long[] unsettled) implements LongSupplier {
        @Override
        public long getAsLong() {
            return mappings.resize(address, newBytes, unsettled);
        }
    }

    private record Guarded(Heap heap, LongSupplier work) implements LongSupplier {
        @Override
        public long getAsLong() {
            return HeapAccess.guarded(heap, work);
        }
    }

    private record CopyToKept(Heap heap, long address, long newBytes) implements LongSupplier, ToLongFunction<LongSupplier> {
        @Override
        public long getAsLong() {
            return heap.domain().mappings.copyToKept(address, newBytes, this);
        }

        @Override
        public long applyAsLong(LongSupplier work) {
            return HeapAccess.guarded(heap, work);
        }
    }

    /** For who asks only whether the heap is open. */
    record Constant(long getAsLong) implements LongSupplier {
    }

    /** Takes {@code bytes} of the budget, and calls back where that reaches a mark. */
    static boolean charge(Heap heap, long bytes) {
        Budget budget = heap.domain().budget;
        if (!budget.reserve(bytes) && !(budget.isLimited() && budget.isEverEnough(bytes) && reclaimAndReserve(heap, bytes))) {
            return false;
        }
        if (budget.isWatched()) {
            try {
                long ignored = HeapAccess.guarded(heap, new Constant(0)); // a heap that is closed calls nobody back
                budget.callBack();
            } catch (Throwable thrown) {
                budget.release(bytes);
                throw thrown;
            }
        }
        return true;
    }

    private static boolean reclaimAndReserve(Heap heap, long bytes) {
        Budget budget = heap.domain().budget;
        Reclaiming reclaiming = new Reclaiming(heap, bytes);
        boolean isReserved = false;
        while (!isReserved && reclaiming.makesRoom()) {
            isReserved = budget.reserve(bytes);
        }
        return isReserved;
    }
}
