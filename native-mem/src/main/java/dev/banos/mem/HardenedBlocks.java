package dev.banos.mem;

import dev.banos.mem.insight.LeakTracking;
import dev.banos.mem.insight.MemoryEvents;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The blocks of a hardened heap. Every call comes here, because nobody owns the pool: so ordinary heaps pay nothing. A table
 * beside the blocks, not the bitmaps, says what is live; its lock is the pool's, and is not held over calls of the kernel
 * that a block of its own needs.
 *
 * <pre>
 *   malloc -> a slot, or a mapping between guards -> slack filled with the canary  -> table
 *   free   -> table -> slack looked at -> filled -> quarantine -> looked at again  -> pool or kernel
 * </pre>
 *
 * <p>A block stays in the table while it is in quarantine, and for good when it is damaged.
 */
final class HardenedBlocks {
    /** Each takes three of the mappings that the kernel allows a process, 65,530 by default. */
    private static final int MOST_SAMPLES = 4096;
    private static final Set<HardenedBlocks> OPEN = ConcurrentHashMap.newKeySet();

    private final SlotPool pool;
    private final Domain domain;
    private final Hardening hardening;
    private final BlockTable blocks = new BlockTable();
    /** Null where there is none, as the four below. */
    private final Canary canary;
    private final FreedFill fill;
    private final Quarantine quarantine;
    private final ShuffledSlots shuffled;
    private final Thread confinedTo;
    private final Sampler sampler;
    private int samples;
    /** Found in the quarantine at a limit, and for the next free, verify or close to report; null where there is none. */
    private Damage unreported;

    /** @param confinedTo the only thread that may allocate; null for all */
    static SlotPool pool(Domain domain, Hardening hardening, Thread confinedTo) {
        SlotPool pool = new SlotPool(domain, Access.HARDENED);
        domain.hardened = new HardenedBlocks(pool, hardening, confinedTo);
        return pool;
    }

    private HardenedBlocks(SlotPool pool, Hardening hardening, Thread confinedTo) {
        SplittableRandom random = new SplittableRandom(new SecureRandom().nextLong());
        this.pool = pool;
        this.domain = pool.domain;
        this.hardening = hardening;
        this.confinedTo = confinedTo;
        this.canary = hardening.canary() ? new Canary() : null;
        this.fill = hardening.zero() || hardening.quarantineBytes() > 0 ? new FreedFill(hardening.zero()) : null;
        this.quarantine = hardening.quarantineBytes() == 0 ? null
                : new Quarantine(hardening.quarantineBytes(), hardening.random() ? random : null);
        this.shuffled = hardening.random() ? new ShuffledSlots(pool, random) : null;
        this.sampler = new Sampler(domain == Domain.MALLOC);
        OPEN.add(this);
    }

    /**
     * @param heap this one, for its budget
     * @param alignment a power of two
     * @return an address, or 0 when there is no memory
     */
    long malloc(Heap heap, long size, long alignment) {
        if (Long.compareUnsigned(size, GuardedMapping.LARGEST) > 0) {
            return 0;
        }
        boolean large = size >= SizeClasses.DIRECT_BYTES || alignment >= SizeClasses.DIRECT_BYTES;
        long slotBytes = large ? 0 : slotBytes(size, alignment);
        large |= slotBytes >= SizeClasses.DIRECT_BYTES;
        Throwable birth = hardening.stacks() ? new Throwable() : null;
        HardenedBlock block = large || isSample(size) ? inMapping(heap, size, alignment, !large, birth) : null;
        if (block == null && !large) {
            block = inSlot(heap, size, slotBytes, birth);
        }
        return block == null ? 0 : born(block);
    }

    private long slotBytes(long size, long alignment) {
        return (Math.max(size + slackBytes(), 1) + alignment - 1) & -alignment; // so its slot size is a multiple, too
    }

    private long slackBytes() {
        return canary == null ? 0 : Canary.LEAST_BYTES;
    }

    private boolean isSample(long size) {
        int interval = hardening.sampleInterval();
        boolean wanted = size == 0 && hardening.guard()
                || interval > 0 && ThreadLocalRandom.current().nextInt(interval) == 0;
        return wanted && samples < MOST_SAMPLES;
    }

    private HardenedBlock inSlot(Heap heap, long size, long slotBytes, Throwable birth) {
        HardenedBlock block = inSlot(size, slotBytes, birth);
        if (block == null && domain.budget.isLimited()) {
            heap.reclaim();
            HeapTree.reclaim(heap);
            block = inSlot(size, slotBytes, birth);
        }
        return block;
    }

