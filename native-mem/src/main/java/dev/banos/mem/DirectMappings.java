package dev.banos.mem;

import dev.banos.lock.SpinLock;
import dev.banos.mem.event.MemoryEvents;
import dev.banos.mem.system.Kernel;
import dev.banos.mem.system.MappingTable;
import dev.banos.mem.system.Reservation;
import dev.banos.mem.system.Unmapping;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Blocks that are mappings of their own: malloc is mmap, free is munmap there and then, realloc is mremap; in a domain that
 * has a {@link MappingCache}, malloc and free turn to that first. The registry of their addresses is what tells a right free
 * from a wrong one.
 *
 * <p>A block leaves the registry before the kernel is called, and enters it after: between the two its address is nobody's,
 * so of two frees at the same time one is wrong, and an address that the kernel gives out again is never in it twice.
 */
final class DirectMappings {
    /** A block as the registry knows it. */
    record Mapping(long address, long bytes, Domain domain) {
    }

    /** No result: mappings are never negative in length. */
    static final long NONE = -1;

    /** Larger than any user address space: what exceeds it would overflow when rounded. */
    private static final long LARGEST = 1L << 47;
    /**
     * So much of a block comes with its pages, from its beginning on, also where it grows: one call takes two thirds of the time of
     * a fault for each (README). What nobody writes to costs at most so much memory.
     */
    static final long COMMITTED_BYTES = 1024 * 1024;
    private static final int STRIPES = 16;
    private static final List<MappingTable<Domain>> TABLES = new ArrayList<>(STRIPES);
    private static final SpinLock[] LOCKS = new SpinLock[STRIPES];

    static {
        Reservation.secure();
        Unmapping.prepare();
        for (int i = 0; i < STRIPES; i++) {
            TABLES.add(new MappingTable<>());
            LOCKS[i] = new SpinLock();
        }
    }

    private DirectMappings() {
    }

    /** How long the mapping for a block is: whole pages; or {@link #NONE} where no address space could hold it. */
    static long bytes(long size, Domain domain) {
        if (Long.compareUnsigned(size, LARGEST) > 0) {
            return NONE;
        }
        long bytes = roundUp(Math.max(size, 1), Kernel.PAGE_BYTES);
        return domain.cache == null ? bytes : MappingCache.rounded(bytes);
    }

    /** @return a block that was kept when it was freed, with whatever is in it; or 0 */
    static long reuse(long bytes, Domain domain) {
        long kept = domain.cache == null ? 0 : domain.cache.take(bytes);
        return kept == 0 ? 0
                : register(MappingCache.address(kept), MappingTable.extent(bytes, MappingCache.isHuge(kept)), domain);
    }

    /**
     * @param bytes of {@link #bytes}, which the domain has been charged
     * @param alignment a power of two
     * @return a block of zeros, or 0 when there is no memory for it
     */
    static long map(long bytes, long alignment, Domain domain) {
        if (alignment > LARGEST) {
            return 0;
        }
        boolean huge = domain.hugePages.wantsNew(bytes);
        long wanted = huge ? Math.max(alignment, HugePages.PAGE_BYTES) : alignment;
        long address = wanted > Kernel.PAGE_BYTES ? HugeMappings.mapAligned(bytes, wanted)
                : bytes <= COMMITTED_BYTES ? Kernel.mapCommitted(bytes) : mapPartlyCommitted(bytes);
        if (Kernel.failed(address)) {
            return 0;
        }
        if (huge) {
            HugeMappings.advise(address, bytes);
        }
        return register(address, MappingTable.extent(bytes, huge), domain);
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
        if (from < end) {
            Kernel.commit(address + from, end - from);
        }
    }

    /** @return whether {@code address} was a live block of {@code domain}; if not, nothing has changed */
    static boolean free(long address, Domain domain) {
        long extent = take(address, domain);
        if (extent == NONE) {
            return false;
        }
        domain.leaks.forget(address);
        keepOrUnmap(address, extent, domain);
        return true;
    }

