package dev.banos.adapter.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Hardening;
import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import io.netty.buffer.AbstractByteBufTest;
import io.netty.buffer.ByteBuf;
import java.nio.ByteOrder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Netty's own tests of a buffer, more than 300, on ours: of malloc, of little endian, and of a heap that looks for overruns. */
class NettysBufferTest {
    /** Where Netty expects no room but the capacity: there is the slack of the slot, as in its pooled buffers. */
    abstract static class Buffers extends AbstractByteBufTest {
        @Override
        @Test
        public void testMaxFastWritableBytes() {
            ByteBuf buffer = newBuffer(150, 155).writerIndex(100);
            assertThat(buffer.writableBytes()).isEqualTo(50);
            assertThat(buffer.maxFastWritableBytes()).isBetween(50, 55);
            buffer.release();
        }
    }

    @Nested
    class OfMallocTest extends Buffers {
        @Override
        protected ByteBuf newBuffer(int capacity, int maxCapacity) {
            return fresh(BanosByteBufAllocator.DEFAULT.directBuffer(capacity, maxCapacity), capacity);
        }
    }

    @Nested
    class OfLittleEndianTest extends Buffers {
        @Override
        @SuppressWarnings("deprecation")
        protected ByteBuf newBuffer(int capacity, int maxCapacity) {
            return fresh(BanosByteBufAllocator.DEFAULT.directBuffer(capacity, maxCapacity), capacity)
                    .order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    @Nested
    class OfHardenedHeapTest extends Buffers {
        private static final Heap HEAP = Heap.create(HeapOptions.shared().named("hardened").hardened(Hardening.ALL));
        private static final BanosByteBufAllocator ALLOCATOR = new BanosByteBufAllocator(HEAP);

        @Override
        protected ByteBuf newBuffer(int capacity, int maxCapacity) {
            return fresh(ALLOCATOR.directBuffer(capacity, maxCapacity), capacity);
        }

        @Override
        public void dispose() {
            super.dispose();
            HEAP.verify();
        }

        @AfterAll
        static void nothingIsDamaged() {
            HEAP.close();
        }
    }

    private static ByteBuf fresh(ByteBuf buffer, int capacity) {
        assertThat(buffer.writerIndex()).isZero();
        assertThat(buffer.capacity()).isEqualTo(capacity);
        return buffer;
    }
}
