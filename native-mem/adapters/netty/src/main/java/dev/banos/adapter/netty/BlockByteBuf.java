package dev.banos.adapter.netty;

import static dev.banos.bindings.Native.EVERYTHING;
import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.netty.buffer.AbstractReferenceCountedByteBuf;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ScatteringByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * A direct buffer that is one block of a heap. Content is read and written at addresses, so that a buffer needs no object
 * beside it; Netty's superclass checks indexes and the reference count first. A view for NIO is made when one is asked for.
 *
 * <p>After the last release the capacity is 0, so that no index is within bounds, also where Netty is told not to look at
 * reference counts.
 */
final class BlockByteBuf extends AbstractReferenceCountedByteBuf {
    private static final VarHandle BYTE = ValueLayout.JAVA_BYTE.varHandle().withInvokeExactBehavior();
    private static final VarHandle SHORT = handle(ValueLayout.JAVA_SHORT_UNALIGNED, BIG_ENDIAN);
    private static final VarHandle SHORT_LE = handle(ValueLayout.JAVA_SHORT_UNALIGNED, LITTLE_ENDIAN);
    private static final VarHandle INT = handle(ValueLayout.JAVA_INT_UNALIGNED, BIG_ENDIAN);
    private static final VarHandle INT_LE = handle(ValueLayout.JAVA_INT_UNALIGNED, LITTLE_ENDIAN);
    private static final VarHandle LONG = handle(ValueLayout.JAVA_LONG_UNALIGNED, BIG_ENDIAN);
    private static final VarHandle LONG_LE = handle(ValueLayout.JAVA_LONG_UNALIGNED, LITTLE_ENDIAN);
    private static final int STREAM_PIECE_BYTES = 8192;

    private final BanosByteBufAllocator alloc;
    private long address;
    private int capacity;
    /** The block as NIO sees it, made when first needed, for one thread at a time; null after the block has moved. */
    private @Nullable ByteBuffer view;

    BlockByteBuf(BanosByteBufAllocator alloc, int initialCapacity, int maxCapacity) {
        super(maxCapacity);
        this.alloc = alloc;
        this.address = alloc.allocate(initialCapacity);
        this.capacity = initialCapacity;
    }

    private static VarHandle handle(ValueLayout layout, ByteOrder order) {
        return layout.withOrder(order).varHandle().withInvokeExactBehavior();
    }

    @Override
    protected void deallocate() {
        long freed = address;
        address = 0;
        capacity = 0;
        view = null;
        alloc.free(freed);
    }

    @Override
    public int capacity() {
        return capacity;
    }

    @Override
    public ByteBuf capacity(int newCapacity) {
        checkNewCapacity(newCapacity);
        if (newCapacity != capacity) {
            address = alloc.resize(address, capacity, newCapacity);
            view = null;
            capacity = newCapacity;
            trimIndicesToCapacity(newCapacity);
        }
        return this;
    }

    /** The slack of the slot counts: growing into it moves nothing. */
    @Override
    public int maxFastWritableBytes() {
        ensureAccessible();
        return Math.min(alloc.usableBytes(address), maxCapacity()) - writerIndex();
    }

    @Override
    public ByteBufAllocator alloc() {
        return alloc;
    }

    @Override
    @Deprecated
    public ByteOrder order() {
        return BIG_ENDIAN;
    }

    @Override
    public @Nullable ByteBuf unwrap() {
        return null;
    }

    @Override
    public boolean isDirect() {
        return true;
    }

    @Override
    public boolean isContiguous() {
        return true;
    }

    @Override
    public boolean hasArray() {
        return false;
    }

    @Override
    public byte[] array() {
        throw new UnsupportedOperationException("direct buffer");
    }

    @Override
    public int arrayOffset() {
        throw new UnsupportedOperationException("direct buffer");
    }

    @Override
    public boolean hasMemoryAddress() {
        return true;
    }

    @Override
    public long memoryAddress() {
        ensureAccessible();
        return address;
    }

    @Override
    protected byte _getByte(int index) {
        return (byte) BYTE.get(EVERYTHING, address + index);
    }

    @Override
    protected short _getShort(int index) {
        return (short) SHORT.get(EVERYTHING, address + index);
    }

