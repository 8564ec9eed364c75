package dev.banos.mem;

import dev.banos.bindings.Native;
import dev.banos.lock.SpinLock;
import dev.banos.lock.StackRoom;
import dev.banos.mem.slots.Bin;
import dev.banos.mem.slots.RecentBins;
import dev.banos.mem.slots.SizeClasses;
import dev.banos.mem.system.Zeros;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Arena java.lang.foreign.Arena} with memory of malloc or of a {@link Heap}. Segments have the exact size that was asked
 * for, and cannot be reached once the scope is closed. Small ones are cut from a chunk one after another, so most allocations are
 * an addition; the close gives back a few chunks, whatever the number of segments.
 *
 * <pre>
 *   chunk:  | segment | segment | pad | segment |      free      |
 *                                                ^ next           ^ end
 * </pre>
 *
 * <p>Segments are zero, like those of the JDK's own arenas. In a scope that was made {@code Uninitialized}, their content is
 * undefined, and nobody pays for zeroing it.
 *
 * <p><b>With memory of a heap</b>, the scope counts in the heap's limit, marks and figures.
 * <ul>
 * <li>The heap cannot be closed while scopes have blocks of it: its {@link Heap#close} is refused, and names them. So the memory
 *     of a segment never ends before its scope.</li>
 * <li>At the heap's limit an allocation is an {@link OutOfMemoryError}, and the scope is as it was. So it is if the action of a
 *     mark throws, which the allocation throws, too.</li>
 * <li>In a hardened heap each segment is a block of its own. So the close finds what C has written behind it.</li>
 * <li>{@link Heap#current} stands for malloc, which serves all threads.</li>
 * </ul>
 *
 * {@snippet class="dev.banos.samples.snippets.SnippetsTest" region="scope"}
 */
public final class HeapScope implements Arena {
    private static final long FIRST_CHUNK_BYTES = 256;
    private static final long LARGEST_CHUNK_BYTES = 32 * 1024;
    /** A segment of less than this part of a chunk is cut from one; a larger one is a block of its own. */
    private static final int SEGMENTS_PER_CHUNK = 4;
    private static final long NONE = -1;
    /** More than it takes to give back a mapping, or a block of a hardened heap. */
    static final int CALLS_TO_CLOSE = 150;

    private final Arena lifetime;
    /** Of a confined scope; null for a shared one. */
    private final @Nullable Thread owner;
    /** Of a shared scope; null for a confined one. */
    private final @Nullable SpinLock lock;
    private final boolean zeroes;
    /** Whose blocks these are. Null where they are malloc's, unless that is hardened. */
    private final @Nullable HeapTenant tenant;
    private long next;
    private long end;
    private long chunkBytes = FIRST_CHUNK_BYTES;
    /** The largest segment that may open the first chunk by {@link #placeFirst}; {@link #NONE} where there is one, or the scope is closed. */
    private long quickBytes;
    /** The first block has a field of its own: many scopes need no more. */
    private long firstBlock;
    private long[] moreBlocks = Heap.NO_ADDRESSES;
    private int moreCount;
    private long blockBytes;
    /** Whether a block is a mapping, or {@link HeapTenant#isFreedDeeply}: another slot goes back with little stack. */
    private boolean isClosedDeeply;
    /** Of a scope in a {@link ScopeGroup}: whose lifetime this is. Null for a scope that has its own. */
    private final ScopeGroup.@Nullable Generation generation;
    /** Of a scope in a group: changes under the lock. */
    private boolean closed;
    /** Of a shared scope of its own: whether a thread is in its close, or was. Changes under the lock. */
    private boolean closing;
    /** The group's, once this scope is closed. */
    @Nullable HeapScope nextWaiting;

    private HeapScope(Arena lifetime, @Nullable Thread owner, boolean zeroes, @Nullable HeapTenant tenant,
            ScopeGroup.@Nullable Generation generation) {
        this.tenant = tenant;
        this.generation = generation;
        this.lifetime = lifetime;
        this.owner = owner;
        this.lock = owner == null ? new SpinLock() : null;
        this.zeroes = zeroes;
        this.quickBytes = tenant == null || tenant.counts && tenant.heap.hardened() == null ? LARGEST_CHUNK_BYTES / SEGMENTS_PER_CHUNK : NONE;
    }

    /** {@return a scope that the calling thread alone uses and closes} */
    public static HeapScope ofConfined() {
        return new HeapScope(Arena.ofConfined(), Thread.currentThread(), true, Heap.tenantOfMalloc(), null);
    }

    /**
     * A scope that the calling thread alone uses and closes, with memory of the heap.
     *
     * @param heap one that serves the calling thread
     * @return the scope, open until its {@link #close}; until then the heap's close is refused
     * @throws IllegalStateException when the heap is closed, or does not serve the calling thread
     */
    public static HeapScope ofConfined(Heap heap) {
        return in(HeapTenant.confined(heap), Arena.ofConfined(), Thread.currentThread(), true);
    }

    /**
     * A scope as of {@link #ofConfined()}, with segments of undefined content.
     *
     * @return the scope, open until its {@link #close}
     */
    public static HeapScope ofConfinedUninitialized() {
        return new HeapScope(Arena.ofConfined(), Thread.currentThread(), false, Heap.tenantOfMalloc(), null);
    }

    /**
     * A scope as of {@link #ofConfined(Heap)}, with segments of undefined content.
     *
     * @param heap one that serves the calling thread
     * @return the scope, open until its {@link #close}; until then the heap's close is refused
     * @throws IllegalStateException when the heap is closed, or does not serve the calling thread
     */
    public static HeapScope ofConfinedUninitialized(Heap heap) {
        return in(HeapTenant.confined(heap), Arena.ofConfined(), Thread.currentThread(), false);
    }

    static HeapScope of(ScopeGroup.Generation generation, boolean zeroes) {
        return new HeapScope(generation.lifetime, null, zeroes, generation.tenant, generation);
    }

    /**
     * {@return a scope that any thread may use and close} Its close costs what the close of {@link Arena#ofShared} costs; the
     * scopes of a {@link ScopeGroup} share that cost.
     */
    public static HeapScope ofShared() {
        return new HeapScope(Arena.ofShared(), null, true, Heap.tenantOfMalloc(), null);
    }

    /**
     * A scope as of {@link #ofShared()}, with memory of the heap.
     *
     * @param heap one that serves all threads
     * @return the scope, open until its {@link #close}; until then the heap's close is refused
     * @throws IllegalArgumentException when the heap is confined to a thread
     * @throws IllegalStateException when the heap is closed
     */
    public static HeapScope ofShared(Heap heap) {
        return in(HeapTenant.shared(heap), Arena.ofShared(), null, true);
    }

    /**
     * A scope as of {@link #ofShared()}, with segments of undefined content.
     *
     * @return the scope, open until its {@link #close}
     */
    public static HeapScope ofSharedUninitialized() {
        return new HeapScope(Arena.ofShared(), null, false, Heap.tenantOfMalloc(), null);
    }

    /**
     * A scope as of {@link #ofShared(Heap)}, with segments of undefined content.
     *
     * @param heap one that serves all threads
     * @return the scope, open until its {@link #close}; until then the heap's close is refused
     * @throws IllegalArgumentException when the heap is confined to a thread
     * @throws IllegalStateException when the heap is closed
     */
    public static HeapScope ofSharedUninitialized(Heap heap) {
        return in(HeapTenant.shared(heap), Arena.ofShared(), null, false);
    }

    /** The scope is made before the heap knows it: Java's heap may have no room for it. */
    private static HeapScope in(@Nullable HeapTenant tenant, Arena lifetime, @Nullable Thread owner, boolean zeroes) {
        HeapScope made = new HeapScope(lifetime, owner, zeroes, tenant, null);
        if (tenant != null) {
            tenant.enter(made);
        }
        return made;
    }

    /**
     * Allocates a segment of this scope.
     *
     * @param byteSize the exact size of the segment in bytes, 0 or more
     * @param byteAlignment in bytes, a power of two
     * @return the segment, of zeros unless the scope was made {@code Uninitialized}
     * @throws IllegalArgumentException for any other size or alignment
     * @throws OutOfMemoryError when there is no memory, or the heap is at its limit
     * @throws WrongThreadException in a confined scope, when another thread calls
     * @throws IllegalStateException after the close
     */
    @Override
    public MemorySegment allocate(long byteSize, long byteAlignment) {
        if (byteSize < 0 || byteAlignment <= 0 || (byteAlignment & (byteAlignment - 1)) != 0) {
            throw SlowMalloc.badRequest(byteSize, byteAlignment);
        }
        long address = Thread.currentThread() == owner ? place(byteSize, byteAlignment) : placeShared(byteSize, byteAlignment);
        return Native.segment(address, byteSize, lifetime, null);
    }

    @Override
    public MemorySegment.Scope scope() {
        return lifetime.scope();
    }

    /**
     * Ends the life of all segments, then gives their memory back; in a {@link ScopeGroup}, when the group does.
     *
     * <p>What a cleanup action of {@link MemorySegment#reinterpret(long, Arena, java.util.function.Consumer)} throws is thrown after
     * that. If it is a {@link VirtualMachineError}, which may come from the JVM's own part of the close, the memory of a shared scope
     * stays as it is for good, and so does the heap that it is of.
     *
     * @throws CorruptBlockException in a hardened heap that finds damage; the scope is closed, and all else has gone back
     * @throws StackOverflowError if the stack is nearly at its end: then a caller further up can close the scope. A scope in a group
     *     may be closed by then, and its generation ends with the next
     */
    @Override
    public void close() {
        if (lock == null) {
            closeConfined();
        } else if (generation != null) {
            leave(generation, lock);
        } else {
            closeShared(lock);
        }
    }

    /** A cleanup action may call it as well, when the life has ended and the memory is still to be there for the other actions. */
    private void closeConfined() {
        if (isClosedDeeply) {
            StackRoom.require(CALLS_TO_CLOSE);
        }
        boolean ends = Thread.currentThread() == owner && lifetime.scope().isAlive();
        try {
            lifetime.close();
        } finally {
            if (ends && !lifetime.scope().isAlive()) {
                freeBlocks();
            }
        }
    }

    /** One thread at a time: another finds the life ended while the JVM still asks all threads whether they are in an access. */
    private void closeShared(SpinLock lock) {
        StackRoom.require(CALLS_TO_CLOSE);
        beginClose(lock);
        boolean askedAll = true;
        try {
            lifetime.close();
        } catch (VirtualMachineError perhapsBefore) { // then another thread may still be in the memory
            askedAll = false;
            throw perhapsBefore;
        } finally {
            endClose(lock, askedAll);
        }
    }

    private void beginClose(SpinLock lock) {
        lock.lock();
        try {
            if (closing) {
                throw lifetime.scope().isAlive() ? new IllegalStateException("Another thread is closing it") : alreadyClosed();
            }
            closing = true;
        } finally {
            lock.unlock();
        }
    }

    private void endClose(SpinLock lock, boolean askedAll) {
        boolean ended = !lifetime.scope().isAlive(); // alive: native code has a segment
        lock.lock();
        try {
            closing = ended;
            if (ended) {
                leaveChunk();
            }
        } finally {
            lock.unlock();
        }
        if (ended && askedAll) { // nobody is at work in it any more, and who comes later finds it ended
            freeBlocks();
        }
    }

    /** Where the stack ends before the group has counted it, it is open as before: else its generation would never end. */
    private void leave(ScopeGroup.Generation generation, SpinLock lock) {
        boolean isLast;
        lock.lock();
        try {
            if (closed) {
                throw alreadyClosed();
            }
            isLast = generation.count(this);
            closed = true;
            leaveChunk();
        } finally {
            lock.unlock();
        }
        if (isLast) {
            generation.end();
        }
    }

    long blockBytes() {
        return blockBytes;
    }

    void freeBlocks() {
        if (tenant != null) {
            freeBlocks(tenant);
            return;
        }
        if (firstBlock != 0) {
            Malloc.free(firstBlock);
        }
        for (int i = 0; i < moreCount; i++) {
            Malloc.free(moreBlocks[i]);
        }
        firstBlock = 0;
        moreCount = 0;
        leaveChunk();
    }

    /** What a free throws keeps no other block: a hardened heap finds damage, or Java's heap is full. */
    private void freeBlocks(HeapTenant tenant) {
        Throwable thrown = null;
        for (int i = -1; i < moreCount; i++) {
            try {
                tenant.heap.free(i < 0 ? firstBlock : moreBlocks[i]);
            } catch (RuntimeException | Error ofOne) {
                thrown = Thrown.joined(thrown, ofOne);
            }
        }
        firstBlock = 0;
        moreCount = 0;
        leaveChunk();
        if (generation == null) {
            leave(tenant);
        }
        Thrown.rethrow(thrown);
    }

    /** At the end of the stack too: otherwise the heap could not be closed any more. */
    static void leave(HeapTenant tenant) {
        if (tenant.counts) {
            tenant.ownScopes--; // without a call
            return;
        }
        boolean left = false;
        try {
            tenant.leave();
            left = true;
        } finally {
            if (!left) {
                tenant.isGone = true;
            }
        }
    }

    /** So that each allocation looks whether the scope is open. */
    private void leaveChunk() {
        next = 0;
        end = 0;
        quickBytes = NONE;
    }

    @Override
    public String toString() {
        return kind() + (tenant == null || tenant.heap.isOfMalloc() ? "" : " in " + tenant.heap.domain()) + (closed || !lifetime.scope().isAlive() ? ", closed" : "");
    }

    String kind() {
        return owner == null ? "shared scope" : kind(owner);
    }

    static String kind(Thread owner) {
        return "scope of thread " + owner.threadId();
    }

    private long placeShared(long size, long alignment) {
        if (lock == null) {
            throw new WrongThreadException(kind() + " used by thread "
                    + Thread.currentThread().threadId());
        }
        return placeLocked(lock, size, alignment);
    }

    /** A block is made without the lock: its malloc may wait for a monitor, as those who wait for the lock must not (SpinLock). */
    private long placeLocked(SpinLock lock, long size, long alignment) {
        long bytes;
        lock.lock();
        try {
            long address = placeInChunk(size, alignment);
            if (address != 0) {
                return cleared(address, size); // before a close can give the memory to somebody else
            }
            bytes = bytesOfNext(size, alignment);
        } finally {
            lock.unlock();
        }
        return placeInNew(lock, bytes, size, alignment);
    }

    /** @param wanted of the block, which is a chunk where they are more than the segment's */
    private long placeInNew(SpinLock lock, long wanted, long size, long alignment) {
        long block = newBlock(alignment, wanted);
        long bytes = block != 0 ? wanted : size;
        if (block == 0) {
            block = newSmallerBlock(alignment, wanted, size);
        }
        if (tenant != null) {
            clearNew(tenant, block, size);
        }
        boolean kept = false;
        try {
            long segment = tenant != null ? block : cleared(block, size);
            lock.lock();
            try {
                requireOpen();
                keep(block, bytes);
                kept = true;
                serveFrom(block, bytes, size);
            } finally {
                lock.unlock();
            }
            return segment;
        } finally {
            if (!kept) { // closed meanwhile, or Java's heap is full
                giveBack(block);
            }
        }
    }

    /** Before the scope keeps it: until then a close may go on, and the heap's after it. Where this throws, the block has gone back. */
    private void clearNew(HeapTenant tenant, long block, long size) {
        if (zeroes && size < SizeClasses.DIRECT_BYTES) {
            BlockWrites.clear(tenant.heap, block, size);
        }
    }

    private long cleared(long address, long size) {
        if (zeroes && size < SizeClasses.DIRECT_BYTES) { // a larger one is zero as it comes
            Zeros.write(address, size);
        }
        return address;
    }

    private long place(long size, long alignment) {
        long start = placeInChunk(size, alignment);
        if (start == 0) {
            start = size <= quickBytes && alignment <= SizeClasses.ALIGNMENT ? placeFirst(size) : 0;
            if (start == 0) {
                return cleared(placeSlow(size, alignment), size);
            }
        }
        if (zeroes) {
            Zeros.writeFew(start, size);
        }
        return start;
    }

    /**
     * In the first chunk. The life of many scopes is this and the close: there are as few branches as can be, because a caller into
     * which it is compiled becomes, with each, less likely to be compiled into its own, and then the scope is an object on Java's heap.
     *
     * @return 0: the size's bin has no slot at hand
     */
    private long placeFirst(long size) {
        long bytes = Math.max(FIRST_CHUNK_BYTES, size * SEGMENTS_PER_CHUNK);
        Bin bin = tenant == null ? RecentBins.bin(bytes) : tenant.heap.pool.bin(bytes);
        long slot = bin.next();
        if (slot == 0) {
            return 0;
        }
        long block = bin.take(slot);
        quickBytes = NONE;
        chunkBytes = Math.min(bytes * 2, LARGEST_CHUNK_BYTES);
        firstBlock = block;
        blockBytes = bytes;
        next = block + size;
        end = block + bytes;
        return block;
    }

    /** @return where the segment begins; 0: the chunk has no room for it */
    private long placeInChunk(long size, long alignment) {
        long start = (next + alignment - 1) & -alignment;
        if (size <= end - start && next != 0) {
            next = start + size;
            return start;
        }
        return 0;
    }

    private long placeSlow(long size, long alignment) {
        long wanted = bytesOfNext(size, alignment);
        long block = newBlock(alignment, wanted);
        long bytes = block != 0 ? wanted : size;
        if (block == 0) {
            block = newSmallerBlock(alignment, wanted, size);
        }
        boolean kept = false;
        try {
            if (tenant != null) { // the action of a mark may have closed it
                requireOpen();
            }
            keep(block, bytes);
            kept = true;
        } finally {
            if (!kept) { // or Java's heap is full
                giveBack(block);
            }
        }
        serveFrom(block, bytes, size);
        return block;
    }

    /** How large the next block is to be: a chunk, or as large as the segment that it is for. */
    private long bytesOfNext(long size, long alignment) {
        requireOpen();
        if (size > LARGEST_CHUNK_BYTES / SEGMENTS_PER_CHUNK || alignment > SizeClasses.ALIGNMENT
                || tenant != null && tenant.heap.hardened() != null) {
            return size;
        }
        long bytes = Math.max(chunkBytes, size * SEGMENTS_PER_CHUNK);
        chunkBytes = Math.min(bytes * 2, LARGEST_CHUNK_BYTES);
        return bytes;
    }

    private void requireOpen() {
        if (closed || !lifetime.scope().isAlive()) {
            throw alreadyClosed();
        }
    }

    private static IllegalStateException alreadyClosed() {
        return new IllegalStateException("Already closed");
    }

    /** @return 0: there is no memory */
    private long newBlock(long alignment, long size) {
        if (tenant != null) {
            return newBlock(tenant.heap, alignment, size);
        }
        return zeroes && size >= SizeClasses.DIRECT_BYTES ? Heap.current().zeroed(alignment, size)
                : alignment <= SizeClasses.ALIGNMENT ? Malloc.malloc(size) : Malloc.alignedAlloc(alignment, size);
    }

    private long newBlock(Heap heap, long alignment, long size) {
        return zeroes && size >= SizeClasses.DIRECT_BYTES ? heap.zeroed(alignment, size)
                : alignment <= SizeClasses.ALIGNMENT ? heap.malloc(size) : heap.alignedAlloc(alignment, size);
    }

    /** At a limit there may be room for the segment where there is none for a chunk; then the next chunks are small again. */
    private long newSmallerBlock(long alignment, long wanted, long size) {
        chunkBytes = FIRST_CHUNK_BYTES; // without the lock: any size is right
        long block = wanted > size ? newBlock(alignment, size) : 0;
        if (block == 0) {
            throw tenant == null ? Malloc.noMemory(size) : tenant.heap.noMemory(size);
        }
        return block;
    }

    private void giveBack(long block) {
        if (tenant == null) {
            Malloc.free(block);
        } else {
            BlockWrites.giveBack(tenant.heap, block);
        }
    }

    /** The block goes with the scope from now on. */
    private void keep(long block, long size) {
        quickBytes = NONE;
        if (firstBlock == 0) {
            firstBlock = block;
        } else {
            ensureRoom();
            moreBlocks[moreCount++] = block;
        }
        blockBytes += size;
        isClosedDeeply |= size >= SizeClasses.DIRECT_BYTES || tenant != null && tenant.isFreedDeeply();
    }

    /** What a new chunk has beyond its first segment is for those to come, unless another thread has made a chunk that has more. */
    private void serveFrom(long block, long bytes, long size) {
        if (bytes - size > end - next) {
            next = block + size;
            end = block + bytes;
        }
    }

    private void ensureRoom() {
        if (moreCount == moreBlocks.length) {
            moreBlocks = Arrays.copyOf(moreBlocks, Math.max(4, moreCount * 2));
        }
    }
}
