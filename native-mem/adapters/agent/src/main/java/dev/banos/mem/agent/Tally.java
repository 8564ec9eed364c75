package dev.banos.mem.agent;

import java.util.Locale;
import java.util.concurrent.atomic.AtomicLongArray;

/** A {@link Service} that counts: what was served and what was passed on. */
final class Tally {
    private final Service service;
    private final Counter allocations = new Counter();
    private final Counter bytes = new Counter();
    private final Counter reallocations = new Counter();
    private final Counter frees = new Counter();
    private final Counter passedAllocations = new Counter();
    private final Counter passedReallocations = new Counter();
    private final Counter passedFrees = new Counter();

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
        Counter counted = moved == Service.PASSED_ON ? passedReallocations : moved == 0 ? frees : reallocations;
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

    /**
     * A sum that many threads add to. Not a {@code LongAdder}: that takes from Java's heap when threads meet, and where the heap is
     * full an allocation that has its block would end in an error.
     */
    private static final class Counter {
        private static final int PARTS = 16;
        /** Two lines of the processor's cache. */
        private static final int PART_LONGS = 16;

        private final AtomicLongArray parts = new AtomicLongArray(PARTS * PART_LONGS);

        void increment() {
            add(1);
        }

        void add(long count) {
            int part = (int) (Thread.currentThread().threadId() % PARTS);
            long ignored = parts.getAndAdd(part * PART_LONGS, count);
        }

        long sum() {
            long sum = 0;
            for (int part = 0; part < PARTS; part++) {
                sum += parts.get(part * PART_LONGS);
            }
            return sum;
        }
    }
}
