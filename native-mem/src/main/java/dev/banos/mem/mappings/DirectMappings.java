package dev.banos.mem.mappings;

import dev.banos.mem.event.MemoryEvents;
import dev.banos.mem.event.Room;
import dev.banos.mem.insight.LeakRecords;
import dev.banos.mem.system.Budget;
import dev.banos.mem.system.Kernel;
import dev.banos.mem.system.MappingCount;
import dev.banos.mem.system.MappingTable;
import dev.banos.mem.system.Unmapping;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of a heap that are mappings of their own: malloc is mmap, free is munmap there and then, realloc is mremap; where
 * it has a {@link MappingCache}, malloc and free turn to that first, and so does a realloc to half more and beyond.
 *
 * <p>A block leaves {@link MappingRegistry} before the kernel is called, and enters it after: between the two its address is nobody's,
 * so of two frees at the same time one is wrong, and an address that the kernel gives out again is never in it twice.
 */
public final class DirectMappings {
    /** No result: mappings are never negative in length. */
    public static final long NONE = MappingRegistry.NONE;

    /** Larger than any user address space: what exceeds it would overflow when rounded. */
    private static final long LARGEST = 1L << 47;
    /**
     * So much of a block comes with its pages, from its beginning on, also where it grows: one call takes two thirds of the time of
     * a fault for each (README). What nobody writes to costs at most so much memory.
     */
    static final long COMMITTED_BYTES = 1024 * 1024;
    /** So many mappings more the process may have where a block is not just the next one of its kind: it, and a gap. */
    private static final int MADE_BY_OWN_PLACE = 2;
    /** More than {@link #keepOrUnmap} makes until it has a lock, beyond those of a take. */
    private static final int CALLS_TO_ENTER_AGAIN = 4;

    /** What the heap is called, has and may have. */
    public final Budget budget;
    private final LeakRecords leaks;
    /** Null where freed mappings are not kept. */
    private final @Nullable MappingCache cache;
    /** Null where there is no cache. */
    private final @Nullable GrowthByCopy growth;
    private final HugePageRule hugePages;

    public DirectMappings(Budget budget, LeakRecords leaks, @Nullable MappingCache cache, HugePageRule hugePages) {
        this.budget = budget;
        this.leaks = leaks;
        this.cache = cache;
        this.growth = cache == null ? null : new GrowthByCopy(this, cache, hugePages);
        this.hugePages = hugePages;
    }

    /** Makes ready what the first mapping, and the first that goes, would be the first to need. */
    public static void prepare() {
        Room.initialise(MappingRegistry.class, MappingCache.class, MappingCache.Push.class);
    }

    public HugePageRule hugePages() {
        return hugePages;
    }

    public boolean hasCache() {
        return cache != null;
    }

    public long cacheCapacity() {
        return cache == null ? 0 : cache.capacity();
    }

    /** The bytes of mappings that are kept for reuse. */
    public long cachedBytes() {
        return cache == null ? 0 : cache.bytes();
    }

    public void emptyCache() {
        if (cache != null) {
            cache.empty();
        }
    }

    /** When all of the heap is made: from here on the purger comes by what its cache keeps. */
    public void open() {
        if (cache != null) {
            cache.open();
        }
    }

    /** Of a heap that is closed, so that no mapping is added: unmaps all. */
    public void close() {
        if (cache != null) {
            cache.close();
        }
        freeAll();
    }

    /** How long the mapping for a block is: whole pages; or {@link #NONE} where no address space could hold it. */
    public long bytes(long size) {
        if (Long.compareUnsigned(size, LARGEST) > 0) {
            return NONE;
        }
        long bytes = roundUp(Math.max(size, 1), Kernel.PAGE_BYTES);
        return cache == null ? bytes : MappingLengths.rounded(bytes);
    }

    /**
     * How long a mapping becomes that is to hold {@code newBytes}. One that grows by less than an eighth has room for more of the same,
     * to the next of the lengths that caches have, eight a doubling: so growth by small steps costs few calls. One that would lose no
     * more than that stays as it is.
     *
     * @param bytes how long it is
     */
    public static long resized(long bytes, long newBytes) {
        long rounded = MappingLengths.rounded(newBytes);
        if (newBytes <= bytes) {
            return rounded >= bytes ? bytes : newBytes;
        }
        return newBytes - bytes < bytes / 8 ? rounded : newBytes;
    }

