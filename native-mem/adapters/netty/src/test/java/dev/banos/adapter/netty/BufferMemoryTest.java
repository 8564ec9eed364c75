package dev.banos.adapter.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import dev.banos.mem.HeapStatistics;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.IllegalReferenceCountException;
import io.netty.util.ResourceLeakDetector;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Where a buffer's memory comes from, and that it goes back there: by the counters of the heap. */
class BufferMemoryTest {
    private static final int MEBIBYTE = 1 << 20;

    private final Heap heap = Heap.create(HeapOptions.shared().named("buffers").limit(64L << 20));
    private final BanosByteBufAllocator allocator = new BanosByteBufAllocator(heap);

    @AfterEach
    void close() {
        heap.close();
    }

    private HeapStatistics now() {
        return heap.statistics();
    }

    /** The first buffer too: Netty's unpooled buffers allocate it behind the back of those who override its allocation. */
    @Test
    void eachBufferIsOneBlockFromTheFirstOn() {
        ByteBuf first = allocator.directBuffer(100);
        assertThat(now().liveBlocks()).isEqualTo(1);
        ByteBuf second = allocator.ioBuffer(200_000);
        assertThat(now().mappings()).isEqualTo(1);
        assertThat(heap.usableSize(first.memoryAddress())).isEqualTo(112);
        assertThat(heap.usableSize(second.memoryAddress())).isBetween(200_000L, 204_800L);
        assertThat(first.release()).isTrue();
        assertThat(second.release()).isTrue();
        assertThat(now().liveBlocks()).isZero();
        heap.trim();
        assertThat(allocator.metric().usedDirectMemory()).isZero();
    }

    @Test
    void theMemoryGoesBackAtTheLastReleaseOfAllThatShareIt() {
        ByteBuf buffer = allocator.directBuffer(64).writeLong(1).writeLong(2);
        ByteBuf slice = buffer.retainedSlice(8, 8);
        ByteBuf duplicate = buffer.retainedDuplicate();
        assertThat(buffer.release()).isFalse();
        assertThat(duplicate.release()).isFalse();
        assertThat(now().liveBlocks()).isEqualTo(1);
        assertThat(slice.getLong(0)).isEqualTo(2);
        assertThat(slice.release()).isTrue();
        assertThat(now().liveBlocks()).isZero();
    }

    @Test
    void aReleaseTooManyIsRefusedAndFreesNothing() {
        ByteBuf buffer = allocator.directBuffer(64);
        buffer.release();
        ByteBuf other = allocator.directBuffer(64); // perhaps at the same address
        assertThatThrownBy(buffer::release).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(buffer::memoryAddress).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(() -> buffer.getByte(0)).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(() -> buffer.writeByte(0)).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(() -> buffer.capacity(1)).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(() -> buffer.nioBuffer(0, 0)).isInstanceOf(IllegalReferenceCountException.class);
        assertThat(now().liveBlocks()).isEqualTo(1);
        other.release();
    }

    @Test
    void growthKeepsTheContentAcrossTheBoundaryOfMappings() {
        ByteBuf buffer = allocator.directBuffer(16);
        for (int i = 0; i < 8 * MEBIBYTE / Long.BYTES; i++) {
            buffer.writeLong(i * 0x9E3779B97F4A7C15L);
        }
        assertThat(now().liveBlocks()).isEqualTo(1);
        assertThat(now().mappedBytes()).isEqualTo(8 * MEBIBYTE);
        for (int i = 0; i < 8 * MEBIBYTE / Long.BYTES; i++) {
            assertThat(buffer.getLong(i * Long.BYTES)).isEqualTo(i * 0x9E3779B97F4A7C15L);
        }
        buffer.capacity(100);
        assertThat(now().mappings()).isZero();
        assertThat(buffer.writerIndex()).isEqualTo(100);
        assertThat(buffer.getLong(88)).isEqualTo(11 * 0x9E3779B97F4A7C15L);
        buffer.capacity(0);
        assertThat(buffer.capacity()).isZero();
        assertThat(now().liveBlocks()).isEqualTo(1);
        buffer.release();
        assertThat(now().liveBlocks()).isZero();
    }

    /** From the capacity that was asked for to the end of the slot. */
    @Test
    void writesWithinTheSlotMoveNothing() {
        ByteBuf buffer = allocator.directBuffer(1000);
        long address = buffer.memoryAddress();
        assertThat(buffer.maxFastWritableBytes()).isEqualTo(1024);
        buffer.writeZero(1024);
        assertThat(buffer.memoryAddress()).isEqualTo(address);
        assertThat(buffer.maxFastWritableBytes()).isZero();
        buffer.release();
    }

