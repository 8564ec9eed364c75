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
    /** How many entries {@link CrcPolynomial#fillProducts} fills. */
    static final int PRODUCTS = 4 * 256;

    private static final int SLICES = 16;
    static final int LENGTH = SLICES * 256;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    static CrcTable of(CrcPolynomial polynomial) {
        int[] slices = new int[LENGTH];
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

    /** Four bytes that {@code after} more of their sixteen follow. */
    private int four(int bytes, int after) {
        int table = after * 256;
        return slices[table + 768 + (bytes & 255)] ^ slices[table + 512 + (bytes >>> 8 & 255)]
                ^ slices[table + 256 + (bytes >>> 16 & 255)] ^ slices[table + (bytes >>> 24)];
    }
}
