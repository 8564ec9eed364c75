package dev.banos.mem.agent;

import java.util.Locale;
import java.util.concurrent.atomic.LongAdder;

/** A {@link Service} that counts: what was served and what was passed on. */
final class Tally {
    private final Service service;
    private final LongAdder allocations = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder reallocations = new LongAdder();
    private final LongAdder frees = new LongAdder();
    private final LongAdder passedAllocations = new LongAdder();
    private final LongAdder passedReallocations = new LongAdder();
    private final LongAdder passedFrees = new LongAdder();

    Tally(Service service) {
        this.service = service;
    }

    long allocate(long size) {
        return countAllocation(service.allocate(size), size);
    }

    private long countAllocation(long address, long size) {
        if (address == Service.PASSED_ON) {
            passedAllocations.increment();
        } else {
            allocations.increment();
            bytes.add(size);
        }
        return address;
    }

    long reallocate(long address, long size) {
        long moved = service.reallocate(address, size);
        if (address == 0) {
            return countAllocation(moved, size);
        }
        LongAdder counted = moved == Service.PASSED_ON ? passedReallocations : moved == 0 ? frees : reallocations;
        counted.increment();
        return moved;
    }

    boolean free(long address) {
        boolean freed = service.free(address);
        if (freed) {
            frees.increment();
        } else if (address != 0) {
            passedFrees.increment();
        }
        return freed;
    }

    /** A line a figure, its number last. */
    @Override
    public String toString() {
        return String.format(Locale.ROOT, """
                allocations: %d
                bytes allocated: %d
                reallocations: %d
                frees: %d
                allocations passed on: %d
                reallocations passed on: %d
                frees passed on: %d
                """, allocations.sum(), bytes.sum(), reallocations.sum(), frees.sum(), passedAllocations.sum(),
                passedReallocations.sum(), passedFrees.sum()).indent(2);
    }
}
