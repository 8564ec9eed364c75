package dev.banos.mem.hardened;

import dev.banos.mem.event.MemoryEvents;
import dev.banos.mem.mappings.DirectMappings;
import dev.banos.mem.slots.Domain;
import dev.banos.mem.slots.SlotPool;
import dev.banos.mem.system.Kernel;
import dev.banos.mem.system.MappingCount;
import dev.banos.mem.system.Unmapping;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The way of a freed block of a hardened heap: through the quarantine, if there is one, to the pool or the kernel. What leaves the
 * quarantine is looked at once more. Takes the lock of the heap where it needs it, and not over calls of the kernel.
 */
public final class Retirement {
    /** A program that writes over a whole heap is told enough by these. */
    private static final int MOST_UNREPORTED = 1000;

    /** The one that can no longer be accessed, and what is left beyond it. Between guards it becomes one with them. */
    private static final int MADE_BY_DENIAL = 2;

    private final SlotPool pool;
    private final Domain domain;
    private final BlockTable blocks;
    private final DamageMarks marks;
    /** Null where there is none. */
    private final @Nullable Quarantine quarantine;
    /** For the next free, verify or close to report, in the order in which it was found. */
    private final ArrayList<Damage> unreported = new ArrayList<>(1);

    /** @param quarantine null where there is none */
    public Retirement(SlotPool pool, BlockTable blocks, DamageMarks marks, @Nullable Quarantine quarantine) {
        this.pool = pool;
        this.domain = pool.domain;
        this.blocks = blocks;
        this.marks = marks;
        this.quarantine = quarantine;
    }

    /** Under the lock: from here on the block is live no more, and this thread alone has it. */
    public void end(HardenedBlock block, @Nullable Throwable death) {
        long bytes = block.isMapping() ? domain.mappings.remove(block.address) : 0; // first: where this throws, nothing has changed
        blocks.end(block);
        block.death = death;
        if (block.isMapping()) {
            domain.budget.release(bytes);
        } else {
            marks.setAtFree(block);
        }
    }

    /**
     * Outside the lock, for what the kernel and the records have to do before anyone else can have the address. Where this throws, the block
     * has been given back without a quarantine.
     */
    public void retire(HardenedBlock block) {
        boolean isToBeKept = false;
        try {
            isToBeKept = prepare(block) && quarantine != null;
        } finally {
            if (!keepOrGiveBack(block, isToBeKept) && block.isMapping()) {
                unmap(block);
            }
        }
    }

    /** @return whether it can wait: the bound counts no memory of a mapping */
    private boolean prepare(HardenedBlock block) {
        domain.leaks.forget(block.address);
        if (!block.isMapping()) {
            return true;
        }
        MemoryEvents.mapping("unmap", block.address, block.size);
        FaultRecord.write(block, domain);
        return quarantine != null && (block.isGuarded() || MappingCount.mayHaveMore(MADE_BY_DENIAL))
                && !Kernel.failed(Kernel.denyAccess(block.mapping, block.mappingBytes))
                && !Kernel.failed(Kernel.discard(block.mapping, block.mappingBytes));
    }

    /** @return whether the block is in quarantine */
    private boolean keepOrGiveBack(HardenedBlock block, boolean keep) {
        pool.lock.lock();
        try {
            if (domain.isClosed()) {
                return false; // the close has cleared all, except a mapping that it could not know of
            }
            boolean kept = keep && quarantine != null && quarantine.add(block);
            if (!kept) {
                giveBack(block);
            }
            return kept;
        } finally {
            pool.lock.unlock();
        }
    }

    /** Lets go what is more than the bound. @return whether damage waits to be reported, also of a limit before */
    public boolean release() {
        return quarantine != null && shrink(quarantine, quarantine.bound());
    }

    /** Lets go all that waits; damage is reported later. @return whether there is a quarantine at all */
    public boolean clear() {
        if (quarantine == null) {
            return false;
        }
        boolean ignored = shrink(quarantine, 0); // for the next to look: a malloc reports no damage, and perhaps it is another heap's
        return true;
    }

    /** For the next to look. */
    public void note(Damage found) {
        pool.lock.lock();
        try {
            makeRoomToNote();
            addUnreported(found);
        } finally {
            pool.lock.unlock();
        }
    }

