package dev.banos.mem;

import dev.banos.bindings.Native;
import dev.banos.lock.SpinLock;
import dev.banos.mem.slots.SizeClasses;
import dev.banos.mem.system.Zeros;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Arena java.lang.foreign.Arena} whose memory comes from our heaps. Segments have the exact size that was asked
 * for, and cannot be reached once the scope is closed. Small ones are cut from a chunk one after another, so that most
 * allocations are an addition; the close gives a few chunks back, whatever the number of segments.
 *
 * <pre>
 *   chunk:  | segment | segment | pad | segment |      free      |
 *                                                ^ next           ^ end
 * </pre>
 *
 * <p>Segments are zero, as those of the JDK's own arenas are, except in a scope that was made {@code Uninitialized}: there
 * they hold whatever was in the memory before, and cost only what their use costs.
 *
 * {@snippet class="dev.banos.samples.snippets.SnippetsTest" region="scope"}
 */
public final class HeapScope implements Arena {
    private static final long FIRST_CHUNK_BYTES = 256;
    private static final long LARGEST_CHUNK_BYTES = 32 * 1024;
    /** A segment of less than this part of a chunk is cut from one; a larger one is a block of its own. */
    private static final int SEGMENTS_PER_CHUNK = 4;
    private static final long[] NO_MORE = {};

    private final Arena lifetime;
    /** Of a confined scope; null for a shared one. */
    private final @Nullable Thread owner;
    /** Of a shared scope; null for a confined one. */
    private final @Nullable SpinLock lock;
    private final boolean zeroes;
    private long next;
    private long end;
    private long chunkBytes = FIRST_CHUNK_BYTES;
    /** The first block has a field of its own: many scopes need no more. */
    private long firstBlock;
    private long[] moreBlocks = NO_MORE;
    private int moreCount;
    private long blockBytes;
    /** Of a scope in a {@link ScopeGroup}: whose lifetime this is. Null for a scope that has its own. */
    private final ScopeGroup.@Nullable Generation generation;
    /** Of a scope in a group: changes under the lock. */
    private boolean closed;
    /** Of a shared scope of its own: whether a thread is in its close, or was. Changes under the lock. */
    private boolean closing;
    /** The group's, once this scope is closed. */
    @Nullable HeapScope nextWaiting;

    private HeapScope(Arena lifetime, @Nullable Thread owner, boolean zeroes) {
        this(lifetime, owner, zeroes, null);
    }

    private HeapScope(Arena lifetime, @Nullable Thread owner, boolean zeroes, ScopeGroup.@Nullable Generation generation) {
        this.generation = generation;
        this.lifetime = lifetime;
        this.owner = owner;
        this.lock = owner == null ? new SpinLock() : null;
        this.zeroes = zeroes;
    }

    /** {@return a scope that the calling thread alone uses and closes} */
    public static HeapScope ofConfined() {
        return new HeapScope(Arena.ofConfined(), Thread.currentThread(), true);
    }

    /**
     * A scope as {@link #ofConfined} makes it, but what its segments hold at first is undefined.
     *
     * @return the scope, open until its {@link #close}
     */
    public static HeapScope ofConfinedUninitialized() {
        return new HeapScope(Arena.ofConfined(), Thread.currentThread(), false);
    }

    static HeapScope of(ScopeGroup.Generation generation, boolean zeroes) {
        return new HeapScope(generation.lifetime, null, zeroes, generation);
    }

    /**
     * {@return a scope that any thread uses and closes} Its close costs what the close of {@link Arena#ofShared} costs: a
     * {@link ScopeGroup} shares that among many.
     */
    public static HeapScope ofShared() {
        return new HeapScope(Arena.ofShared(), null, true);
    }

    /**
     * A scope as {@link #ofShared} makes it, but what its segments hold at first is undefined.
     *
     * @return the scope, open until its {@link #close}
     */
    public static HeapScope ofSharedUninitialized() {
        return new HeapScope(Arena.ofShared(), null, false);
    }

    /**
     * A segment of this scope.
     *
     * @param byteSize in bytes, 0 or more: exactly the size of the segment
     * @param byteAlignment in bytes, a power of two
     * @return the segment, of zeros but in a scope that was made {@code Uninitialized}
     * @throws IllegalArgumentException for another size or alignment
     * @throws OutOfMemoryError when there is no memory
     * @throws WrongThreadException in a confined scope, when another thread calls
     * @throws IllegalStateException after the close
     */
    @Override
    public MemorySegment allocate(long byteSize, long byteAlignment) {
        if (byteSize < 0 || byteAlignment <= 0 || (byteAlignment & (byteAlignment - 1)) != 0) {
            throw SlowMalloc.badRequest(byteSize, byteAlignment);
        }
        long address = lock == null ? placeConfined(byteSize, byteAlignment) : placeLocked(lock, byteSize, byteAlignment);
        return Native.segment(address, byteSize, lifetime, null);
    }

