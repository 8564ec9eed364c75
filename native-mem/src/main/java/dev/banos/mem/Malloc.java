package dev.banos.mem;

import static dev.banos.bindings.generated.Linux.ENOMEM;

import dev.banos.bindings.Native;
import dev.banos.mem.slots.Bin;
import dev.banos.mem.slots.Domain;
import dev.banos.mem.slots.RecentBins;
import dev.banos.mem.slots.Run;
import dev.banos.mem.slots.RunTable;
import dev.banos.mem.slots.SharedPools;
import dev.banos.mem.slots.SizeClasses;
import dev.banos.mem.slots.SlotCounts;
import dev.banos.mem.slots.SlotPool;
import dev.banos.mem.slots.Spans;
import dev.banos.mem.slots.ThreadPools;
import dev.banos.mem.system.Reservation;
import dev.banos.mem.system.Unmapping;
import dev.banos.mem.system.Zeros;
import dev.banos.thread.Tcb;
import java.lang.foreign.MemorySegment;

/**
 * C's allocation functions, on addresses: 0 and the calling thread's {@link Tcb#errno} say that a call failed. Blocks are
 * 16-byte aligned, and any thread may free what any other allocated. A size is C's {@code size_t}: what is negative in
 * Java is huge in C, and out of memory.
 *
 * <p>What C leaves undefined is defined: an address that is not the beginning of a live block is an
 * {@link InvalidBlockException}, from each function that takes one, and nothing changes.
 *
 * {@snippet class="dev.banos.samples.snippets.SnippetsTest" region="malloc"}
 */
public final class Malloc {
    private static final long NO_SLOT_BYTES = SizeClasses.DIRECT_BYTES;

    private Malloc() {
    }

    /**
     * Allocates a block with undefined content.
     *
     * @param size in bytes; 0 also gets a block of its own
     * @return where a block of at least that size begins; 0 with ENOMEM
     */
    public static long malloc(long size) {
        Bin bin = RecentBins.bin(size);
        long slot = bin.next();
        return slot != 0 ? bin.take(slot) : SlowMalloc.malloc(null, bin, size);
    }

    /**
     * Frees a block. Leaves errno alone.
     *
     * @param address where a live block begins; 0 is allowed and does nothing
     * @throws InvalidBlockException when it is anything else: freed already, in the middle of a block, another allocator's
     */
    public static void free(long address) {
        long id = Thread.currentThread().threadId();
        Run run = ThreadPools.likely(id, address);
        if (run.owner.threadId != id || !run.free(address)) {
            LiveBlocks.free(address);
        }
    }

    /**
     * Allocates a block of zeros.
     *
     * @param count how many elements
     * @param size in bytes, of each
     * @return where a block of {@code count * size} bytes begins; 0 with ENOMEM, also if the product overflows
     */
    public static long calloc(long count, long size) {
        long bytes = count * size;
        Bin bin = RecentBins.bin(isSmall(count) && isSmall(size) ? bytes : NO_SLOT_BYTES);
        long slot = bin.next();
        if (slot == 0) {
            return Heap.current().calloc(count, size);
        }
        long block = bin.take(slot);
        Zeros.write(block, bytes);
        return block;
    }

    /** Whether a product with another of these cannot overflow. */
    private static boolean isSmall(long factor) {
        return factor >>> Integer.SIZE - 1 == 0;
    }

    /**
     * Resizes a block, in place if possible. Its content is kept up to the smaller size.
     *
     * @param address a live block, or 0: then this is {@link #malloc}
     * @param size in bytes; 0 frees the block and returns 0, as glibc does
     * @return where the block is now; 0 with ENOMEM if there is no memory, and then the block is as it was. Making a block smaller
     *     cannot fail, unless malloc is hardened
     * @throws InvalidBlockException as {@link #free(long)}
     */
    public static long realloc(long address, long size) {
        return Resizing.realloc(address, size, Resizing.OUT_OF_LINE);
    }

    /**
     * Resizes a block to {@code count * size} bytes, as {@link #realloc}: BSD's and glibc's {@code reallocarray}.
     *
     * @param address a live block, or 0
     * @param count how many elements
     * @param size in bytes, of each
     * @return where the block is now; 0 with ENOMEM, also if the product overflows, and the block is as it was
     * @throws InvalidBlockException as {@link #free(long)}
     */
    public static long reallocarray(long address, long count, long size) {
        return Heap.current().reallocarray(address, count, size);
    }

    /**
     * Allocates a block that begins at a multiple of {@code alignment}: C11's {@code aligned_alloc}, without its rule for the size.
     *
     * @param alignment in bytes, a power of two; the size need not be a multiple of it
     * @param size in bytes
     * @return where the block begins; 0 with EINVAL for any other alignment; 0 with ENOMEM if there is no memory
     */
    public static long alignedAlloc(long alignment, long size) {
        return Heap.current().alignedAlloc(alignment, size);
    }

