package dev.banos.mem;

import static dev.banos.bindings.generated.Linux.EINVAL;
import static dev.banos.bindings.generated.Linux.ENOMEM;

import dev.banos.bindings.Native;
import dev.banos.mem.insight.LeakReport;
import dev.banos.mem.insight.LeakTracking;
import dev.banos.mem.slots.Access;
import dev.banos.mem.slots.Bin;
import dev.banos.mem.slots.Domain;
import dev.banos.mem.slots.HeapPools;
import dev.banos.mem.slots.SharedPools;
import dev.banos.mem.slots.SizeClasses;
import dev.banos.mem.slots.SlotPool;
import dev.banos.mem.slots.Spans;
import dev.banos.mem.slots.ThreadPools;
import dev.banos.mem.system.Unmapping;
import dev.banos.thread.Tcb;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A heap: one that an application makes, and destroys with everything in it, or the calling thread's own ({@link #current}).
 *
 * <p>A heap of {@link #create} serves the thread that made it, at the speed of that thread's own malloc; any thread may free its
 * blocks, and close it when its own thread has ended. A heap of {@link #createShared} serves every thread. Only the
 * heap that a block came from can free it: any other heap, and {@link Malloc}, refuse it.
 *
 * <p>After {@link #close}, and while another thread is closing the heap, each call is an {@link IllegalStateException}, and each
 * free of one of its blocks an {@link InvalidBlockException}. Only {@link #budget} and {@link #leakReport} still work.
 *
 * {@snippet class="dev.banos.samples.snippets.SnippetsTest" region="heap"}
 */
public final class Heap implements SegmentAllocator, AutoCloseable {
    private static final AtomicLong CREATED = new AtomicLong();
    /** The heap of all threads, if the property asks for a hardened malloc; null otherwise. */
    private static final @Nullable Heap HARDENED_MALLOC = Hardening.ofMalloc().isNone() ? null
            : new Heap(HardenedBlocks.ofMalloc(), HeapTree.ALONE);
    private static final @Nullable HeapTenant TENANT_OF_MALLOC = HARDENED_MALLOC == null ? null : new HeapTenant(HARDENED_MALLOC, null);

    private static final Heap OF_VIRTUAL_THREADS = new Heap(null, SlotPool.NOBODY);
    /** For {@link HeapScope}, which then has nothing to initialise. */
    static final long[] NO_ADDRESSES = {};

    /** The one thread that need not lock: null where there is none, so that every call takes the slow path. */
    private @Nullable Thread owner;
    /** {@link SlotPool#NOBODY} for the heap of virtual threads, which have {@link SharedPools}. */
    final SlotPool pool;
    /** That one, and others in a heap for all threads. */
    final HeapPools pools;
    /** The pool's. Here, because a pool that one thread works in is written to, and others would wait for each look at it. */
    final Access access;
    private final Domain domain;
    private final HeapTree tree;
    /** Who has the blocks, if they are hardened; null otherwise. */
    private final @Nullable HardenedBlocks hardened;

    /** A heap of malloc. */
    Heap(@Nullable Thread owner, SlotPool pool) {
        this(owner, pool, HeapTree.ALONE, null);
    }

    private Heap(HardenedBlocks hardened, HeapTree tree) {
        this(null, hardened.pool(), tree, hardened);
    }

    private Heap(@Nullable Thread owner, SlotPool pool, HeapTree tree, @Nullable HardenedBlocks hardened) {
        this.owner = owner;
        this.pool = pool;
        this.pools = HeapPools.of(pool);
        this.access = pool.access;
        this.domain = pool.domain;
        this.tree = tree;
        this.hardened = hardened;
    }

    /** {@return the heap that {@link Malloc} uses for the calling thread} It cannot be closed. */
    public static Heap current() {
        if (HARDENED_MALLOC != null) {
            return HARDENED_MALLOC;
        }
        Thread thread = Thread.currentThread();
        if (thread.isVirtual()) {
            FirstUse.prepare();
            return OF_VIRTUAL_THREADS;
        }
        SlotPool pool = ThreadPools.current();
        return ofThread(thread, pool != SlotPool.NOBODY ? pool : ThreadPools.adoptOrCreate());
    }

    /** The pool's own handle: malloc's slow path begins with this, so nothing lies between the two. */
    private static Heap ofThread(Thread thread, SlotPool pool) {
        if (pool.handle() instanceof Heap made) {
            return made;
        }
        FirstUse.prepare();
        Heap made = new Heap(thread, pool);
        pool.handle(made, new Disowning(made));
        return made;
    }

    /** Not a lambda: the first of a process costs milliseconds, and this is in the way of its first malloc. */
    private record Disowning(Heap heap) implements Runnable {
        @Override
        public void run() {
            heap.owner = null;
        }
    }

    /** Of malloc, as {@link #hardened()}. */
    static @Nullable HardenedBlocks hardenedMalloc() {
        return HARDENED_MALLOC == null ? null : HARDENED_MALLOC.hardened;
    }

    /** Of all scopes that have malloc's blocks; null where malloc is not hardened: then nothing is between them and malloc. */
    static @Nullable HeapTenant tenantOfMalloc() {
        return TENANT_OF_MALLOC;
    }

    /** {@return a heap that allocates for the calling thread} */
    public static Heap create() {
        return create(HeapOptions.confined());
    }

    /** {@return a heap that allocates for any thread} */
    public static Heap createShared() {
        return create(HeapOptions.shared());
    }

    /**
     * Creates a heap with these options.
     *
     * @param options what the heap is to be like; they can be used again
     * @return the heap, open until its {@link #close}
     * @throws IllegalStateException when its parent is closed
     * @throws IllegalArgumentException when the options contradict each other: a mark above the limit, a cache of mappings in a
     *     hardened heap
     */
    public static Heap create(HeapOptions options) {
        FirstUse.prepare();
        Thread owner = options.access == Access.CONFINED ? Thread.currentThread() : null;
        Domain domain = options.newDomain(CREATED.incrementAndGet());
        HeapTree tree = new HeapTree(options.parent(), options.access == Access.SHARED);
        Heap made = options.hardening().isNone() ? new Heap(owner, new SlotPool(domain, options.access), tree, null)
                : new Heap(new HardenedBlocks(domain, options.hardening(), owner), tree);
        HeapTree.enlist(made);
        return made;
    }

    boolean isOfMalloc() {
        return domain == Domain.MALLOC;
    }

    Domain domain() {
        return domain;
    }

    @Nullable HardenedBlocks hardened() {
        return hardened;
    }

    /**
     * Allocates a block, 16-byte aligned, with undefined content.
     *
     * @param size in bytes; 0 also gets a block of its own
     * @return where the block begins; 0 with {@link Tcb#errno} ENOMEM, when the system has no memory or the heap is at its
     *     limit
     * @throws IllegalStateException after the close, or when this heap does not serve the calling thread
     */
    public long malloc(long size) {
        if (Thread.currentThread() != owner) {
            return SlowMalloc.malloc(this, size);
        }
        Bin bin = pool.bin(size);
        long slot = bin.next();
        return slot != 0 ? bin.take(slot) : SlowMalloc.malloc(this, bin, size);
    }

    /**
     * Frees a block. Any thread may do so, even in a confined heap. Leaves errno alone.
     *
     * @param address where a live block of this heap begins; 0 is allowed and does nothing
     * @throws InvalidBlockException when it is anything else: another heap's, freed already, in the middle of a block
     * @throws CorruptBlockException in a hardened heap that finds damage
     */
    public void free(long address) {
        if (Thread.currentThread() != owner || !pool.free(address)) {
            LiveBlocks.free(Thread.currentThread() == owner ? pool : null, address, domain, hardened);
        }
    }

    /**
     * Allocates a block of zeros.
     *
     * @param count how many elements
     * @param size in bytes, of each
     * @return where the block of {@code count * size} bytes begins; 0 with ENOMEM, also if the product overflows
     * @throws IllegalStateException as {@link #malloc}
     */
    public long calloc(long count, long size) {
        long bytes = Malloc.product(count, size);
        return bytes < 0 ? SlowMalloc.tooLarge(this) : zeroed(SizeClasses.ALIGNMENT, bytes);
    }

    /** @param alignment a power of two; a block whose first {@code size} bytes are zero; 0 with ENOMEM */
    long zeroed(long alignment, long size) {
        if (size >= SizeClasses.DIRECT_BYTES && hardened == null) {
            return SlowMalloc.mapping(this, size, alignment, true);
        }
        long address = alignment <= SizeClasses.ALIGNMENT ? malloc(size) : SlowMalloc.aligned(this, alignment, size);
        if (address != 0 && size < SizeClasses.DIRECT_BYTES) { // what is larger comes as zeros from the system
            BlockWrites.clear(this, address, size);
        }
        return address;
    }

    /** Whether no other thread can close this heap. */
    boolean staysOpen() {
        return isOfMalloc() || isOfThisThread();
    }

    /** Whether the calling thread alone works in it, and so needs no lock. */
    boolean isOfThisThread() {
        return Thread.currentThread() == owner;
    }

    /**
     * Resizes a block, in place if possible. Its content is kept up to the smaller size.
     *
     * @param address a live block of this heap, or 0: then this is {@link #malloc}
     * @param size in bytes; 0 frees the block and returns 0, as glibc does
     * @return where the block is now; 0 with ENOMEM if there is no memory, and then the block is as it was. Making a block smaller
     *     cannot fail, except in a hardened heap
     * @throws InvalidBlockException as {@link #free(long)}
     * @throws IllegalStateException as {@link #malloc}
     */
    public long realloc(long address, long size) {
        return Resizing.realloc(this, address, size);
    }

    /**
     * Resizes a block to {@code count * size} bytes, as {@link #realloc}: BSD's and glibc's {@code reallocarray}.
     *
     * @param address a live block of this heap, or 0
     * @param count how many elements
     * @param size in bytes, of each
     * @return where the block is now; 0 with ENOMEM, also if the product overflows, and the block is as it was
     * @throws InvalidBlockException as {@link #free(long)}
     * @throws IllegalStateException as {@link #malloc}
     */
    public long reallocarray(long address, long count, long size) {
        long bytes = Malloc.product(count, size);
        return bytes < 0 ? SlowMalloc.tooLarge(this) : realloc(address, bytes);
    }

    /**
     * Allocates a block that begins at a multiple of {@code alignment}.
     *
     * @param alignment in bytes, a power of two; the size need not be a multiple of it
     * @param size in bytes
     * @return where the block begins; 0 with EINVAL for any other alignment; 0 with ENOMEM if there is no memory
     * @throws IllegalStateException as {@link #malloc}
     */
    public long alignedAlloc(long alignment, long size) {
        if (Long.bitCount(alignment) != 1 || alignment < 0) {
            requireServing();
            Tcb.current().errno(EINVAL());
            return 0;
        }
        return SlowMalloc.aligned(this, alignment, size);
    }

    /**
     * Allocates a block as {@link #alignedAlloc}, with the result in memory and the error as the value, as in POSIX.
     *
     * @param out 8 bytes, where the block's address is written if there is one
     * @param alignment in bytes, a power of two that is a multiple of the size of a pointer
     * @param size in bytes
     * @return 0, EINVAL or ENOMEM; errno stays as it was
     * @throws IllegalStateException as {@link #malloc}
     */
    public int posixMemalign(MemorySegment out, long alignment, long size) {
        if (Long.bitCount(alignment) != 1 || alignment < Long.BYTES) {
            requireServing();
            return EINVAL();
        }
        Tcb tcb = Tcb.current();
        int errno = tcb.errno();
        long address = SlowMalloc.aligned(this, alignment, size);
        tcb.errno(errno);
        if (address == 0) {
            return ENOMEM();
        }
        BlockWrites.handOver(this, address, out);
        return 0;
    }

    /**
     * {@return how many bytes may be written at a live block: as many as were asked for, or more; 0 for address 0}
     *
     * @param address a live block of this heap, or 0
     * @throws InvalidBlockException as {@link #free(long)}
     */
    public long usableSize(long address) {
        return LiveBlocks.usableSize(address, domain, hardened);
    }

    /**
     * Allocates a segment of exactly {@code byteSize} bytes, with undefined content. It is not tied to a scope: after
     * {@link #free(MemorySegment)}, or the close of the heap, it must not be used.
     *
     * @throws OutOfMemoryError when there is no memory, or no room for the segment in Java's heap
     */
    @Override
    public MemorySegment allocate(long byteSize, long byteAlignment) {
        if (byteSize < 0 || byteAlignment <= 0 || Long.bitCount(byteAlignment) != 1) {
            throw SlowMalloc.badRequest(byteSize, byteAlignment);
        }
        long address = byteAlignment <= SizeClasses.ALIGNMENT ? malloc(byteSize) : SlowMalloc.aligned(this, byteAlignment, byteSize);
        if (address == 0) {
            throw noMemory(byteSize);
        }
        try {
            return Native.EVERYTHING.asSlice(address, byteSize);
        } catch (VirtualMachineError noSegment) {
            free(address); // which nobody has
            throw noSegment;
        }
    }

    OutOfMemoryError noMemory(long size) {
        return isOfMalloc() ? Malloc.noMemory(size) : new OutOfMemoryError(size + " bytes of native memory: " + domain.budget);
    }

    /**
     * Frees the block that begins where {@code block} does, as {@link #free(long)} does.
     *
     * @param block what {@link #allocate} returned
     * @throws InvalidBlockException when no live block of this heap begins there
     * @throws IllegalArgumentException when {@code block} is on the Java heap
     */
    public void free(MemorySegment block) {
        free(Malloc.addressOf(block));
    }

    /**
     * Gives memory of this heap without live blocks back to the system: runs without any, and of other runs the pages without
     * any, which count in the budget as before.
     *
     * @throws IllegalStateException after the close, or when this is another thread's heap
     */
    public void trim() {
        if (!isOfVirtualThreads()) {
            requireServing();
        }
        if (hardened != null) {
            hardened.trim();
        }
        if (isOfVirtualThreads()) {
            SharedPools.trim();
        } else if (Thread.currentThread() == owner) {
            pool.trim();
            pool.discardFreePages();
        } else {
            pools.trim();
            pools.discardFreePages();
        }
        domain.trimTracked();
        domain.mappings.emptyCache();
        Spans.purge();
        Unmapping.retryRefused();
    }

    /**
     * {@return what this heap and its children have, and may have} Any thread may ask. The budget of {@link #current} counts all of
     * malloc's memory.
     */
    public HeapBudget budget() {
        return HeapBudget.of(domain.budget);
    }

    /**
     * {@return what this heap holds} The heap of {@link #current} counts all blocks of {@link Malloc} that are mappings, or are
     * remembered for {@link #leakReport}, because these belong to no thread. In a heap with a {@link HeapOptions#mappingCache}, a
     * mapping that another thread is copying as it grows is not counted during the copy.
     *
     * @throws IllegalStateException after the close, or when this is another thread's heap
     */
    public HeapStatistics statistics() {
        return HeapContents.statistics(this);
    }

    /**
     * Shows every live block to {@code visitor}, mappings and remembered blocks as {@link #statistics} counts them. All blocks are
     * listed before the first is shown, so the visitor may free and allocate. In a heap with a {@link HeapOptions#mappingCache}, a
     * mapping that another thread is copying as it grows is not shown. A hardened heap is verified first.
     *
     * @param visitor gets the address and the usable size of each
     * @throws CorruptBlockException in a hardened heap that finds damage; then no block is shown
     * @throws IllegalStateException after the close, or when this is another thread's heap
     */
    public void walk(BlockVisitor visitor) {
        HeapContents.walk(this, visitor);
    }

    /**
     * {@return the live blocks of this heap that leak tracking remembers, by the stack that allocated them} The heap of
     * {@link #current} reports malloc of all threads. Each child of a heap reports for itself; {@link LeakTracking#report} reports
     * all heaps together.
     *
     * @see HeapOptions#leaks(LeakTracking.Level)
     */
    public LeakReport leakReport() {
        return domain.leaks.report();
    }

    /**
     * Checks all that a hardened heap can check: the slack of its live blocks, and what is in quarantine. An ordinary heap has
     * neither.
     *
     * @throws CorruptBlockException for the first damage that was not reported before
     * @throws IllegalStateException as {@link #malloc}
     */
    public void verify() {
        requireServing();
        if (hardened != null) {
            hardened.verify("verify");
        }
    }

    /**
     * Destroys the heap and every block in it. A heap with a level of {@link HeapOptions#leaks} then reports what was live.
     *
     * <p>A second close does nothing. But if the first threw because Java's heap was full or the stack at its end, the second does
     * the rest, and reports damage and leaks, too. A mapping that another thread is copying as it grows is unmapped by that thread,
     * after its copy.
     *
     * @throws IllegalStateException for a thread's own heap; for a confined heap, if another thread calls while its own has not
     *     ended; and while it has children or scopes, except confined scopes of threads that have ended
     * @throws CorruptBlockException if it was hardened and something in it is damaged; it is closed all the same
     */
    @Override
    public void close() {
        if (domain == Domain.MALLOC) {
            throw new IllegalStateException("the heap of malloc cannot be closed");
        }
        boolean looked = false;
        pools.lockAll();
        try {
            if (!domain.isClosed()) {
                requireClosing();
                tree.close(this);
                domain.leaks.close();
                domain.close();
                owner = null;
            }
            if (hardened != null) {
                hardened.close(); // or the rest, what a close before this one had not come to; what it looks at must be there still
            }
            looked = true;
            pools.destroy();
        } finally {
            pools.unlockAll();
            if (looked) {
                freeTheRest();
            }
        }
        Unmapping.retryRefused();
        CorruptBlockException corrupt = hardened == null ? null : hardened.corruptAtClose();
        try {
            domain.leaks.reportClose();
        } catch (Throwable thrown) {
            if (corrupt == null) {
                throw thrown;
            }
            corrupt.addSuppressed(thrown);
        }
        if (hardened != null && corrupt != null && hardened.reportsAtClose()) {
            throw corrupt;
        }
    }

    /**
     * Outside the lock, under which nobody may wait for a monitor: records and events are behind some. Once more does nothing, or
     * what Java's full heap has prevented: a close that threw can be repeated, and then the parent's succeeds.
     */
    private void freeTheRest() {
        try {
            domain.freeAll();
        } finally {
            domain.leaks.forgetAll();
        }
        HeapTree.leave(this);
        if (hardened != null) {
            hardened.forget();
        }
    }

    @Override
    public String toString() {
        return isOfVirtualThreads() ? domain + " of virtual threads" : pool.toString();
    }

    boolean isOfVirtualThreads() {
        return pool == SlotPool.NOBODY;
    }

    /** For what is done, or refused, without the lock. @throws IllegalStateException where this heap is closed, or another thread's */
    void requireServing() {
        Thread thread = Thread.currentThread();
        if (thread != owner && (domain.isClosed() || !servesOthers(thread))) {
            throw refusal();
        }
    }

    /** A confined heap serves nobody any more when its thread has ended; who sees that sees all that it did. */
    private void requireClosing() {
        Thread confinedTo = hardened != null ? hardened.confinedTo() : owner;
        if (confinedTo == null || confinedTo.isAlive()) {
            requireServing();
        }
    }

    boolean servesOthers(Thread thread) {
        return hardened != null ? hardened.serves(thread) : isOfVirtualThreads() ? thread.isVirtual() : access == Access.SHARED;
    }

    IllegalStateException refusal() {
        return domain.isClosed() ? new IllegalStateException(domain + " is closed") : wrongThread(this);
    }

    HeapTree tree() {
        return tree;
    }

    /** @param heap what the message calls it */
    static IllegalStateException wrongThread(Object heap) {
        return new IllegalStateException(heap + " does not serve thread " + Thread.currentThread().threadId()
                + ": use Heap.createShared(), or a heap of its own");
    }
}
