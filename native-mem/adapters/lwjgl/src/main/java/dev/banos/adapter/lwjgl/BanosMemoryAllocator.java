package dev.banos.adapter.lwjgl;

import dev.banos.mem.Malloc;
import dev.banos.mem.MallocPointers;
import org.lwjgl.system.MemoryUtil.MemoryAllocator;

/**
 * {@code MemoryUtil.memAlloc} and its kin on {@link Malloc}. LWJGL makes one by the name of this class:
 *
 * <pre>{@code
 *   -Dorg.lwjgl.system.allocator=dev.banos.adapter.lwjgl.BanosMemoryAllocator
 * }</pre>
 *
 * <p>A wrong {@code memFree} is an {@code InvalidBlockException}. Java, and C libraries to which LWJGL gives the
 * {@linkplain #getMalloc function pointers}, may free each other's blocks: they use one heap.
 */
public final class BanosMemoryAllocator implements MemoryAllocator {
    private final MallocPointers pointers = MallocPointers.ofMalloc();

    /** For LWJGL. */
    public BanosMemoryAllocator() {
    }

    @Override
    public long getMalloc() {
        return pointers.malloc().address();
    }

    @Override
    public long getCalloc() {
        return pointers.calloc().address();
    }

    @Override
    public long getRealloc() {
        return pointers.realloc().address();
    }

    @Override
    public long getFree() {
        return pointers.free().address();
    }

    @Override
    public long getAlignedAlloc() {
        return pointers.alignedAlloc().address();
    }

    @Override
    public long getAlignedFree() {
        return pointers.free().address();
    }

    @Override
    public long malloc(long size) {
        return Malloc.malloc(size);
    }

    @Override
    public long calloc(long count, long size) {
        return Malloc.calloc(count, size);
    }

    @Override
    public long realloc(long address, long size) {
        return Malloc.realloc(address, size);
    }

    @Override
    public void free(long address) {
        Malloc.free(address);
    }

    @Override
    public long aligned_alloc(long alignment, long size) {
        return Malloc.alignedAlloc(alignment, size);
    }

    @Override
    public void aligned_free(long address) {
        Malloc.free(address);
    }
}
