package dev.banos.mem;

import dev.banos.bindings.Secrets;
import dev.banos.bindings.Setting;
import dev.banos.mem.event.MemoryEvents;
import dev.banos.mem.hardened.BlockTable;
import dev.banos.mem.hardened.Damage;
import dev.banos.mem.hardened.DamageMarks;
import dev.banos.mem.hardened.HardenedBlock;
import dev.banos.mem.hardened.Quarantine;
import dev.banos.mem.hardened.Retirement;
import dev.banos.mem.slots.Access;
import dev.banos.mem.slots.Domain;
import dev.banos.mem.slots.Sampler;
import dev.banos.mem.slots.SlotCounts;
import dev.banos.mem.slots.SlotPool;
import dev.banos.mem.system.Budget;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of a hardened heap. Every call comes here, because nobody owns the pool: so ordinary heaps pay nothing. A table
 * beside the blocks, not the bitmaps, says what is live; its lock is the pool's, and is not held over calls of the kernel
 * that a block of its own needs.
 *
 * <pre>
 *   malloc -> HardenedPlaces: a slot, or a mapping between guards -> DamageMarks: slack filled with the canary -> table
 *   free   -> table -> DamageMarks: slack looked at, then filled -> Retirement: quarantine -> looked at again -> pool or kernel
 * </pre>
 *
 * <p>A block stays in the table while it is in quarantine, and for good when it is damaged.
 */
final class HardenedBlocks {
    /** More than {@link Retirement#retire} makes until it has the lock: else the block, whose life has ended, would be nobody's. */
    private static final int CALLS_TO_RETIRE = 8;

    private final SlotPool pool;
    private final Domain domain;
    /** Null for all threads. */
    private final @Nullable Thread confinedTo;
    private final boolean stacks;
    private final BlockTable blocks = new BlockTable();
    private final DamageMarks marks;
    private final Retirement retirement;
    private final HardenedPlaces places;
    private final Sampler sampler;

    /** As the property says. */
    static HardenedBlocks ofMalloc() {
        if (Domain.MALLOC.mappings.hasCache()) {
            throw Setting.conflict("banos.mem.mappingCacheBytes", "banos.mem.hardening", "a hardened malloc keeps no mappings");
        }
        HardenedBlocks blocks = new HardenedBlocks(Domain.MALLOC, Hardening.ofMalloc(), null);
        blocks.open();
        return blocks;
    }

    /** @param confinedTo the only thread that may allocate; null for all */
    HardenedBlocks(Domain domain, Hardening hardening, @Nullable Thread confinedTo) {
        SplittableRandom random = hardening.random() ? new SplittableRandom(Secrets.next()) : null;
        this.pool = new SlotPool(domain, Access.HARDENED);
        this.domain = domain;
        this.confinedTo = confinedTo;
        this.stacks = hardening.stacks();
        long quarantineBytes = hardening.quarantineBytes();
        this.marks = new DamageMarks(blocks, hardening.zero(), hardening.canary(), quarantineBytes > 0);
        this.retirement = new Retirement(pool, blocks, marks, quarantineBytes == 0 ? null : new Quarantine(quarantineBytes, random));
        this.places = new HardenedPlaces(this, pool, hardening, blocks, marks, retirement, random);
        this.sampler = new Sampler(domain.leaks, true);
    }

    /** From here on it is among the hardened heaps, until {@link #forget}. */
    void open() {
        HeapTree.HARDENED.put(domain.budget, this);
    }

    /** Null for all threads. */
    @Nullable Thread confinedTo() {
        return confinedTo;
    }

    SlotPool pool() {
        return pool;
    }

    /**
     * @param heap this one, for its budget
     * @param alignment a power of two
     * @return an address, or 0 when there is no memory
     */
    long malloc(Heap heap, long size, long alignment) {
        HardenedBlock block = places.place(heap, size, alignment, stack());
        return block == null ? 0 : born(block);
    }

