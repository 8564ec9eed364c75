package dev.banos.loader.elf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A table of NUL-terminated strings inside the file. Its last byte is known to be NUL, and so is every offset to be inside. */
public final class StringTable {
    private static final long ONES = 0x0101_0101_0101_0101L;
    private static final long HIGHEST = ONES << 7;
    static final char FIRST_BEYOND_ASCII = 0x80;

    private final byte[] bytes;
    private final ByteBuffer buffer;
    private final int start;
    private final int size;

    StringTable(byte[] bytes, int start, int size) {
        this.bytes = bytes;
        this.buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        this.start = start;
        this.size = size;
    }

    int size() {
        return size;
    }

    boolean contains(int offset) {
        return Integer.compareUnsigned(offset, size) < 0 || offset == 0;
    }

    public String at(int offset) {
        if (size == 0) {
            return "";
        }
        return new String(bytes, start + offset, length(offset), StandardCharsets.UTF_8);
    }

    /** In bytes, without the NUL. */
    int length(int offset) {
        int from = start + offset;
        int to = from;
        int end = start + size;
        for (; to <= end - Long.BYTES; to += Long.BYTES) {
            long eight = buffer.getLong(to);
            long zeroes = eight - ONES & ~eight & HIGHEST; // the lowest bit set is that of the first zero byte
            if (zeroes != 0) {
                return to + (Long.numberOfTrailingZeros(zeroes) >> 3) - from;
            }
        }
        while (to < end && bytes[to] != 0) {
            to++;
        }
        return to - from;
    }

    /** @param length of the string at {@code offset}, in bytes */
    boolean isAscii(int offset, int length) {
        int at = start + offset;
        int end = at + length;
        for (; at <= end - Long.BYTES; at += Long.BYTES) {
            if ((buffer.getLong(at) & HIGHEST) != 0) {
                return false;
            }
        }
        while (at < end && bytes[at] >= 0) {
            at++;
        }
        return at == end;
    }

    /**
     * Whether a look at few bytes tells that all strings are shorter than {@code limit}: where each piece of half as many bytes holds
     * a NUL, no string reaches over two of them. False tells nothing.
     */
    boolean areShorterThan(long limit) {
        int piece = (int) Math.min(limit / 2, size);
        if (piece <= 0) {
            return false;
        }
        for (long from = start; from < start + size; from += piece) {
            int at = (int) Math.min(from + piece, start + size) - 1;
            while (at >= from && bytes[at] != 0) {
                at--;
            }
            if (at < from) {
                return false;
            }
        }
        return true;
    }

    /** Whether the string at {@code offset} is {@code text}; makes no object as long as the text is ASCII. */
    boolean equalsAt(int offset, String text) {
        int length = text.length();
        if (size - offset <= length) {
            return false; // no character has less than a byte
        }
        for (int i = 0; i < length; i++) {
            char character = text.charAt(i);
            if (character >= FIRST_BEYOND_ASCII) {
                return at(offset).equals(text); // as everywhere else that it is decoded
            }
            if (bytes[start + offset + i] != character) {
                return false;
            }
        }
        return bytes[start + offset + length] == 0;
    }
}