    /** @return a block that was kept when it was freed, with whatever is in it; or 0 */
    public long reuse(long bytes) {
        return cache == null ? 0 : cache.takeBlock(bytes, this);
    }

    /**
     * @param bytes of {@link #bytes}, which the heap has been charged
     * @param alignment a power of two
     * @return a block of zeros, or 0 when there is no memory for it, or no mapping for one with an alignment of its own
     */
    public long map(long bytes, long alignment) {
        if (alignment > LARGEST) {
            return 0;
        }
        boolean hasOwnPlace = alignment > Kernel.PAGE_BYTES || hugePages.wantsNew(bytes);
        boolean hasRoom = !hasOwnPlace || MappingCount.mayHaveMore(MADE_BY_OWN_PLACE);
        if (!hasRoom && alignment > Kernel.PAGE_BYTES) {
            return 0;
        }
        boolean huge = hasRoom && hugePages.wantsNew(bytes);
        long wanted = huge ? Math.max(alignment, HugeMappings.PAGE_BYTES) : alignment;
        long address = wanted > Kernel.PAGE_BYTES ? HugeMappings.mapAligned(bytes, wanted)
                : bytes <= COMMITTED_BYTES ? Kernel.mapCommitted(bytes) : mapPartlyCommitted(bytes);
        return Kernel.failed(address) ? 0 : enterMapped(address, bytes, huge);
    }

    /** Where the registry has no room for it, it is unmapped. */
    private long enterMapped(long address, long bytes, boolean huge) {
        boolean isDone = false;
        try {
            if (huge) {
                HugeMappings.advise(address, bytes);
            }
            long entered = register(address, MappingTable.extent(bytes, huge));
            isDone = true;
            return entered;
        } finally {
            if (!isDone) {
                Unmapping.unmap(address, bytes);
            }
        }
    }

    private static long mapPartlyCommitted(long bytes) {
        long address = Kernel.map(bytes);
        if (!Kernel.failed(address)) {
            commit(address, 0, bytes);
        }
        return address;
    }

    /** Before Linux 5.14, or without memory, pages come as they are touched. */
    private static void commit(long address, long from, long to) {
        long end = Math.min(to, COMMITTED_BYTES);
        try {
            if (from < end) {
                Kernel.commit(address + from, end - from);
            }
        } catch (StackOverflowError tooLittleLeft) {
            return; // as without memory
        }
    }

    /**
     * Where it throws the block lives on, forgotten by the records of leaks: afterwards the address might be another block's.
     *
     * @return whether a live block of this heap began at {@code address}; if not, nothing has changed
     */
    public boolean free(long address) {
        long extent = takeToFree(address, CALLS_TO_ENTER_AGAIN);
        if (extent == NONE) {
            return false;
        }
        leaks.forget(address);
        keepOrUnmap(address, extent);
        return true;
    }

    /**
     * Where there is not as much stack as {@link #keepOrUnmap} may take to enter it again, this throws, and nothing has changed.
     *
     * @param calls of this by itself before it begins
     */
    private long takeToFree(long address, int calls) {
        return calls > 0 ? takeToFree(address, calls - 1) : MappingRegistry.take(address, this);
    }

    /** Of a mapping that is out of the registry; where this throws it is there again, with all that is in it. */
    void keepOrUnmap(long address, long extent) {
        long bytes = MappingTable.length(extent);
        boolean isKept = false;
        boolean isDone = false;
        try {
            isKept = cache != null && cache.put(KeptMappings.kept(address, MappingTable.isHuge(extent)), bytes);
            if (!isKept) {
                Unmapping.unmap(address, bytes);
            }
            isDone = true;
        } finally {
            if (!isDone) {
                register(address, extent);
            }
        }
        if (!isKept) {
            budget.release(bytes);
        }
        MemoryEvents.mapping(isKept ? "keep" : "unmap", address, bytes);
    }

    /** @return the length of the live block at {@code address}, or {@link #NONE} */
    public long length(long address) {
        long extent = MappingRegistry.extent(address, this);
        return extent == NONE ? NONE : MappingTable.length(extent);
    }

