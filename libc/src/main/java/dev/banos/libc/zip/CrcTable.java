package dev.banos.libc.zip;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A CRC register advanced over bytes by table, 16 at a time ("slicing", Kounavis and Berry, 2005): the first four of the
 * 16 are added to the register, then each byte looks up what it becomes after the zero bytes that follow it.
 *
 * @param slices entry k·256 + v: the byte v followed by k zero bytes, for k from 0 to 15
 */
record CrcTable(int[] slices) {
    private static final int SLICES = 16;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    static CrcTable of(CrcPolynomial polynomial) {
        int[] slices = new int[SLICES * 256];
        for (int value = 0; value < 256; value++) {
            int register = value;
            for (int bit = 0; bit < Byte.SIZE; bit++) {
                register = polynomial.timesX(register);
            }
            slices[value] = register;
        }
        for (int i = 256; i < slices.length; i++) {
            int shorter = slices[i - 256];
            slices[i] = slices[shorter & 255] ^ (shorter >>> 8);
        }
        return new CrcTable(slices);
    }

    int update(int register, MemorySegment data, long from, long to) {
        long at = from;
        for (; to - at >= SLICES; at += SLICES) {
            register = four(data.get(INT, at) ^ register, 12) ^ four(data.get(INT, at + 4), 8)
                    ^ four(data.get(INT, at + 8), 4) ^ four(data.get(INT, at + 12), 0);
        }
        for (; at < to; at++) {
            register = slices[(register ^ data.get(ValueLayout.JAVA_BYTE, at)) & 255] ^ (register >>> 8);
        }
        return register;
    }

    /** The same over the {@code bytes} lowest bytes of a word, the lowest first. */
    int update(int register, int value, int bytes) {
        for (int rest = value, left = bytes; left > 0; left--, rest >>>= Byte.SIZE) {
            register = slices[(register ^ rest) & 255] ^ (register >>> 8);
        }
        return register;
    }

    /**
     * The register of 0 advanced over {@code 2 * half} words as two registers that do not wait for each other.
     *
     * @param appendHalf what to append half of the words as zeros: see {@link CrcPolynomial#fillProducts}
     */
    int ofWords(long[] words, int from, int half, int[] appendHalf) {
        int first = 0;
        int second = 0;
        int at = from;
        for (int end = from + half - 1; at < end; at += 2) {
            first = eight(words[at] ^ Integer.toUnsignedLong(first), 8) ^ eight(words[at + 1], 0);
            second = eight(words[at + half] ^ Integer.toUnsignedLong(second), 8) ^ eight(words[at + half + 1], 0);
        }
        if (at < from + half) {
            first = eight(words[at] ^ Integer.toUnsignedLong(first), 0);
            second = eight(words[at + half] ^ Integer.toUnsignedLong(second), 0);
        }
        return second ^ appendHalf[first & 255] ^ appendHalf[256 + (first >>> 8 & 255)]
                ^ appendHalf[512 + (first >>> 16 & 255)] ^ appendHalf[768 + (first >>> 24)];
    }

    /** Eight bytes that {@code after} more of their sixteen follow. */
    private int eight(long bytes, int after) {
        return four((int) bytes, after + 4) ^ four((int) (bytes >>> Integer.SIZE), after);
    }

    /** Four bytes that {@code after} more of their sixteen follow. */
    private int four(int bytes, int after) {
        int table = after * 256;
        return slices[table + 768 + (bytes & 255)] ^ slices[table + 512 + (bytes >>> 8 & 255)]
                ^ slices[table + 256 + (bytes >>> 16 & 255)] ^ slices[table + (bytes >>> 24)];
    }
}