    private static void keepOrUnmap(long address, long extent, Domain domain) {
        long bytes = MappingTable.length(extent);
        if (domain.cache == null || !domain.cache.put(MappingCache.kept(address, MappingTable.isHuge(extent)), bytes)) {
            Unmapping.unmap(address, bytes);
            domain.budget.release(bytes);
            MemoryEvents.mapping("unmap", address, bytes);
        }
    }

    /** @return the length of the live block at {@code address}, or {@link #NONE} */
    static long length(long address, Domain domain) {
        int stripe = stripe(address);
        LOCKS[stripe].lock();
        try {
            int index = TABLES.get(stripe).indexOf(address);
            return index != MappingTable.NONE && TABLES.get(stripe).owner(index) == domain ? TABLES.get(stripe).lengthAt(index) : NONE;
        } finally {
            LOCKS[stripe].unlock();
        }
    }

    /** Whether a block of malloc begins at {@code address}; or one did, and nobody else can have the address yet. */
    static boolean answersForMalloc(long address) {
        HardenedBlocks hardened = Domain.MALLOC.hardened;
        if (hardened != null) {
            return hardened.holds(address);
        }
        boolean atPage = address != 0 && address % Kernel.PAGE_BYTES == 0;
        return atPage && (length(address, Domain.MALLOC) != NONE || Domain.MALLOC.cache != null && MappingCache.keeps(address));
    }

    /**
     * @param newBytes of {@link #bytes}
     * @param charged what the domain has been charged for the growth, as far as the caller could know it; whatever comes of
     *     it, afterwards the domain is charged for what it has
     * @return where the block is now; 0 when there is no memory for it, and the block is as it was; or {@link #NONE}
     */
    static long resize(long address, long newBytes, long charged, Domain domain) {
        long extent = take(address, domain);
        if (extent == NONE) {
            domain.budget.release(charged);
            return NONE;
        }
        long bytes = MappingTable.length(extent);
        long missing = newBytes - bytes - charged; // more than 0 where another thread has shrunk the block meanwhile
        if (missing > 0 && !domain.budget.reserve(missing)) {
            return restore(address, extent, charged, domain);
        }
        boolean grownHuge = domain.hugePages.wantsGrown(bytes, newBytes);
        long moved = newBytes == bytes ? address : grownHuge ? HugeMappings.grow(address, bytes, newBytes)
                : Kernel.resize(address, bytes, newBytes);
        if (Kernel.failed(moved)) {
            return restore(address, extent, Math.max(charged, newBytes - bytes), domain);
        }
        if (missing < 0) {
            domain.budget.release(-missing);
        }
        if (!grownHuge) {
            commit(moved, bytes, newBytes);
        }
        return register(moved, MappingTable.extent(newBytes, grownHuge || MappingTable.isHuge(extent)), domain);
    }

    private static long restore(long address, long extent, long charged, Domain domain) {
        register(address, extent, domain);
        domain.budget.release(charged);
        return 0;
    }

    /** How many blocks there are, their bytes, and how many of these ask for huge pages. */
    record Sum(long count, long bytes, long hugeBytes) {
    }

    static Sum sum() {
        long count = 0;
        long bytes = 0;
        long hugeBytes = 0;
        for (int stripe = 0; stripe < STRIPES; stripe++) {
            LOCKS[stripe].lock();
            try {
                MappingTable<Domain> table = TABLES.get(stripe);
                for (int i = 0; i < table.capacity(); i++) {
                    count += table.address(i) != 0 ? 1 : 0;
                    bytes += table.address(i) != 0 ? table.lengthAt(i) : 0;
                    hugeBytes += table.address(i) != 0 && MappingTable.isHuge(table.extentAt(i)) ? table.lengthAt(i) : 0;
                }
            } finally {
                LOCKS[stripe].unlock();
            }
        }
        return new Sum(count, bytes, hugeBytes);
    }

