package dev.banos.loader.link;

import dev.banos.bindings.Native;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The bytes of a module that is being linked, and the address where they will run: in the module's memory itself, or in the
 * Java heap where nothing is mapped. A buffer, for a first load runs interpreted, and there a segment's accessors are method
 * handles, each of them a dozen frames.
 */
final class Image {
    private final ByteBuffer bytes;
    private final long base;

    private Image(ByteBuffer bytes, long base) {
        this.bytes = bytes.order(ByteOrder.LITTLE_ENDIAN);
        this.base = base;
    }

    /** Of memory that is mapped at {@code base}, writable and zero. */
    static Image mapped(int size, long base) {
        return new Image(Native.segment(base, size).asByteBuffer(), base);
    }

    static Image inHeap(int size, long base) {
        return new Image(ByteBuffer.allocate(size), base);
    }

    /**
     * As {@link #inHeap}, with one section in place. An array that is made as a copy of another is not filled with zeroes before,
     * which spares most of that where the section is most of the module.
     *
     * @param start   where the section begins in the file
     * @param at      where it begins in the image
     */
    static Image inHeap(int size, long base, byte[] file, int start, int length, int at) {
        int from = start - at;
        if (from < 0 || from > file.length - size) {
            Image image = inHeap(size, base);
            image.copy(file, start, at, length);
            return image;
        }
        byte[] bytes = Arrays.copyOfRange(file, from, from + size);
        Arrays.fill(bytes, 0, at, (byte) 0);
        Arrays.fill(bytes, at + length, size, (byte) 0);
        return new Image(ByteBuffer.wrap(bytes), base);
    }

    /** Those of an image in the heap. */
    byte[] bytes() {
        return bytes.array();
    }

    int size() {
        return bytes.capacity();
    }

    long base() {
        return base;
    }

    /** The bytes themselves, for the loop over most relocations. */
    ByteBuffer buffer() {
        return bytes;
    }

    long address(int at) {
        return base + at;
    }

    void copy(byte[] from, int start, int at, int length) {
        bytes.put(at, from, start, length);
    }

    int get8(int at) {
        return bytes.get(at) & 0xff;
    }

    int get16(int at) {
        return bytes.getShort(at) & 0xffff;
    }

    int get32(int at) {
        return bytes.getInt(at);
    }

    long get64(int at) {
        return bytes.getLong(at);
    }

    void put8(int at, int value) {
        bytes.put(at, (byte) value);
    }

    void put16(int at, int value) {
        bytes.putShort(at, (short) value);
    }

    void put32(int at, int value) {
        bytes.putInt(at, value);
    }

    void put64(int at, long value) {
        bytes.putLong(at, value);
    }
}