    /** Under the lock. */
    private void makeRoomToNote() {
        unreported.ensureCapacity(Math.min(unreported.size() + 1, MOST_UNREPORTED));
    }

    /** Under the lock, where there is room. */
    private void addUnreported(@Nullable Damage found) {
        if (found != null && unreported.size() < MOST_UNREPORTED) {
            unreported.add(found);
        }
    }

    /** All of it stays to be reported until it is taken. */
    public List<Damage> unreported() {
        pool.lock.lock();
        try {
            return List.copyOf(unreported);
        } finally {
            pool.lock.unlock();
        }
    }

    /** @return what was found first, or null */
    public @Nullable Damage takeUnreported() {
        pool.lock.lock();
        try {
            return unreported.isEmpty() ? null : unreported.removeFirst();
        } finally {
            pool.lock.unlock();
        }
    }

    /** @return whether there was any */
    public boolean takeAllUnreported() {
        pool.lock.lock();
        try {
            boolean any = !unreported.isEmpty();
            unreported.clear();
            return any;
        } finally {
            pool.lock.unlock();
        }
    }

    /** @return whether damage is to be reported, of what left now or before */
    private boolean shrink(Quarantine quarantine, long most) {
        while (true) {
            HardenedBlock leaving;
            boolean toReport;
            pool.lock.lock();
            try {
                leaving = quarantine.pollAbove(most);
                if (leaving != null) {
                    leave(leaving);
                }
                toReport = !unreported.isEmpty();
            } finally {
                pool.lock.unlock();
            }
            if (leaving == null) {
                return toReport;
            }
            if (leaving.isMapping()) {
                unmap(leaving);
            }
        }
    }

    /** Under the lock, of a block that is in the quarantine no more: it goes to the pool, unless it is damaged. */
    private void leave(HardenedBlock block) {
        if (marks.isDamaged(block)) {
            noteIfRoom(block);
        } else if (block.state == HardenedBlock.State.FREED) {
            giveBack(block);
        }
    }

    /** Where Java's heap has no room for it, the block is out of use all the same, and the next verify or close comes to it. */
    private void noteIfRoom(HardenedBlock block) {
        try {
            lookAt(block);
        } catch (OutOfMemoryError javaHeapIsFull) {
            // nothing has changed
        }
    }

    /** Under the lock. Where it throws, the block can be looked at again. */
    private void lookAt(HardenedBlock block) {
        makeRoomToNote(); // before the damage is found, which happens once
        addUnreported(marks.damageOf(block));
    }

    /** Under the lock. */
    private void giveBack(HardenedBlock block) {
        blocks.remove(block);
        if (!block.isMapping()) {
            block.run().free(block.address);
        }
    }

    /** Of a block that is in no table: where this throws, its addresses are kept until they can be unmapped. */
    private static void unmap(HardenedBlock block) {
        try {
            FaultRecord.erase(block);
        } finally {
            Unmapping.unmapOrKeep(block.mapping, block.mappingBytes);
        }
    }

    private @Nullable HardenedBlock waiting() {
        return quarantine == null ? null : quarantine.pollAbove(0);
    }

    /**
     * Under the lock, by a heap that is closed now. What it finds is {@link #unreported}. Where it throws, since Java's heap is full or the
     * stack at its end, it goes on when it is called again: a block that there was no room to report is still there, and one that leaves
     * the table does so before it is unmapped, so that no address is looked at or unmapped that may be another's by then.
     */
    public void close() {
        for (int i = 0; i < blocks.capacity(); i++) {
            for (HardenedBlock block = blocks.at(i); block != null; block = blocks.at(i)) { // the next may have moved up
                lookAt(block);
                takeOut(block);
            }
        }
        for (HardenedBlock waiting = waiting(); waiting != null; waiting = waiting()) {
            if (waiting.isMapping()) {
                unmap(waiting);
            }
        }
        blocks.clear();
    }

    private void takeOut(HardenedBlock block) {
        boolean hasMapping = block.isMapping() && block.state != HardenedBlock.State.FREED; // or the quarantine lets it go
        long bytes = hasMapping ? domain.mappings.remove(block.address) : DirectMappings.NONE;
        blocks.remove(block);
        if (bytes != DirectMappings.NONE) {
            domain.budget.release(bytes);
        }
        if (hasMapping) {
            unmap(block);
        }
    }
}
