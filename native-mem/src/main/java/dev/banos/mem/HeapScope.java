package dev.banos.mem;

import dev.banos.bindings.Native;
import dev.banos.lock.SpinLock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A {@link Arena java.lang.foreign.Arena} whose memory comes from our heaps. Segments are zero, have the exact size that
 * was asked for, and cannot be reached once the scope is closed. Small ones are cut from a chunk one after another, so that
 * most allocations are an addition; the close gives a few chunks back, whatever the number of segments.
 *
 * <pre>
 *   chunk:  | segment | segment | pad | segment |      free      |
 *                                                ^ next           ^ end
 * </pre>
 */
public final class HeapScope implements Arena {
    private static final long FIRST_CHUNK_BYTES = 256;
    private static final long LARGEST_CHUNK_BYTES = 16 * 1024;

    private final Arena lifetime;
    /** Of a confined scope; null for a shared one. */
    private final Thread owner;
    /** Of a shared scope; null for a confined one. */
    private final SpinLock lock;
    private long next;
    private long end;
    private long chunkBytes = FIRST_CHUNK_BYTES;
    private long[] blocks = new long[4];
    private int blockCount;

    private HeapScope(Arena lifetime, Thread owner, SpinLock lock) {
        this.lifetime = lifetime;
        this.owner = owner;
        this.lock = lock;
    }

    /** A scope that the calling thread alone uses and closes. */
    public static HeapScope ofConfined() {
        return new HeapScope(Arena.ofConfined(), Thread.currentThread(), null);
    }

    /** A scope that any thread uses and closes. */
    public static HeapScope ofShared() {
        return new HeapScope(Arena.ofShared(), null, new SpinLock());
    }

    /** @throws OutOfMemoryError when there is no memory */
    @Override
    public MemorySegment allocate(long byteSize, long byteAlignment) {
        if (byteSize < 0 || byteAlignment <= 0 || Long.bitCount(byteAlignment) != 1) {
            throw new IllegalArgumentException("byteSize=" + byteSize + ", byteAlignment=" + byteAlignment);
        }
        if (owner != null && Thread.currentThread() != owner) {
            throw new WrongThreadException("scope of thread " + owner.threadId() + " used by thread "
                    + Thread.currentThread().threadId());
        }
        long address = lock == null ? place(byteSize, byteAlignment) : placeLocked(byteSize, byteAlignment);
        MemorySegment segment = Native.segment(address, byteSize, lifetime, null);
        return byteSize < SizeClasses.DIRECT_BYTES ? segment.fill((byte) 0) : segment;
    }

    @Override
    public MemorySegment.Scope scope() {
        return lifetime.scope();
    }

    /** Ends the life of all segments, then gives their memory back. */
    @Override
    public void close() {
        lifetime.close();
        if (lock == null) {
            freeBlocks();
            return;
        }
        lock.lock();
        try {
            freeBlocks();
        } finally {
            lock.unlock();
        }
    }

    private void freeBlocks() {
        for (int i = 0; i < blockCount; i++) {
            Malloc.free(blocks[i]);
        }
        blockCount = 0;
        next = 0;
        end = 0;
    }

    private long placeLocked(long size, long alignment) {
        lock.lock();
        try {
            return place(size, alignment);
        } finally {
            lock.unlock();
        }
    }

    private long place(long size, long alignment) {
        long start = (next + alignment - 1) & -alignment;
        if (start + size <= end && size <= LARGEST_CHUNK_BYTES && next != 0) {
            next = start + size;
            return start;
        }
        return placeSlow(size, alignment);
    }

    private long placeSlow(long size, long alignment) {
        if (!lifetime.scope().isAlive()) {
            throw new IllegalStateException("Already closed");
        }
        if (size > chunkBytes / 2 || alignment > SizeClasses.ALIGNMENT) {
            return addBlock(alignment, size);
        }
        next = addBlock(SizeClasses.ALIGNMENT, chunkBytes);
        end = next + chunkBytes;
        chunkBytes = Math.min(chunkBytes * 2, LARGEST_CHUNK_BYTES);
        return place(size, alignment);
    }

    private long addBlock(long alignment, long size) {
        if (blockCount == blocks.length) {
            blocks = Arrays.copyOf(blocks, blockCount * 2);
        }
        long address = Malloc.alignedAlloc(alignment, size);
        if (address == 0) {
            throw Malloc.noMemory(size);
        }
        blocks[blockCount++] = address;
        return address;
    }
}
