package dev.banos.mem;

import dev.banos.mem.hardened.BlockTable;
import dev.banos.mem.hardened.DamageMarks;
import dev.banos.mem.hardened.FaultRecord;
import dev.banos.mem.hardened.HardenedBlock;
import dev.banos.mem.hardened.Retirement;
import dev.banos.mem.hardened.ShuffledSlots;
import dev.banos.mem.mappings.GuardedMapping;
import dev.banos.mem.slots.Domain;
import dev.banos.mem.slots.Run;
import dev.banos.mem.slots.RunTable;
import dev.banos.mem.slots.SizeClasses;
import dev.banos.mem.slots.SlotPool;
import dev.banos.mem.system.MappingCount;
import dev.banos.mem.system.Unmapping;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Where a new block of a hardened heap comes to lie: in a slot, or in a mapping of its own, between guards where they are
 * wanted. What it returns is marked, and in the table.
 *
 * <pre>
 *   64 KiB and up, a sample, size 0 under guard   ->  a mapping        all others, and samples for which there is none  ->  a slot
 * </pre>
 */
final class HardenedPlaces {
    /** Each takes two of the mappings that the kernel allows a process, 65,530 by default. */
    private static final int MOST_SAMPLES = 4096;
    /** The block, and the guard behind it: the one in front is the block's before it. */
    private static final int MADE_BY_GUARDS = 2;

    private final HardenedBlocks heapBlocks;
    private final SlotPool pool;
    private final Domain domain;
    private final Hardening hardening;
    private final BlockTable blocks;
    private final DamageMarks marks;
    private final Retirement retirement;
    /** Null where slots are given out in the pool's order. */
    private final @Nullable ShuffledSlots shuffled;

    /** @param random null where slots are given out in the pool's order */
    HardenedPlaces(HardenedBlocks heapBlocks, SlotPool pool, Hardening hardening, BlockTable blocks, DamageMarks marks,
            Retirement retirement, @Nullable SplittableRandom random) {
        this.heapBlocks = heapBlocks;
        this.pool = pool;
        this.domain = pool.domain;
        this.hardening = hardening;
        this.blocks = blocks;
        this.marks = marks;
        this.retirement = retirement;
        this.shuffled = random == null ? null : new ShuffledSlots(pool, random);
        Unmapping.prepare();
    }

    /**
     * @param heap this one, for its budget
     * @param alignment a power of two
     * @return null when there is no memory
     */
    @Nullable HardenedBlock place(Heap heap, long size, long alignment, @Nullable Throwable birth) {
        if (Long.compareUnsigned(size, GuardedMapping.LARGEST) > 0) {
            return null;
        }
        boolean large = size >= SizeClasses.DIRECT_BYTES || alignment >= SizeClasses.DIRECT_BYTES;
        long slotBytes = large ? 0 : slotBytes(size, alignment);
        large |= slotBytes >= SizeClasses.DIRECT_BYTES;
        HardenedBlock block = large || isSample(size) ? inMapping(heap, size, alignment, !large, birth) : null;
        return block == null && !large ? inSlot(heap, size, slotBytes, birth) : block;
    }

    private long slotBytes(long size, long alignment) {
        return (Math.max(size + marks.slackBytes(), 1) + alignment - 1) & -alignment; // so its slot size is a multiple, too
    }

    private boolean isSample(long size) {
        int interval = hardening.sampleInterval();
        boolean wanted = size == 0 && hardening.guard()
                || interval > 0 && ThreadLocalRandom.current().nextInt(interval) == 0;
        return wanted && blocks.samples() < MOST_SAMPLES;
    }

    private @Nullable HardenedBlock inSlot(Heap heap, long size, long slotBytes, @Nullable Throwable birth) {
        HardenedBlock block = inSlot(size, slotBytes, birth);
        return block == null && domain.budget.isLimited() ? reclaimedSlot(heap, size, slotBytes, birth) : block;
    }

