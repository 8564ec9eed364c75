package dev.banos.adapter.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.AbstractByteBufAllocatorTest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;

/** Netty's own tests of an allocator, on ours; where its figures are those of another design, what ours are. */
class NettysAllocatorTest extends AbstractByteBufAllocatorTest<AbstractByteBufAllocator> {
    private final List<Heap> heaps = new ArrayList<>();

    @Override
    protected BanosByteBufAllocator newAllocator(boolean preferDirect) {
        Heap heap = Heap.create(HeapOptions.shared().named("buffers"));
        heaps.add(heap);
        return new BanosByteBufAllocator(heap);
    }

    /** Ours always prefers direct buffers: it is for nothing else. */
    @Override
    protected boolean isDirectExpected(boolean preferDirect) {
        return true;
    }

    @Override
    protected AbstractByteBufAllocator newUnpooledAllocator() {
        return UnpooledByteBufAllocator.DEFAULT;
    }

    @AfterEach
    void everyBufferWasGivenBack() {
        assertThat(heaps).allSatisfy(heap -> assertThat(heap.statistics().liveBlocks()).isZero());
        heaps.forEach(Heap::close);
    }

    /** A figure of ours is what the heap has from the system, by the run. */
    @Override
    @Test
    public void testUsedDirectMemory() {
        BanosByteBufAllocator allocator = newAllocator(true);
        assertThat(allocator.usedDirectMemory()).isZero();
        ByteBuf buffer = allocator.directBuffer(1024, 4096);
        assertThat(allocator.usedDirectMemory()).isEqualTo(heaps.getLast().statistics().reservedBytes()).isGreaterThanOrEqualTo(1024);
        buffer.release();
        heaps.getLast().trim();
        assertThat(allocator.usedDirectMemory()).isZero();
    }

    @Override
    @Disabled("arrays on the Java heap are not pooled")
    public void shouldReuseChunks() {
    }
}