    @Test
    void theLimitRefusesWithWordsAndLeavesTheBufferAlone() {
        ByteBuf buffer = allocator.directBuffer(32 * MEBIBYTE);
        buffer.setLong(0, 42);
        assertThatThrownBy(() -> allocator.directBuffer(33 * MEBIBYTE))
                .isInstanceOf(OutOfMemoryError.class).hasMessageContaining("buffers").hasMessageContaining("67,108,864");
        assertThatThrownBy(() -> buffer.capacity(65 * MEBIBYTE)).isInstanceOf(OutOfMemoryError.class);
        assertThat(buffer.capacity()).isEqualTo(32 * MEBIBYTE);
        assertThat(buffer.getLong(0)).isEqualTo(42);
        assertThat(heap.budget().refusals()).isGreaterThanOrEqualTo(2);
        assertThat(now().liveBlocks()).isEqualTo(1);
        buffer.release();
        assertThat(heap.budget().usedBytes()).isZero();
    }

    @Test
    void indexesAreChecked() {
        ByteBuf buffer = allocator.directBuffer(8, 16);
        assertThatThrownBy(() -> buffer.getInt(5)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> buffer.setLong(-1, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> buffer.setZero(8, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> buffer.getBytes(0, new byte[9])).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> buffer.writeZero(17)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> buffer.nioBuffer(1, 8)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> buffer.capacity(17)).isInstanceOf(IllegalArgumentException.class);
        buffer.release();
    }

    @Test
    void viewsForNioShareTheBlock() {
        ByteBuf buffer = allocator.directBuffer(32).writeLong(7).writeLong(8);
        ByteBuffer view = buffer.nioBuffer(8, 8);
        assertThat(view.isDirect()).isTrue();
        assertThat(view.getLong(0)).isEqualTo(8);
        view.putLong(0, 9);
        assertThat(buffer.getLong(8)).isEqualTo(9);
        buffer.capacity(300_000); // moves
        assertThat(buffer.internalNioBuffer(8, 8).getLong()).isEqualTo(9);
        assertThat(buffer.internalNioBuffer(0, 300_000).remaining()).isEqualTo(300_000);
        buffer.release();
    }

    @Test
    void contentPassesBetweenAllKindsOfBuffers() {
        byte[] content = new byte[5000];
        new SplittableRandom(7).nextBytes(content);
        CompositeByteBuf composite = allocator.compositeDirectBuffer();
        composite.addComponent(true, allocator.directBuffer().writeBytes(content, 0, 2000));
        composite.addComponent(true, allocator.heapBuffer().writeBytes(content, 2000, 3000));
        for (ByteBuf source : List.of(composite, allocator.heapBuffer().writeBytes(content),
                PooledByteBufAllocator.DEFAULT.directBuffer().writeBytes(content))) {
            ByteBuf ours = allocator.directBuffer().writeBytes(source.duplicate());
            ByteBuf target = source.alloc().buffer(content.length);
            ours.getBytes(0, target, content.length);
            assertThat(target).isEqualTo(source).isEqualTo(ours);
            assertThat(ours.copy()).satisfies(copy -> assertThat(copy.release()).isTrue()).isNotSameAs(ours);
            assertThat(List.of(ours.release(), target.release(), source.release())).containsOnly(true);
        }
        assertThat(now().liveBlocks()).isZero();
    }

    @Test
    void arraysAreCounted() {
        ByteBuf buffer = allocator.heapBuffer(100);
        assertThat(allocator.metric().usedHeapMemory()).isEqualTo(100);
        buffer.capacity(300);
        assertThat(allocator.metric().usedHeapMemory()).isEqualTo(300);
        buffer.release();
        assertThat(allocator.metric().usedHeapMemory()).isZero();
        assertThat(now().liveBlocks()).isZero();
    }

    @Test
    void theLeakDetectorKnowsTheBuffers() {
        ResourceLeakDetector.Level before = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        try {
            ByteBuf buffer = allocator.directBuffer(64);
            assertThat(buffer.unwrap()).isInstanceOf(BlockByteBuf.class); // what wraps it reports it when it is lost
            buffer.touch("seen").writeInt(1);
            assertThat(buffer.release()).isTrue();
        } finally {
            ResourceLeakDetector.setLevel(before);
        }
        assertThat(now().liveBlocks()).isZero();
    }

    /** Releases on threads that did not allocate, of malloc too, where such a free is another path. */
    @Test
    void anyThreadReleases() throws Exception {
        for (BanosByteBufAllocator each : List.of(allocator, BanosByteBufAllocator.DEFAULT)) {
            List<ByteBuf> buffers = new ArrayList<>();
            for (int i = 0; i < 20_000; i++) {
                buffers.add(each.directBuffer(8 + i % 3000).writeInt(i));
            }
            try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
                for (int thread = 0; thread < 4; thread++) {
                    int first = thread;
                    threads.submit(() -> {
                        for (int i = first; i < buffers.size(); i += 4) {
                            assertThat(buffers.get(i).readInt()).isEqualTo(i);
                            assertThat(buffers.get(i).release()).isTrue();
                        }
                    }).get();
                }
            }
        }
        assertThat(now().liveBlocks()).isZero();
    }
}
