package dev.banos.adapter.netty;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledHeapByteBuf;
import java.util.concurrent.atomic.LongAdder;

/** Netty's buffer of an array, counted. */
final class ArrayByteBuf extends UnpooledHeapByteBuf {
    private final LongAdder bytes;

    ArrayByteBuf(ByteBufAllocator alloc, int initialCapacity, int maxCapacity, LongAdder bytes) {
        super(alloc, initialCapacity, maxCapacity);
        this.bytes = bytes;
        bytes.add(initialCapacity);
    }

    /** Called by the superclass's constructor too, when the counter is not there yet. */
    @Override
    protected byte[] allocateArray(int initialCapacity) {
        byte[] array = super.allocateArray(initialCapacity);
        if (bytes != null) {
            bytes.add(array.length);
        }
        return array;
    }

    @Override
    protected void freeArray(byte[] array) {
        super.freeArray(array);
        bytes.add(-array.length);
    }
}
