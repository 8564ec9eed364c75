package dev.banos.adapter.netty;

import dev.banos.mem.Heap;
import dev.banos.mem.Malloc;
import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocatorMetric;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/**
 * A Netty allocator whose direct buffers are blocks of Banos: one block a buffer, given back at the buffer's last release,
 * on whichever thread that is, and grown by {@code realloc}, which moves pages instead of copying them from 64 KiB up.
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
    /** Allocates with {@link Malloc}: each thread from runs of its own, without a lock. */
    public static final BanosByteBufAllocator DEFAULT = new BanosByteBufAllocator();

    /** Null where {@link Malloc} serves. */
    private final Heap heap;
    private final LongAdder arrayBytes = new LongAdder();

    private BanosByteBufAllocator() {
        super(true);
        this.heap = null;
    }

    /**
     * An allocator of its own, which can be limited, named, hardened and looked at. A buffer that is still alive when the
     * heap is closed is lost with it: its use is then an error of the program that nothing finds.
     *
     * @param heap one for all threads, {@link Heap#createShared} or with {@code HeapOptions.shared()}: Netty releases
     *     buffers on any thread, and allocates them on several
     */
    public BanosByteBufAllocator(Heap heap) {
        super(true);
        this.heap = Objects.requireNonNull(heap, "heap");
    }

    /** @throws OutOfMemoryError when there is no memory, or none within the heap's limit */
    @Override
    protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
        return toLeakAwareBuffer(new BlockByteBuf(this, initialCapacity, maxCapacity));
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

    /** The bytes of the arrays of all buffers on the Java heap that are alive. */
    @Override
    public long usedHeapMemory() {
        return arrayBytes.sum();
    }

    /**
     * What the heap has from the system: with free slots, as Netty's pooling allocators count their chunks. For
     * {@link #DEFAULT} that is what all of malloc has, whoever called it.
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

    /** @return where the block is now, its content kept; if this throws, it is as it was */
    long resize(long address, int bytes) {
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