    /** Where the caller is; null where nobody wants to know. */
    private @Nullable Throwable stack() {
        return stacks ? new Throwable() : null;
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
            MemoryEvents.allocated(domain.toString(), block.address, block.size, weight);
            if (!domain.leaks.isOff()) {
                boolean ignored = domain.leaks.born(block.address, block.size, weight); // its free does without a record
            }
        }
    }

    /**
     * @throws InvalidBlockException if no live block begins there
     * @throws CorruptBlockException if it, the one before it, or one that leaves the quarantine now is damaged
     */
    void free(long address) {
        Throwable death = stack();
        HardenedBlock block;
        Damage damage;
        Damage beside;
        lockToRetire(CALLS_TO_RETIRE);
        try {
            block = liveBlock(address);
            damage = block == null ? null : marks.damageOf(block);
            beside = block == null || damage != null ? null : marks.damageBefore(block);
            if (block != null && damage == null) {
                retirement.end(block, death);
            }
        } finally {
            pool.lock.unlock();
        }
        if (block == null) {
            throw Diagnosis.invalid("free", address, domain);
        }
        if (damage != null) {
            throw corrupt("free", address, false, damage);
        }
        retirement.retire(block);
        boolean waits = retirement.release();
        Damage later = beside == null && waits ? retirement.takeUnreported() : beside;
        if (later != null) {
            throw corrupt("free", address, true, later);
        }
    }

    /**
     * Where there is not as much stack as the lock takes later, further down, this throws, and nothing has changed.
     *
     * @param calls of this by itself before it begins
     */
    private void lockToRetire(int calls) {
        if (calls > 0) {
            lockToRetire(calls - 1);
        } else {
            pool.lock.lock();
        }
    }

    /**
     * As {@link #free}, for a block that was looked at before and whose content has moved; finds nothing more. Where this throws, nothing has
     * changed.
     */
    void freeMoved(long address) {
        Throwable death = stack();
        HardenedBlock block;
        lockToRetire(CALLS_TO_RETIRE);
        try {
            block = liveBlock(address);
            if (block != null) {
                retirement.end(block, death);
            }
        } finally {
            pool.lock.unlock();
        }
        if (block == null) {
            throw Diagnosis.invalid("realloc", address, domain);
        }
        try {
            retirement.retire(block);
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            return; // it is freed, which the caller must hear
        }
    }

    /** Under the lock. */
    private @Nullable HardenedBlock liveBlock(long address) {
        HardenedBlock block = blocks.get(address);
        return block != null && block.isLive() ? block : null;
    }

    /** @return the size that was asked for: the rest of the slot is not the caller's */
    long usableSize(String operation, long address) {
        HardenedBlock block;
        Damage damage;
        pool.lock.lock();
        try {
            block = liveBlock(address);
            damage = block == null ? null : marks.damageOf(block);
        } finally {
            pool.lock.unlock();
        }
        if (block == null) {
            throw Diagnosis.invalid(operation, address, domain);
        }
        if (damage != null) {
            throw corrupt(operation, address, false, damage);
        }
        return block.size;
    }

    /** Where there is no room for the exception, the next verify or close reports the damage. */
    private CorruptBlockException corrupt(String operation, long address, boolean freed, Damage damage) {
        CorruptBlockException made = null;
        try {
            made = CorruptBlockException.of(operation, address, freed, damage, domain);
            return made;
        } finally {
            if (made == null) {
                retirement.note(damage);
            }
        }
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
        Damage before = retirement.takeUnreported();
        if (before != null) {
            throw corrupt(operation, 0, false, before);
        }
        for (HardenedBlock block : all()) {
            Damage damage;
            pool.lock.lock();
            try {
                damage = blocks.get(block.address) == block ? marks.damageOf(block) : null;
            } finally {
                pool.lock.unlock();
            }
            if (damage != null) {
                throw corrupt(operation, 0, false, damage);
            }
        }
    }

    void walk(BlockVisitor visitor) {
        verify("walk");
        all().stream().filter(HardenedBlock::isLive).forEach(block -> visitor.block(block.address, block.size));
    }

    /** What slots of this heap are live, where the pool only knows which are in use. */
    SlotCounts living(SlotCounts counts) {
        return blocks.living(counts);
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

    /** At a limit of the heap: gives back what waits in quarantine, and then all slots that nobody has. */
    void reclaim() {
        retirement.clear();
        trim();
    }

    void trim() {
        places.drain();
    }

    /** Under the lock, by a heap that is closed now. Where it throws, it goes on when it is called again. */
    void close() {
        retirement.close();
    }

    /** After {@link #close}: of all damage that is to be reported, until {@link #reportsAtClose}; null where there is none. */
    @Nullable CorruptBlockException corruptAtClose() {
        CorruptBlockException first = null;
        for (Damage damage : retirement.unreported()) {
            CorruptBlockException made = CorruptBlockException.of("close", 0, false, damage, domain);
            if (first == null) {
                first = made;
            } else {
                first.addSuppressed(made);
            }
        }
        return first;
    }

    /** Whether the caller is to throw what it has of {@link #corruptAtClose}: nobody has yet, nor will again. */
    boolean reportsAtClose() {
        return retirement.takeAllUnreported();
    }

    /** After {@link #close}, outside the lock. */
    void forget() {
        HeapTree.HARDENED.remove(domain.budget);
    }

    /** Those of the heap that has this budget; null for one that is not hardened. */
    static @Nullable HardenedBlocks of(Budget heap) {
        return HeapTree.HARDENED.get(heap);
    }

    static int openHeaps() {
        return HeapTree.HARDENED.size();
    }

    boolean serves(Thread thread) {
        return confinedTo == null || thread == confinedTo;
    }

    /** Takes the lock, for a thread that may allocate. */
    void enter() {
        if (!serves(Thread.currentThread())) {
            throw Heap.wrongThread(domain);
        }
        lockToRetire(CALLS_TO_RETIRE); // who allocates a block has the stack to free it
        if (domain.isClosed()) {
            pool.lock.unlock();
            throw new IllegalStateException(domain + " is closed");
        }
    }

    /** The block of any hardened heap that has this address in it, in its slack or its guards, in words; or null. */
    static @Nullable String explain(long address) {
        for (HardenedBlocks heap : HeapTree.HARDENED.values()) {
            String found = heap.explainOwn(address);
            if (found != null) {
                return found + ", of " + heap.domain;
            }
        }
        return null;
    }

    private @Nullable String explainOwn(long address) {
        @Nullable HardenedBlock found;
        pool.lock.lock();
        try {
            found = blocks.covering(address);
        } finally {
            pool.lock.unlock();
        }
        return found == null ? null : found.place(address) + found.describe();
    }
}
