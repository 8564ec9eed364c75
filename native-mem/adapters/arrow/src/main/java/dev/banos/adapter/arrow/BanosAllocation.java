package dev.banos.adapter.arrow;

import dev.banos.mem.Heap;
import dev.banos.mem.Malloc;
import java.lang.foreign.Arena;
import java.util.Objects;
import java.util.function.LongConsumer;
import org.apache.arrow.memory.AllocationManager;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.memory.ReferenceManager;
import org.jspecify.annotations.Nullable;

/**
 * One chunk of Arrow's memory: a block of Banos, aligned to 64 bytes as Arrow's format recommends. It is freed, on any thread, when
 * the last of the allocators that share it releases it.
 *
 * <p>With this jar on the class path {@code new RootAllocator()} uses {@link #FACTORY}. For a heap of the application's own
 * there is {@link org.apache.arrow.memory.HeapRootAllocator}.
 */
public final class BanosAllocation extends AllocationManager {
    /** Allocates with {@link Malloc}. */
    public static final Factory FACTORY = new Blocks(null);

    private static final long ALIGNMENT = 64;

    private final long address;
    private final long size;
    private final LongConsumer free;

    private BanosAllocation(BufferAllocator accounting, long address, long size, LongConsumer free) {
        super(accounting);
        this.address = address;
        this.size = size;
        this.free = free;
    }

    /**
     * Allocates in a heap of the application's own, which may have a limit and a name.
     *
     * @param heap one for all threads; to be closed after Arrow's allocators
     * @return a factory of chunks in that heap
     */
    public static Factory of(Heap heap) {
        return new Blocks(Objects.requireNonNull(heap, "heap"));
    }

    @Override
    public long getSize() {
        return size;
    }

    @Override
    protected long memoryAddress() {
        return address;
    }

    @Override
    protected void release0() {
        free.accept(address);
    }

    private static final class Blocks implements Factory {
        /** Null where {@link Malloc} serves. */
        private final @Nullable Heap heap;
        private final LongConsumer free;

        Blocks(@Nullable Heap heap) {
            this.heap = heap;
            this.free = heap == null ? Malloc::free : heap::free;
        }

        /** @throws OutOfMemoryException when there is no memory, or none within the heap's limit */
        @Override
        public AllocationManager create(BufferAllocator accounting, long size) {
            long address = heap == null ? Malloc.alignedAlloc(ALIGNMENT, size) : heap.alignedAlloc(ALIGNMENT, size);
            if (address == 0) {
                Heap refusing = heap == null ? Heap.current() : heap;
                throw new OutOfMemoryException(size + " bytes of native memory for Arrow: " + refusing.budget());
            }
            return manage(accounting, address, size);
        }

        /** Arrow refuses where its allocator is closed; and Java's heap may have no room for the object. */
        private AllocationManager manage(BufferAllocator accounting, long address, long size) {
            AllocationManager managed = null;
            try {
                managed = new BanosAllocation(accounting, address, size, free);
                return managed;
            } finally {
                if (managed == null) {
                    free.accept(address);
                }
            }
        }

        @Override
        public ArrowBuf empty() {
            return Empty.BUFFER;
        }
    }

    /** Never freed, so it is no block of a heap. Made when first asked for. */
    private static final class Empty {
        static final ArrowBuf BUFFER = new ArrowBuf(ReferenceManager.NO_OP, null, 0,
                Arena.global().allocate(1, ALIGNMENT).address());
    }
}