    /**
     * Unmaps all blocks of a domain that is closed, so that none is added; their records go by themselves. Without a list, for
     * which Java's heap may have no room.
     */
    static void freeAll(Domain domain) {
        for (int stripe = 0; stripe < STRIPES; stripe++) {
            for (long address = anyOf(stripe, domain); address != 0; address = anyOf(stripe, domain)) {
                long extent = take(address, domain);
                if (extent != NONE) {
                    keepOrUnmap(address, extent, domain);
                }
            }
        }
    }

    /** @return the address of a live block, or 0 */
    private static long anyOf(int stripe, Domain domain) {
        LOCKS[stripe].lock();
        try {
            return TABLES.get(stripe).anyOf(domain);
        } finally {
            LOCKS[stripe].unlock();
        }
    }

    /** Every live block of a domain, as it was when its part of the registry was looked at. */
    static List<Mapping> all(Domain domain) {
        return all(other -> other == domain);
    }

    /** Every live block of every domain, likewise. */
    static List<Mapping> all() {
        return all(any -> true);
    }

    private static List<Mapping> all(Predicate<Domain> wanted) {
        List<Mapping> mappings = new ArrayList<>();
        for (int stripe = 0; stripe < STRIPES; stripe++) {
            LOCKS[stripe].lock();
            try {
                MappingTable<Domain> table = TABLES.get(stripe);
                for (int i = 0; i < table.capacity(); i++) {
                    if (table.address(i) != 0 && wanted.test(table.owner(i))) {
                        mappings.add(new Mapping(table.address(i), table.lengthAt(i), table.owner(i)));
                    }
                }
            } finally {
                LOCKS[stripe].unlock();
            }
        }
        return mappings;
    }

    /** The block that holds the byte at {@code address}, of whatever domain; a search through all, for messages. */
    static @Nullable Mapping containing(long address) {
        for (int stripe = 0; stripe < STRIPES; stripe++) {
            LOCKS[stripe].lock();
            try {
                MappingTable<Domain> table = TABLES.get(stripe);
                for (int i = 0; i < table.capacity(); i++) {
                    long start = table.address(i);
                    if (start != 0 && address >= start && address < start + table.lengthAt(i)) {
                        return new Mapping(start, table.lengthAt(i), table.owner(i));
                    }
                }
            } finally {
                LOCKS[stripe].unlock();
            }
        }
        return null;
    }

    /** Enters a mapping that the caller made. @param extent of {@link MappingTable#extent} */
    static long register(long address, long extent, Domain domain) {
        int stripe = stripe(address);
        LOCKS[stripe].lock();
        try {
            TABLES.get(stripe).put(address, extent, domain);
        } finally {
            LOCKS[stripe].unlock();
        }
        return address;
    }

    /** Takes a mapping out, for a caller that unmaps it. @return its length, or {@link #NONE} */
    static long remove(long address, Domain domain) {
        long extent = take(address, domain);
        return extent == NONE ? NONE : MappingTable.length(extent);
    }

    /** The same, with its extent for a result. */
    private static long take(long address, Domain domain) {
        int stripe = stripe(address);
        LOCKS[stripe].lock();
        try {
            MappingTable<Domain> table = TABLES.get(stripe);
            int index = table.indexOf(address);
            if (index == MappingTable.NONE || table.owner(index) != domain) {
                return NONE;
            }
            long extent = table.extentAt(index);
            table.removeAt(index);
            return extent;
        } finally {
            LOCKS[stripe].unlock();
        }
    }

    private static int stripe(long address) {
        long page = address / Kernel.PAGE_BYTES;
        return (int) (page ^ page >>> 8) & (STRIPES - 1);
    }

    private static long roundUp(long value, long alignment) {
        return (value + alignment - 1) & -alignment;
    }
}