    /**
     * Allocates a block as {@link #alignedAlloc}, with the result in memory and the error as the value, as in POSIX.
     *
     * @param out 8 bytes, where the block's address is written if there is one
     * @param alignment in bytes, a power of two that is a multiple of the size of a pointer
     * @param size in bytes
     * @return 0, EINVAL or ENOMEM; errno stays as it was
     */
    public static int posixMemalign(MemorySegment out, long alignment, long size) {
        return Heap.current().posixMemalign(out, alignment, size);
    }

    /**
     * {@return how many bytes may be written at a live block: as many as were asked for, or more; 0 for address 0}
     *
     * @param address a live block, or 0
     * @throws InvalidBlockException as {@link #free(long)}
     */
    public static long usableSize(long address) {
        return LiveBlocks.usableSize(address, Domain.MALLOC, Heap.hardenedMalloc());
    }

    /**
     * Says whether an address belongs to this allocator: then {@link #free} frees it, or says what is wrong with it. Otherwise it
     * may be another allocator's. The cost does not depend on what is live; but with a cache of mappings, an address at the
     * beginning of a page that is not Banos's is searched for there.
     *
     * @param address any number
     * @return true for every address in the memory that small blocks come from, live or not, of any heap; and for the beginning of
     *     a block of malloc that is a mapping, whether it is live, in quarantine or kept for reuse. A mapping that went back to the
     *     system is nobody's
     */
    public static boolean owns(long address) {
        HardenedBlocks hardened = Heap.hardenedMalloc();
        return Reservation.holds(address) || (hardened != null ? hardened.holds(address) : Domain.MALLOC.mappings.answersFor(address));
    }

    /**
     * Allocates a segment of exactly {@code size} bytes, whose bounds the JVM checks. Its content is undefined. It is not tied to a
     * scope: after {@link #free(MemorySegment)} it must not be used.
     *
     * @param size in bytes
     * @return the segment, which any thread may use
     * @throws OutOfMemoryError when there is no memory, or no room for the segment in Java's heap
     * @throws IllegalArgumentException when {@code size} is negative
     */
    public static MemorySegment allocate(long size) {
        long address = malloc(size);
        if (address == 0) {
            if (size < 0) {
                throw new IllegalArgumentException("size=" + size + " is negative");
            }
            throw noMemory(size);
        }
        try {
            return Native.EVERYTHING.asSlice(address, size);
        } catch (VirtualMachineError noSegment) {
            free(address); // which nobody has
            throw noSegment;
        }
    }

    /**
     * Frees the block that begins where {@code block} does.
     *
     * @param block what {@link #allocate} returned
     * @throws InvalidBlockException when no live block begins there
     * @throws IllegalArgumentException when {@code block} is on the Java heap
     */
    public static void free(MemorySegment block) {
        free(addressOf(block));
    }

    /** A segment on the Java heap says that it begins at 0 or so, of which a free would be none. */
    static long addressOf(MemorySegment block) {
        if (!block.isNative()) {
            throw new IllegalArgumentException("block=" + block + " is on the Java heap, and was not allocated here");
        }
        return block.address();
    }

    /**
     * Gives memory without live blocks back to the system, by whole pages, at once; otherwise that takes a second or two. Covers the
     * calling thread, waiting virtual threads and ended threads; other running threads keep what they have free.
     */
    public static void trim() {
        FirstUse.prepare();
        if (Heap.hardenedMalloc() != null) {
            Heap.current().trim();
            return;
        }
        SlotPool own = ThreadPools.current();
        own.trim();
        own.discardFreePages();
        SharedPools.trim();
        Domain.MALLOC.trimTracked();
        SlotPool.abandonAllOfEndedThreads();
        ThreadPools.trimAbandoned();
        Domain.MALLOC.mappings.emptyCache();
        Spans.purge();
        Unmapping.retryRefused();
    }

    /**
     * {@return what all threads hold together, with the blocks that leak tracking remembers} For threads that are running, it is as
     * exact as the moment allows.
     */
    public static HeapStatistics statistics() {
        if (Heap.hardenedMalloc() != null) {
            return Heap.current().statistics();
        }
        SlotCounts slots = ThreadPools.counts().plus(SharedPools.counts());
        return HeapContents.statistics(Domain.MALLOC.toString(), slots, Domain.MALLOC, null);
    }

    /**
     * {@return how many bytes of freed blocks of 64 KiB and more are kept at most: the value of
     * {@code -Dbanos.mem.mappingCacheBytes} at the first use}
     */
    public static long mappingCacheBytes() {
        return Domain.MALLOC.mappings.cacheCapacity();
    }

    static OutOfMemoryError noMemory(long size) {
        return new OutOfMemoryError("native memory: " + Long.toUnsignedString(size) + " bytes");
    }

    /** @return 0, for the caller to return */
    static long outOfMemory() {
        Tcb.current().errno(ENOMEM());
        return 0;
    }

    /** @return the product as {@code size_t}, or -1 where it does not fit into a positive {@code long} */
    static long product(long count, long size) {
        boolean overflows = Math.unsignedMultiplyHigh(count, size) != 0 || count * size < 0;
        return overflows ? -1 : count * size;
    }
}