    private HardenedBlock inSlot(long size, long slotBytes, Throwable birth) {
        enter();
        try {
            blocks.ensureRoom();
            long address = takeSlot(slotBytes);
            if (pool.takeReachedMark() && address == 0) {
                address = takeSlot(slotBytes); // from the word that the mark stopped
            }
            if (address == 0) {
                return null;
            }
            return add(HardenedBlock.inSlot(size, birth, RunTable.at(address), address));
        } finally {
            pool.lock.unlock();
        }
    }

    private long takeSlot(long slotBytes) {
        return shuffled == null ? pool.allocate(slotBytes) : shuffled.take(slotBytes);
    }

    private HardenedBlock inMapping(Heap heap, long size, long alignment, boolean sampled, Throwable birth) {
        boolean guarded = hardening.guard() || sampled;
        long bytes = GuardedMapping.bytes(guarded ? size : size + slackBytes());
        if (!LargeBlocks.charge(heap, bytes)) {
            return null;
        }
        HardenedBlock block = null;
        try {
            GuardedMapping mapping = map(guarded, size, bytes, alignment);
            if (mapping == null && quarantine != null && !sampled) { // what waits there has addresses, and counts as mappings
                note(shrinkQuarantine(0));
                mapping = map(guarded, size, bytes, alignment);
            }
            block = mapping == null ? null : enter(mapping, HardenedBlock.inMapping(size, birth, mapping, sampled));
            return block;
        } finally {
            if (block == null) {
                domain.budget.release(bytes);
            }
        }
    }

    private static GuardedMapping map(boolean guarded, long size, long bytes, long alignment) {
        return guarded ? GuardedMapping.map(size, alignment) : GuardedMapping.mapUnguarded(bytes, alignment);
    }

    private HardenedBlock enter(GuardedMapping mapping, HardenedBlock block) {
        FaultRecord.write(block, domain); // now: once it is entered, a close may unmap it
        try {
            enter();
        } catch (IllegalStateException closed) {
            FaultRecord.erase(block);
            mapping.unmap();
            throw closed;
        }
        try {
            blocks.ensureRoom();
            DirectMappings.register(block.address, block.end - block.start, domain);
            samples += block.sampled ? 1 : 0;
            return add(block);
        } finally {
            pool.lock.unlock();
        }
    }

    private HardenedBlock add(HardenedBlock block) {
        if (hardening.zero() && !block.isMapping()) {
            fill.fill(block.start, block.end); // its memory may have been another heap's
        }
        if (canary != null) {
            canary.fill(block.start, block.address);
            canary.fill(block.address + block.size, block.end);
        }
        blocks.put(block);
        return block;
    }

    /** Outside the lock, because records and events are Java's: they may allocate, and park a virtual thread. */
    private long born(HardenedBlock block) {
        if (block.isMapping()) {
            MemoryEvents.mapping("map", block.address, block.size);
        }
        if (sampler.isWanted()) {
            sample(block);
        }
        return block.address;
    }

    private void sample(HardenedBlock block) {
        long weight;
        pool.lock.lock();
        try {
            boolean wanted = sampler.takesAll() || sampler.takesOne(block.size);
            weight = wanted ? sampler.takeWeight(block.size) : 0;
            boolean ignored = sampler.takesOne(0); // which expects the sample to come again
        } finally {
            pool.lock.unlock();
        }
        if (weight > 0) {
            MemoryEvents.allocated(block.address, block.size, weight);
            if (!LeakTracking.isOff()) {
                LeakTracking.born(block.address, block.size, weight);
            }
        }
    }

    /**
     * @throws InvalidBlockException if no live block begins there
     * @throws CorruptBlockException if it, the one before it, or one that leaves the quarantine now is damaged
     */
    void free(long address) {
        Throwable death = hardening.stacks() ? new Throwable() : null;
        HardenedBlock block;
        Damage damage;
        Damage beside;
        pool.lock.lock();
        try {
            block = liveBlock(address);
            damage = block == null ? null : damageOf(block);
            beside = block == null || damage != null ? null : damageBefore(block);
            if (block != null && damage == null) {
                end(block, death);
            }
        } finally {
            pool.lock.unlock();
        }
        if (block == null) {
            throw Diagnosis.invalid("free", address, domain);
        }
        if (damage != null) {
            throw CorruptBlockException.of("free", address, false, damage, domain);
        }
        retire(block);
        Damage left = leaveQuarantine();
        if (beside != null || left != null) {
            throw CorruptBlockException.of("free", address, true, beside != null ? beside : left, domain);
        }
    }

    /** As {@link #free}, for a block that was looked at before and whose content has moved; finds nothing more. */
    void freeMoved(long address) {
        Throwable death = hardening.stacks() ? new Throwable() : null;
        HardenedBlock block;
        pool.lock.lock();
        try {
            block = liveBlock(address);
            if (block != null) {
                end(block, death);
            }
        } finally {
            pool.lock.unlock();
        }
        if (block == null) {
            throw Diagnosis.invalid("realloc", address, domain);
        }
        retire(block);
    }

