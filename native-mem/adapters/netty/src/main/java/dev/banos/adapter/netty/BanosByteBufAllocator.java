package dev.banos.adapter.netty;

import static dev.banos.bindings.Native.EVERYTHING;

import dev.banos.bindings.Setting;
import dev.banos.mem.Heap;
import dev.banos.mem.Malloc;
import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocatorMetric;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A Netty allocator whose direct buffers are blocks of Banos. Each buffer is one block, which grows by {@code realloc} and goes back
 * at the buffer's last release, on any thread.
 *
 * <pre>{@code
 *   bootstrap.option(ChannelOption.ALLOCATOR, BanosByteBufAllocator.DEFAULT)
 *            .childOption(ChannelOption.ALLOCATOR, BanosByteBufAllocator.DEFAULT);
 * }</pre>
 *
 * <p>Buffers on the Java heap are arrays, and composite buffers are Netty's own, as with Netty's unpooled allocator.
 */
public final class BanosByteBufAllocator extends AbstractByteBufAllocator
        implements ByteBufAllocatorMetricProvider, ByteBufAllocatorMetric {
    private static final String CACHE_PROPERTY = "banos.mem.mappingCacheBytes";
    private static final long DEFAULT_CACHE_BYTES = 64 << 20;

    /**
     * Allocates with {@link Malloc}: each thread from runs of its own, without a lock.
     *
     * <p>It lets malloc keep up to 64 MiB of freed blocks of 64 KiB and more, if malloc has served nobody before, and neither
     * {@code -Dbanos.mem.mappingCacheBytes=} nor hardening is set. Event loops read into such buffers, and fresh pages for each would
     * cost hundreds of times the rest.
     */
    public static final BanosByteBufAllocator DEFAULT = ofMalloc();

    /** Null where {@link Malloc} serves. */
    private final @Nullable Heap heap;
    private final BufferGrowth growth;
    private final LongAdder arrayBytes = new LongAdder();

    private BanosByteBufAllocator(BufferGrowth growth) {
        super(true);
        this.heap = null;
        this.growth = growth;
    }

    private static BanosByteBufAllocator ofMalloc() {
        if (Setting.text(CACHE_PROPERTY) == null && Setting.text("banos.mem.hardening") == null) {
            String bytes = Long.toString(DEFAULT_CACHE_BYTES);
            Setting.set(CACHE_PROPERTY, bytes, "the cache of " + bytes + " bytes of BanosByteBufAllocator.DEFAULT"); // malloc's first call reads it
        }
        return new BanosByteBufAllocator(Malloc.mappingCacheBytes() > 0 ? BufferGrowth.INTO_KEPT_BLOCKS : BufferGrowth.BY_REALLOC);
    }

    /**
     * An allocator with a heap of its own, which can have a limit, a name, hardening and figures. When the heap is closed, buffers
     * that are still alive end with it; nothing finds their use after that.
     *
     * @param heap one for all threads, of {@link Heap#createShared} or {@code HeapOptions.shared()}: Netty allocates and releases
     *     buffers on several threads
     */
    public BanosByteBufAllocator(Heap heap) {
        super(true);
        this.heap = Objects.requireNonNull(heap, "heap");
        this.growth = BufferGrowth.BY_REALLOC;
    }

    /** @throws OutOfMemoryError when there is no memory, or none within the heap's limit */
    @Override
    protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
        ByteBuf block = new BlockByteBuf(this, initialCapacity, maxCapacity);
        ByteBuf buffer = null;
        try {
            buffer = toLeakAwareBuffer(block);
            return buffer;
        } finally {
            if (buffer == null) { // Java's heap has no room for the leak detector's record
                block.release();
            }
        }
    }

    @Override
    protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
        return new ArrayByteBuf(this, initialCapacity, maxCapacity, arrayBytes);
    }

    /** True: a direct buffer is cheap, so Netty reads and writes through one. */
    @Override
    public boolean isDirectBufferPooled() {
        return true;
    }

    @Override
    public ByteBufAllocatorMetric metric() {
        return this;
    }

    /** {@return the bytes of the arrays of all live buffers on the Java heap} */
    @Override
    public long usedHeapMemory() {
        return arrayBytes.sum();
    }

    /**
     * {@return what the heap has from the system, with free slots, as Netty's pooling allocators count their chunks} For
     * {@link #DEFAULT} that is what all of malloc has.
     */
    @Override
    public long usedDirectMemory() {
        return heap().budget().usedBytes();
    }

    /** @return the address of a block of at least {@code bytes} bytes, of whatever content */
    long allocate(int bytes) {
        long address = heap == null ? Malloc.malloc(bytes) : heap.malloc(bytes);
        if (address == 0) {
            throw outOfMemory(bytes);
        }
        return address;
    }

    void free(long address) {
        if (heap == null) {
            Malloc.free(address);
        } else {
            heap.free(address);
        }
    }

    /**
     * @param oldBytes how many of the content are kept
     * @return where the block is now; if this throws, it is as it was
     */
    long resize(long address, int oldBytes, int bytes) {
        if (bytes > oldBytes) {
            int usable = usableBytes(address);
            if (bytes <= usable) {
                return address;
            }
            if (growth.copies(bytes)) {
                return copied(address, oldBytes, growth.blockBytes(bytes));
            }
        }
        return reallocated(address, bytes);
    }

    private long copied(long address, int content, int bytes) {
        long larger = allocate(bytes);
        boolean moved = false;
        try {
            MemorySegment.copy(EVERYTHING, address, EVERYTHING, larger, content);
            free(address);
            moved = true;
            return larger;
        } finally {
            if (!moved) {
                free(larger);
            }
        }
    }

    private long reallocated(long address, int bytes) {
        int atLeastOne = Math.max(bytes, 1); // realloc to 0 is a free
        long moved = heap == null ? Malloc.realloc(address, atLeastOne) : heap.realloc(address, atLeastOne);
        if (moved == 0) {
            throw outOfMemory(bytes);
        }
        return moved;
    }

    /** How many bytes a buffer may have at {@code address} without being moved. */
    int usableBytes(long address) {
        long usable = heap == null ? Malloc.usableSize(address) : heap.usableSize(address);
        return (int) Math.min(usable, Integer.MAX_VALUE);
    }

    private Heap heap() {
        return heap == null ? Heap.current() : heap;
    }

    private OutOfMemoryError outOfMemory(int bytes) {
        return new OutOfMemoryError(bytes + " bytes of native memory for a buffer: " + heap().budget());
    }
}
