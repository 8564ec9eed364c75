package app;

import dev.banos.adapter.netty.BanosByteBufAllocator;
import dev.banos.mem.Heap;
import io.netty.buffer.ByteBuf;

class Main {
    public static void main(String[] args) {
        try (Heap heap = Heap.createShared()) {
            BanosByteBufAllocator allocator = new BanosByteBufAllocator(heap);
            ByteBuf buffer = allocator.directBuffer(100).writeInt(42);
            System.out.print(allocator.getClass().getModule().getName() + ": " + buffer.readInt() + ", " + heap.statistics().liveBlocks());
            buffer.release();
            System.out.println(" block, then " + heap.statistics().liveBlocks());
        }
    }
}
