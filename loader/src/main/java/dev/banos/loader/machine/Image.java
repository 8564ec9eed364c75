package dev.banos.loader.machine;

import dev.banos.bindings.Native;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a module that is being linked, and the address where they will run: in the module's memory itself, or in the
 * Java heap where nothing is mapped, or for the first module, whose bytes go to its memory at the end. That one is linked by
 * code that runs interpreted. There a buffer takes half a microsecond for a field of four bytes, a segment, whose accessors are
 * method handles, several; the elements of an array cost hardly anything. Compiled, a buffer is as good or better.
 */
public final class Image {
    private static final byte[] ZEROES = new byte[Architecture.PAGE_BYTES];

    private final ByteBuffer bytes;
    /** What the buffer is over; null but for the first module. */
    private final byte @Nullable [] array;
    private final long base;

    private Image(ByteBuffer bytes, byte @Nullable [] array, long base) {
        this.bytes = bytes.order(ByteOrder.LITTLE_ENDIAN);
        this.array = array;
        this.base = base;
    }

    /** Of memory that is mapped at {@code base}, writable and zero. */
    public static Image mapped(int size, long base) {
        return new Image(Native.segment(base, size).asByteBuffer(), null, base);
    }

    public static Image inHeap(int size, long base) {
        return new Image(ByteBuffer.allocate(size), null, base);
    }

    /** As {@link #inHeap}, of the first module that the process links: {@link #toBase} is to follow. */
    public static Image first(int size, long base) {
        byte[] array = new byte[size];
        return new Image(ByteBuffer.wrap(array), array, base);
    }

    /**
     * As {@link #inHeap}, with one section in place. An array that is made as a copy of another is not filled with zeroes before,
     * which spares most of that where the section is most of the module.
     *
     * @param start   where the section begins in the file
     * @param at      where it begins in the image
     */
    public static Image inHeap(int size, long base, byte[] file, int start, int length, int at) {
        int from = start - at;
        if (from < 0 || from > file.length - size) {
            Image image = inHeap(size, base);
            image.copy(file, start, at, length);
            return image;
        }
        byte[] bytes = Arrays.copyOfRange(file, from, from + size);
        Arrays.fill(bytes, 0, at, (byte) 0);
        Arrays.fill(bytes, at + length, size, (byte) 0);
        return new Image(ByteBuffer.wrap(bytes), null, base);
    }

    /** In memory of a caller's, with anything in it. */
    public static Image in(MemorySegment memory, long base) {
        return new Image(memory.asByteBuffer(), null, base);
    }

    /** Those of an image in the heap. */
    public byte[] bytes() {
        return bytes.array();
    }

    /** Brings the first module's bytes to where they run, memory that is mapped and writable; the others' are there. */
    public void toBase() {
        if (array != null) {
            Native.segment(base, array.length).asByteBuffer().put(0, array);
        }
    }

    public int size() {
        return bytes.capacity();
    }

    public long base() {
        return base;
    }

    public long address(int at) {
        return base + at;
    }

    public void copy(byte[] from, int start, int at, int length) {
        bytes.put(at, from, start, length);
    }

    /** Nothing where the end does not lie behind the start. */
    public void zero(int from, int to) {
        for (int at = from; at < to; at += ZEROES.length) {
            bytes.put(at, ZEROES, 0, Math.min(ZEROES.length, to - at));
        }
    }

    public int get8(int at) {
        return bytes.get(at) & 0xff;
    }

    public int get16(int at) {
        return bytes.getShort(at) & 0xffff;
    }

    public int get32(int at) {
        return bytes.getInt(at);
    }

    public long get64(int at) {
        return bytes.getLong(at);
    }

    public void put8(int at, int value) {
        bytes.put(at, (byte) value);
    }

    public void put16(int at, int value) {
        bytes.putShort(at, (short) value);
    }

    public void put32(int at, int value) {
        if (array == null) {
            bytes.putInt(at, value);
            return;
        }
        array[at] = (byte) value;
        array[at + 1] = (byte) (value >> 8);
        array[at + 2] = (byte) (value >> 16);
        array[at + 3] = (byte) (value >> 24);
    }

    public void put64(int at, long value) {
        if (array == null) {
            bytes.putLong(at, value);
            return;
        }
        put32(at, (int) value);
        put32(at + 4, (int) (value >> 32));
    }
}