    /** Under the lock. */
    private HardenedBlock liveBlock(long address) {
        HardenedBlock block = blocks.get(address);
        return block != null && block.isLive() ? block : null;
    }

    /** Under the lock: from here on the block is live no more, and this thread alone has it. */
    private void end(HardenedBlock block, Throwable death) {
        block.state = HardenedBlock.State.FREED;
        block.death = death;
        if (block.isMapping()) {
            domain.budget.release(DirectMappings.remove(block.address, domain));
        } else if (fill != null) {
            fill.fill(block.start, block.end);
        }
    }

    /** Outside the lock, for what the kernel and the records have to do before anyone else can have the address. */
    private void retire(HardenedBlock block) {
        if (domain == Domain.MALLOC && LeakTracking.count() > 0) {
            LeakTracking.died(block.address);
        }
        boolean kept = quarantine != null;
        if (block.isMapping()) {
            MemoryEvents.mapping("unmap", block.address, block.size);
            FaultRecord.write(block, domain);
            kept = kept && !Kernel.failed(Kernel.denyAccess(block.mapping, block.mappingBytes));
            if (kept) {
                Kernel.discard(block.mapping, block.mappingBytes);
            }
        }
        if (!keepOrGiveBack(block, kept) && block.isMapping()) {
            unmap(block);
        }
    }

    /** @return whether the block is in quarantine */
    private boolean keepOrGiveBack(HardenedBlock block, boolean keep) {
        pool.lock.lock();
        try {
            if (domain.closed) {
                return false; // the close has cleared all, except a mapping that it could not know of
            }
            if (keep) {
                quarantine.add(block);
            } else {
                giveBack(block);
            }
            return keep;
        } finally {
            pool.lock.unlock();
        }
    }

    /** Lets go what is more than the bound. @return the first damage that was found, also at a limit before; or null */
    private Damage leaveQuarantine() {
        if (quarantine == null) {
            return null;
        }
        Damage found = shrinkQuarantine(quarantine.bound());
        Damage before = takeUnreported();
        return before != null ? before : found;
    }

    /** At a limit of the heap: gives back what waits in quarantine, and then all slots that nobody has. */
    void reclaim() {
        if (quarantine != null) {
            note(shrinkQuarantine(0));
        }
        trim();
    }

    /** For the next to look: a malloc reports no damage, and perhaps it is another heap's. */
    private void note(Damage found) {
        pool.lock.lock();
        try {
            unreported = unreported == null ? found : unreported;
        } finally {
            pool.lock.unlock();
        }
    }

    private Damage takeUnreported() {
        pool.lock.lock();
        try {
            Damage taken = unreported;
            unreported = null;
            return taken;
        } finally {
            pool.lock.unlock();
        }
    }

    /** @return the first that is damaged, or null */
    private Damage shrinkQuarantine(long most) {
        Damage first = null;
        while (true) {
            HardenedBlock leaving;
            pool.lock.lock();
            try {
                leaving = quarantine.pollAbove(most);
                Damage damage = leaving == null ? null : damageOf(leaving);
                first = first == null ? damage : first;
                if (leaving != null && leaving.state == HardenedBlock.State.FREED) {
                    giveBack(leaving);
                }
            } finally {
                pool.lock.unlock();
            }
            if (leaving == null) {
                return first;
            }
            if (leaving.isMapping()) {
                unmap(leaving);
            }
        }
    }

    /** Under the lock. */
    private void giveBack(HardenedBlock block) {
        blocks.remove(block);
        if (block.isMapping()) {
            samples -= block.sampled ? 1 : 0;
        } else {
            block.run.free(block.address);
        }
    }

    private static void unmap(HardenedBlock block) {
        FaultRecord.erase(block);
        DirectMappings.unmap(block.mapping, block.mappingBytes);
    }

    /** Under the lock: looks at a block, and puts it out of use if it is damaged. @return null if it is not, or was known to be */
    private Damage damageOf(HardenedBlock block) {
        Damage damage = switch (block.state) {
            case LIVE -> canary == null ? null : slackDamage(block);
            case FREED -> fill == null || block.isMapping() ? null : freedDamage(block); // on its way to the pool, without a fill
            case DAMAGED -> null;
        };
        if (damage != null) {
            block.state = HardenedBlock.State.DAMAGED;
        }
        return damage;
    }

    private Damage slackDamage(HardenedBlock block) {
        long wrong = canary.firstWrong(block.start, block.address);
        if (wrong == Canary.NONE) {
            wrong = canary.firstWrong(block.address + block.size, block.end);
        }
        return wrong == Canary.NONE ? null : Damage.at(block, wrong, canary.expected(wrong));
    }