    private @Nullable HardenedBlock reclaimedSlot(Heap heap, long size, long slotBytes, @Nullable Throwable birth) {
        Reclaiming reclaiming = new Reclaiming(heap, SizeClasses.runBytes(slotBytes));
        HardenedBlock block = null;
        while (block == null && reclaiming.makesRoom()) {
            block = inSlot(size, slotBytes, birth);
        }
        return block;
    }

    private @Nullable HardenedBlock inSlot(long size, long slotBytes, @Nullable Throwable birth) {
        heapBlocks.enter();
        try {
            blocks.ensureRoom();
            long address = takeSlot(slotBytes);
            if (pool.takeReachedMark() && address == 0) {
                address = takeSlot(slotBytes); // from the word that the mark stopped
            }
            return address == 0 ? null : addInSlot(size, RunTable.holding(address), address, birth);
        } finally {
            pool.lock.unlock();
        }
    }

    private HardenedBlock addInSlot(long size, Run run, long address, @Nullable Throwable birth) {
        HardenedBlock block = null;
        try {
            block = add(HardenedBlock.inSlot(size, birth, run, address));
            return block;
        } finally {
            if (block == null) { // Java's heap has no room for it
                run.free(address);
            }
        }
    }

    private long takeSlot(long slotBytes) {
        return shuffled == null ? pool.allocate(slotBytes) : shuffled.take(slotBytes);
    }

    private @Nullable HardenedBlock inMapping(Heap heap, long size, long alignment, boolean sampled, @Nullable Throwable birth) {
        boolean guarded = (hardening.guard() || sampled) && MappingCount.mayHaveMore(MADE_BY_GUARDS);
        if (sampled && !guarded) {
            return null;
        }
        long bytes = GuardedMapping.bytes(guarded ? size : size + marks.slackBytes());
        if (!LargeBlocks.charge(heap, bytes)) {
            return null;
        }
        HardenedBlock block = null;
        GuardedMapping mapping = null;
        try {
            mapping = map(guarded, size, bytes, alignment);
            if (mapping == null && !sampled && retirement.clear()) { // what waits there has addresses, and counts as mappings
                mapping = map(guarded, size, bytes, alignment);
            }
            block = mapping == null ? null : enter(HardenedBlock.inMapping(size, birth, mapping, sampled));
            return block;
        } finally {
            if (block == null) {
                undo(mapping, bytes);
            }
        }
    }

    private void undo(@Nullable GuardedMapping mapping, long bytes) {
        try {
            if (mapping != null) {
                mapping.unmap();
            }
        } finally {
            domain.budget.release(bytes);
        }
    }

    private static @Nullable GuardedMapping map(boolean guarded, long size, long bytes, long alignment) {
        return guarded ? GuardedMapping.map(size, alignment) : GuardedMapping.mapUnguarded(bytes, alignment);
    }

    private HardenedBlock enter(HardenedBlock block) {
        FaultRecord.write(block, domain); // now: once it is entered, a close may unmap it
        boolean entered = false;
        try {
            addMapping(block);
            entered = true;
            return block;
        } finally {
            if (!entered) {
                FaultRecord.erase(block);
            }
        }
    }

    /** @throws IllegalStateException where the heap is closed */
    private void addMapping(HardenedBlock block) {
        heapBlocks.enter();
        try {
            blocks.ensureRoom();
            domain.mappings.register(block.address, block.end - block.start);
            add(block);
        } finally {
            pool.lock.unlock();
        }
    }

    private HardenedBlock add(HardenedBlock block) {
        marks.setAtBirth(block);
        blocks.put(block);
        return block;
    }

    /** Gives slots that were taken ahead back to the pool. */
    void drain() {
        pool.lock.lock();
        try {
            if (shuffled != null && !domain.isClosed()) {
                shuffled.drain();
            }
        } finally {
            pool.lock.unlock();
        }
    }
}