    @Override
    protected short _getShortLE(int index) {
        return (short) SHORT_LE.get(EVERYTHING, address + index);
    }

    @Override
    protected int _getUnsignedMedium(int index) {
        return (_getByte(index) & 0xff) << 16 | _getShort(index + 1) & 0xffff;
    }

    @Override
    protected int _getUnsignedMediumLE(int index) {
        return (_getByte(index + 2) & 0xff) << 16 | _getShortLE(index) & 0xffff;
    }

    @Override
    protected int _getInt(int index) {
        return (int) INT.get(EVERYTHING, address + index);
    }

    @Override
    protected int _getIntLE(int index) {
        return (int) INT_LE.get(EVERYTHING, address + index);
    }

    @Override
    protected long _getLong(int index) {
        return (long) LONG.get(EVERYTHING, address + index);
    }

    @Override
    protected long _getLongLE(int index) {
        return (long) LONG_LE.get(EVERYTHING, address + index);
    }

    @Override
    protected void _setByte(int index, int value) {
        BYTE.set(EVERYTHING, address + index, (byte) value);
    }

    @Override
    protected void _setShort(int index, int value) {
        SHORT.set(EVERYTHING, address + index, (short) value);
    }

    @Override
    protected void _setShortLE(int index, int value) {
        SHORT_LE.set(EVERYTHING, address + index, (short) value);
    }

    @Override
    protected void _setMedium(int index, int value) {
        _setByte(index, value >>> 16);
        _setShort(index + 1, value);
    }

    @Override
    protected void _setMediumLE(int index, int value) {
        _setShortLE(index, value);
        _setByte(index + 2, value >>> 16);
    }

    @Override
    protected void _setInt(int index, int value) {
        INT.set(EVERYTHING, address + index, value);
    }

    @Override
    protected void _setIntLE(int index, int value) {
        INT_LE.set(EVERYTHING, address + index, value);
    }

    @Override
    protected void _setLong(int index, long value) {
        LONG.set(EVERYTHING, address + index, value);
    }

    @Override
    protected void _setLongLE(int index, long value) {
        LONG_LE.set(EVERYTHING, address + index, value);
    }

    @Override
    public ByteBuf setZero(int index, int length) {
        checkIndex(index, length);
        segment(index, length).fill((byte) 0);
        return this;
    }

    @Override
    public ByteBuf writeZero(int length) {
        ensureWritable(length);
        setZero(writerIndex(), length);
        return writerIndex(writerIndex() + length);
    }

    @Override
    public ByteBuf getBytes(int index, byte[] dst, int dstIndex, int length) {
        checkDstIndex(index, length, dstIndex, dst.length);
        MemorySegment.copy(EVERYTHING, ValueLayout.JAVA_BYTE, address + index, dst, dstIndex, length);
        return this;
    }

    @Override
    public ByteBuf setBytes(int index, byte[] src, int srcIndex, int length) {
        checkSrcIndex(index, length, srcIndex, src.length);
        MemorySegment.copy(src, srcIndex, EVERYTHING, ValueLayout.JAVA_BYTE, address + index, length);
        return this;
    }

    @Override
    public ByteBuf getBytes(int index, ByteBuf dst, int dstIndex, int length) {
        checkDstIndex(index, length, dstIndex, dst.capacity());
        if (dst.isReadOnly()) {
            throw new ReadOnlyBufferException();
        }
        if (dst.hasMemoryAddress()) {
            MemorySegment.copy(EVERYTHING, address + index, EVERYTHING, dst.memoryAddress() + dstIndex, length);
            Reference.reachabilityFence(dst); // a wrapped ByteBuffer's memory goes when nobody reaches it any more
        } else if (dst.hasArray()) {
            getBytes(index, dst.array(), dst.arrayOffset() + dstIndex, length);
        } else {
            dst.setBytes(dstIndex, this, index, length);
        }
        return this;
    }

    @Override
    public ByteBuf setBytes(int index, ByteBuf src, int srcIndex, int length) {
        checkSrcIndex(index, length, srcIndex, src.capacity());
        if (src.hasMemoryAddress()) {
            MemorySegment.copy(EVERYTHING, src.memoryAddress() + srcIndex, EVERYTHING, address + index, length);
            Reference.reachabilityFence(src); // likewise
        } else if (src.hasArray()) {
            setBytes(index, src.array(), src.arrayOffset() + srcIndex, length);
        } else {
            src.getBytes(srcIndex, this, index, length);
        }
        return this;
    }