    private Damage freedDamage(HardenedBlock block) {
        long wrong = fill.firstWrong(block.start, block.end);
        return wrong == FreedFill.NONE ? null : Damage.at(block, wrong, fill.expected());
    }

    /** What is written in front of a block hits the slot before it. */
    private Damage damageBefore(HardenedBlock block) {
        HardenedBlock before = block.isMapping() ? null : blocks.get(block.address - block.run.slotBytes);
        return before == null || before.run != block.run ? null : damageOf(before);
    }

    /** @return the size that was asked for: the rest of the slot is not the caller's */
    long usableSize(String operation, long address) {
        HardenedBlock block;
        Damage damage;
        pool.lock.lock();
        try {
            block = liveBlock(address);
            damage = block == null ? null : damageOf(block);
        } finally {
            pool.lock.unlock();
        }
        if (block == null) {
            throw Diagnosis.invalid(operation, address, domain);
        }
        if (damage != null) {
            throw CorruptBlockException.of(operation, address, false, damage, domain);
        }
        return block.size;
    }

    /** Whether a block begins there that is live, in quarantine, or damaged. */
    boolean holds(long address) {
        pool.lock.lock();
        try {
            return blocks.get(address) != null;
        } finally {
            pool.lock.unlock();
        }
    }

    /** Looks at every block, live or in quarantine, one at a time so that nobody waits for long. */
    void verify(String operation) {
        Damage before = takeUnreported();
        if (before != null) {
            throw CorruptBlockException.of(operation, 0, false, before, domain);
        }
        for (HardenedBlock block : all()) {
            Damage damage;
            pool.lock.lock();
            try {
                damage = blocks.get(block.address) == block ? damageOf(block) : null;
            } finally {
                pool.lock.unlock();
            }
            if (damage != null) {
                throw CorruptBlockException.of(operation, 0, false, damage, domain);
            }
        }
    }

    void walk(BlockVisitor visitor) {
        verify("walk");
        all().stream().filter(HardenedBlock::isLive).forEach(block -> visitor.block(block.address, block.size));
    }

    void trim() {
        pool.lock.lock();
        try {
            if (shuffled != null && !domain.closed) {
                shuffled.drain();
            }
        } finally {
            pool.lock.unlock();
        }
    }

    /** Under the lock, by a heap that is closed now. @return the first damage, or null */
    Damage close() {
        Damage first = unreported;
        for (HardenedBlock block : blocks.all().toList()) {
            Damage damage = damageOf(block);
            first = first == null ? damage : first;
            if (block.isMapping() && block.state != HardenedBlock.State.FREED) {
                domain.budget.release(DirectMappings.remove(block.address, domain));
                unmap(block);
            }
        }
        if (quarantine != null) {
            quarantine.all().filter(HardenedBlock::isMapping).forEach(HardenedBlocks::unmap);
            quarantine.clear();
        }
        blocks.clear();
        return first;
    }

    /** After {@link #close}, outside the lock. */
    void forget() {
        OPEN.remove(this);
    }

    static int openHeaps() {
        return OPEN.size();
    }

    private List<HardenedBlock> all() {
        List<HardenedBlock> all = new ArrayList<>();
        enter();
        try {
            blocks.all().forEach(all::add);
        } finally {
            pool.lock.unlock();
        }
        return all;
    }

    boolean serves(Thread thread) {
        return confinedTo == null || thread == confinedTo;
    }

    /** Takes the lock, for a thread that may allocate. */
    private void enter() {
        if (!serves(Thread.currentThread())) {
            throw Heap.wrongThread(domain);
        }
        pool.lock.lock();
        if (domain.closed) {
            pool.lock.unlock();
            throw new IllegalStateException(domain + " is closed");
        }
    }

    /** The block of any hardened heap that has this address in it, in its slack or its guards, in words; or null. */
    static String explain(long address) {
        for (HardenedBlocks heap : OPEN) {
            String found = heap.explainOwn(address);
            if (found != null) {
                return found + ", of " + heap.domain;
            }
        }
        return null;
    }

    private String explainOwn(long address) {
        HardenedBlock found;
        pool.lock.lock();
        try {
            found = blocks.all().filter(block -> block.covers(address)).findFirst().orElse(null);
        } finally {
            pool.lock.unlock();
        }
        return found == null ? null : place(found, address) + found.describe(found.state);
    }

    private static String place(HardenedBlock block, long address) {
        long offset = address - block.address;
        if (offset < 0) {
            return -offset + " bytes in front of ";
        }
        return offset == 0 ? "it is " : offset < block.size ? offset + " bytes inside " : offset - block.size + " bytes past the end of ";
    }
}