    /** Whether a block begins at {@code address}; or one did, and nobody else can have the address yet. */
    public boolean answersFor(long address) {
        boolean atPage = address != 0 && address % Kernel.PAGE_BYTES == 0;
        return atPage && (length(address) != NONE || cache != null && cache.keeps(address));
    }

    /**
     * @param newBytes of {@link #bytes}
     * @param unsettled in its only element what the heap has been charged for the growth, as far as the caller could know it; and
     *     afterwards, whatever comes of it, what the caller is to release, so that the heap is charged for what it has
     * @return where the block is now; 0 when there is no memory for it, and the block is as it was; or {@link #NONE}
     */
    public long resize(long address, long newBytes, long[] unsettled) {
        long extent = MappingRegistry.take(address, this);
        if (extent == NONE) {
            return NONE;
        }
        long bytes = MappingTable.length(extent);
        boolean mayMove = newBytes > bytes && MappingCount.mayHaveMore(MADE_BY_OWN_PLACE);
        boolean grownHuge = mayMove && hugePages.wantsGrown(bytes, newBytes);
        long moved = 0;
        try {
            long missing = newBytes - bytes - unsettled[0]; // more than 0 where another thread has shrunk the block meanwhile
            if (missing <= 0 || budget.reserve(missing)) {
                unsettled[0] += Math.max(0, missing);
                moved = newBytes <= bytes ? shrink(address, bytes, newBytes) : grow(address, bytes, newBytes, grownHuge, mayMove);
            }
        } finally {
            if (moved == 0) {
                register(address, extent);
            }
        }
        if (moved == 0) {
            return 0;
        }
        unsettled[0] -= newBytes - bytes;
        if (!grownHuge) {
            commit(moved, bytes, newBytes);
        }
        return register(moved, MappingTable.extent(newBytes, grownHuge || MappingTable.isHuge(extent)));
    }

    /** By what unmaps all else: it is not refused either, whether or not the kernel lets the end go now. */
    private static long shrink(long address, long bytes, long newBytes) {
        Unmapping.unmap(address + newBytes, bytes - newBytes);
        return address;
    }

    /** @return where it is now, or 0 when there is no memory for it */
    private static long grow(long address, long bytes, long newBytes, boolean grownHuge, boolean mayMove) {
        long moved = grownHuge ? HugeMappings.grow(address, bytes, newBytes)
                : mayMove ? Kernel.resize(address, bytes, newBytes) : Kernel.growInPlace(address, bytes, newBytes);
        return Kernel.failed(moved) ? 0 : moved;
    }

    /**
     * A growth by half and more goes to a mapping that the cache has: {@link GrowthByCopy}.
     *
     * @param newBytes of {@link #bytes}; nothing is charged for it, as both mappings have been paid for
     * @param guard does as the heap's owner, or under its lock, what must not meet a close, and throws where it is closed
     * @return where the block is now; or 0, and nothing has changed, as where the copy throws
     */
    public long copyToKept(long address, long newBytes, ToLongFunction<LongSupplier> guard) {
        return growth == null ? 0 : growth.copy(address, newBytes, guard);
    }

    /** Unmaps all blocks; their records go by themselves. Without a list, for which Java's heap may have no room. */
    private void freeAll() {
        for (int stripe = 0; stripe < MappingRegistry.STRIPES; stripe++) {
            long address = MappingRegistry.anyOf(stripe, this);
            for (; address != 0; address = MappingRegistry.anyOf(stripe, this)) {
                long extent = takeToFree(address, CALLS_TO_ENTER_AGAIN);
                if (extent != NONE) {
                    keepOrUnmap(address, extent);
                }
            }
        }
    }

    /** Every live block, as it was when its part of the registry was looked at. */
    public List<MappingRegistry.Mapping> all() {
        return MappingRegistry.all(owner -> owner == this);
    }

    /** Enters a mapping that the caller made. @param extent of {@link MappingTable#extent} */
    public long register(long address, long extent) {
        MappingRegistry.put(address, extent, this);
        return address;
    }

    /** Takes a mapping out, for a caller that unmaps it. @return its length, or {@link #NONE} */
    public long remove(long address) {
        long extent = MappingRegistry.take(address, this);
        return extent == NONE ? NONE : MappingTable.length(extent);
    }

    private static long roundUp(long value, long alignment) {
        return (value + alignment - 1) & -alignment;
    }
}