    @Override
    public ByteBuf getBytes(int index, ByteBuffer dst) {
        int length = dst.remaining();
        checkIndex(index, length);
        if (dst.isReadOnly()) {
            throw new ReadOnlyBufferException();
        }
        MemorySegment.copy(EVERYTHING, address + index, MemorySegment.ofBuffer(dst), 0, length);
        dst.position(dst.limit());
        return this;
    }

    @Override
    public ByteBuf setBytes(int index, ByteBuffer src) {
        int length = src.remaining();
        checkIndex(index, length);
        MemorySegment.copy(MemorySegment.ofBuffer(src), 0, EVERYTHING, address + index, length);
        src.position(src.limit());
        return this;
    }

    @Override
    public ByteBuf getBytes(int index, OutputStream out, int length) throws IOException {
        checkIndex(index, length);
        byte[] piece = new byte[Math.min(length, STREAM_PIECE_BYTES)];
        for (int done = 0; done < length; done += piece.length) {
            int bytes = Math.min(piece.length, length - done);
            getBytes(index + done, piece, 0, bytes);
            out.write(piece, 0, bytes);
        }
        return this;
    }

    @Override
    public int setBytes(int index, InputStream in, int length) throws IOException {
        checkIndex(index, length);
        byte[] piece = new byte[length]; // one read, as with Netty's own buffers: a second one might block
        int bytes = in.read(piece);
        if (bytes > 0) {
            setBytes(index, piece, 0, bytes);
        }
        return bytes;
    }

    @Override
    public int getBytes(int index, GatheringByteChannel out, int length) throws IOException {
        return out.write(nioBuffer(index, length));
    }

    @Override
    public int getBytes(int index, FileChannel out, long position, int length) throws IOException {
        return out.write(nioBuffer(index, length), position);
    }

    @Override
    public int readBytes(GatheringByteChannel out, int length) throws IOException {
        checkReadableBytes(length);
        int bytes = out.write(internalNioBuffer(readerIndex(), length));
        readerIndex(readerIndex() + bytes);
        return bytes;
    }

    @Override
    public int readBytes(FileChannel out, long position, int length) throws IOException {
        checkReadableBytes(length);
        int bytes = out.write(internalNioBuffer(readerIndex(), length), position);
        readerIndex(readerIndex() + bytes);
        return bytes;
    }

    @Override
    public int setBytes(int index, ScatteringByteChannel in, int length) throws IOException {
        try {
            return in.read(internalNioBuffer(index, length));
        } catch (ClosedChannelException e) {
            return -1; // Netty's contract: as at the end of a stream
        }
    }

    @Override
    public int setBytes(int index, FileChannel in, long position, int length) throws IOException {
        try {
            return in.read(internalNioBuffer(index, length), position);
        } catch (ClosedChannelException e) {
            return -1; // likewise
        }
    }

    @Override
    public ByteBuf copy(int index, int length) {
        checkIndex(index, length);
        ByteBuf target = alloc.directBuffer(length, maxCapacity());
        boolean written = false;
        try {
            target.writeBytes(this, index, length);
            written = true;
            return target;
        } finally {
            if (!written) {
                target.release();
            }
        }
    }

    @Override
    public int nioBufferCount() {
        return 1;
    }

    /** The view shares the block, and must not be used after the buffer's release, as with any of Netty's direct buffers. */
    @Override
    public ByteBuffer nioBuffer(int index, int length) {
        checkIndex(index, length);
        return segment(index, length).asByteBuffer();
    }

    @Override
    public ByteBuffer internalNioBuffer(int index, int length) {
        checkIndex(index, length);
        if (view == null) {
            view = segment(0, capacity).asByteBuffer();
        }
        return view.clear().position(index).limit(index + length);
    }

    @Override
    public ByteBuffer[] nioBuffers(int index, int length) {
        return new ByteBuffer[] {nioBuffer(index, length)};
    }

    private MemorySegment segment(int index, int length) {
        return EVERYTHING.asSlice(address + index, length);
    }
}
