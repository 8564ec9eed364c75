package dev.banos.benchmarks;

import dev.banos.adapter.netty.BanosByteBufAllocator;
import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;

/** The allocators that {@link NettyBuffers} and {@link NettyHandOvers} compare, each as an application gets it. */
public enum NettyAllocators {
    banos {
        @Override
        ByteBufAllocator create() {
            return BanosByteBufAllocator.DEFAULT;
        }
    },
    banosHeap {
        @Override
        ByteBufAllocator create() {
            return new BanosByteBufAllocator(Heap.createShared());
        }
    },
    banosCache {
        @Override
        ByteBufAllocator create() {
            return new BanosByteBufAllocator(Heap.create(HeapOptions.shared().mappingCache(64 << 20)));
        }
    },
    adaptive {
        @Override
        ByteBufAllocator create() {
            return ADAPTIVE;
        }
    },
    pooled {
        @Override
        ByteBufAllocator create() {
            return PooledByteBufAllocator.DEFAULT;
        }
    };

    private static final ByteBufAllocator ADAPTIVE = new AdaptiveByteBufAllocator();

    abstract ByteBufAllocator create();
}