    @Override
    public MemorySegment.Scope scope() {
        return lifetime.scope();
    }

    /**
     * Ends the life of all segments, then gives their memory back; in a {@link ScopeGroup} when the group does. What a cleanup action of
     * {@link MemorySegment#reinterpret(long, Arena, java.util.function.Consumer)} throws comes out of it, after that.
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
        beginClose(lock);
        try {
            lifetime.close();
        } finally {
            endClose(lock);
        }
    }

    private void beginClose(SpinLock lock) {
        lock.lock();
        try {
            if (closing) {
                throw alreadyClosed();
            }
            closing = true;
        } finally {
            lock.unlock();
        }
    }

    private void endClose(SpinLock lock) {
        lock.lock();
        try {
            closing = !lifetime.scope().isAlive(); // alive: native code has a segment
            if (closing) {
                freeBlocks();
            }
        } finally {
            lock.unlock();
        }
    }

    private void leave(ScopeGroup.Generation generation, SpinLock lock) {
        lock.lock();
        try {
            if (closed) {
                throw alreadyClosed();
            }
            closed = true;
            next = 0; // so that each allocation comes to placeSlow
            end = 0;
        } finally {
            lock.unlock();
        }
        generation.left(this);
    }

    long blockBytes() {
        return blockBytes;
    }

    void freeBlocks() {
        if (firstBlock != 0) {
            Malloc.free(firstBlock);
        }
        for (int i = 0; i < moreCount; i++) {
            Malloc.free(moreBlocks[i]);
        }
        firstBlock = 0;
        moreCount = 0;
        next = 0;
        end = 0;
    }

    @Override
    public String toString() {
        return (owner == null ? "shared scope" : "scope of thread " + owner.threadId())
                + (closed || !lifetime.scope().isAlive() ? ", closed" : "");
    }

    private long placeConfined(long size, long alignment) {
        if (Thread.currentThread() != owner) {
            throw new WrongThreadException("scope of thread " + Objects.requireNonNull(owner).threadId() + " used by thread "
                    + Thread.currentThread().threadId());
        }
        return cleared(place(size, alignment), size);
    }

    private long placeLocked(SpinLock lock, long size, long alignment) {
        lock.lock();
        try {
            return cleared(place(size, alignment), size); // before a close can give the memory to somebody else
        } finally {
            lock.unlock();
        }
    }

    private long cleared(long address, long size) {
        if (zeroes && size < SizeClasses.DIRECT_BYTES) { // a larger one is zero as it comes
            Zeros.write(address, size);
        }
        return address;
    }

    private long place(long size, long alignment) {
        long start = (next + alignment - 1) & -alignment;
        if (size <= end - start && next != 0) {
            next = start + size;
            return start;
        }
        return placeSlow(size, alignment);
    }

    private long placeSlow(long size, long alignment) {
        if (closed || !lifetime.scope().isAlive()) {
            throw alreadyClosed();
        }
        if (size > LARGEST_CHUNK_BYTES / SEGMENTS_PER_CHUNK || alignment > SizeClasses.ALIGNMENT) {
            return addBlock(alignment, size);
        }
        long bytes = Math.max(chunkBytes, size * SEGMENTS_PER_CHUNK);
        chunkBytes = Math.min(bytes * 2, LARGEST_CHUNK_BYTES);
        long chunk = addBlock(SizeClasses.ALIGNMENT, bytes);
        next = chunk + size;
        end = chunk + bytes;
        return chunk;
    }

    private static IllegalStateException alreadyClosed() {
        return new IllegalStateException("Already closed");
    }

    private long addBlock(long alignment, long size) {
        boolean first = firstBlock == 0;
        if (!first) {
            ensureRoom();
        }
        long block = zeroes && size >= SizeClasses.DIRECT_BYTES ? Heap.current().zeroed(alignment, size)
                : alignment <= SizeClasses.ALIGNMENT ? Malloc.malloc(size) : Malloc.alignedAlloc(alignment, size);
        if (block == 0) {
            throw Malloc.noMemory(size);
        }
        if (first) {
            firstBlock = block;
        } else {
            moreBlocks[moreCount++] = block;
        }
        blockBytes += size;
        return block;
    }

    private void ensureRoom() {
        if (moreCount == moreBlocks.length) {
            moreBlocks = Arrays.copyOf(moreBlocks, Math.max(4, moreCount * 2));
        }
    }
}
