package dev.banos.fuzz.model;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.banos.bindings.Native;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;

/**
 * What the fuzzer writes into a block, so that any change is seen: each word depends on the block's key and on its offset.
 * A copy to the wrong place, a neighbour's bytes and a stale block all differ.
 * <pre>
 *   0 .. 1 KiB          every word
 *   1 KiB .. 32 KiB     one word in 256 bytes
 *   32 KiB .. 256 KiB   one word in 16 KiB: each page touched for the first time costs as much as many operations
 *   256 KiB ..          one word in 128 KiB
 *   the last 64 bytes   every byte
 * </pre>
 * The value at an offset does not depend on the block's length: a block that grows keeps its words.
 */
public final class Contents {
    static final int WORD = Long.BYTES;
    private static final long DENSE = 1 << 10;
    private static final long MEDIUM = 32 << 10;
    private static final int MEDIUM_STEP = 256;
    private static final long LARGE = 256 << 10;
    private static final int LARGE_STEP = 16 << 10;
    private static final int HUGE_STEP = 128 << 10;
    private static final int TAIL = 64;

    /** Up to here calloc's zeroes are read one by one. */
    private static final long ZERO_DENSE = 32 << 10;

    private static final long STRIDE_FACTOR = 0x9E37_79B9_7F4A_7C15L;
    private static final long STRIDE_INVERSE = inverse(STRIDE_FACTOR);
    /** No byte is zero: each would hide that a calloc did not clear it. */
    private static final long NO_ZERO = 0x0101_0101_0101_0101L;
    private static final MemorySegment MEMORY = Native.EVERYTHING;

    private Contents() {
    }

    /** Modulo 2^64, by Newton's iteration: each step doubles the bits that are right, of which an odd number has three. */
    private static long inverse(long odd) {
        long inverse = odd;
        for (int bits = 3; bits < Long.SIZE; bits *= 2) {
            inverse *= 2 - odd * inverse;
        }
        return inverse;
    }

    private static long word(long key, long offset) {
        return key + offset * STRIDE_FACTOR | NO_ZERO;
    }

    /**
     * Writes the block's bytes from {@code from} to {@code length}; what lies before is already written. The last bytes of
     * {@code size}, which is all that a realloc must keep, are written as densely as those of the whole.
     */
    static void fill(long block, long key, long from, long size, long length) {
        long at = from & -WORD;
        long dense = Math.min(length & -WORD, DENSE);
        for (; at < dense; at += WORD) {
            MEMORY.set(JAVA_LONG_UNALIGNED, block + at, word(key, at));
        }
        if (length > DENSE) {
            fillSparse(block, key, from, length);
            fillTail(block, key, size);
        }
        fillTail(block, key, length);
    }

    /** Where the last bytes begin that {@link #fill} writes one by one: what is short has all its words anyway. */
    private static long tail(long length) {
        return (length <= DENSE ? length : length - TAIL) & -WORD;
    }

    private static void fillSparse(long block, long key, long from, long length) {
        for (long at = nextSparse(Math.max(from & -WORD, DENSE)); at + WORD <= length; at += step(at)) {
            MEMORY.set(JAVA_LONG_UNALIGNED, block + at, word(key, at));
        }
    }

    private static void fillTail(long block, long key, long length) {
        long at = tail(length);
        for (; at + WORD <= length; at += WORD) {
            MEMORY.set(JAVA_LONG_UNALIGNED, block + at, word(key, at));
        }
        long value = word(key, at);
        for (; at < length; at++, value >>>= Byte.SIZE) {
            MEMORY.set(JAVA_BYTE, block + at, (byte) value);
        }
    }

    /** The offset of the first byte or word that is not as {@link #fill} left it in a block of {@code length}, or -1. */
    static long firstChange(long block, long key, long length) {
        long at = firstChangeBeforeTail(block, key, length);
        return at >= 0 || length < DENSE ? at : firstChangeInTail(block, key, length, length);
    }

    /** As {@link #firstChange}, for a block that was filled to more than {@code length}. */
    static long firstChangeBeforeTail(long block, long key, long length) {
        long dense = Math.min(length & -WORD, DENSE);
        for (long at = 0; at < dense; at += WORD) {
            if (MEMORY.get(JAVA_LONG_UNALIGNED, block + at) != word(key, at)) {
                return at;
            }
        }
        for (long at = DENSE; at + WORD <= length; at += step(at)) {
            if (MEMORY.get(JAVA_LONG_UNALIGNED, block + at) != word(key, at)) {
                return at;
            }
        }
        return length < DENSE ? firstChangeInBytes(block, key, dense, length) : -1;
    }

    /** The part of the last bytes of a block once filled to {@code filled} that lies before {@code length}. */
    static long firstChangeInTail(long block, long key, long length, long filled) {
        long at = tail(filled);
        for (; at + WORD <= length; at += WORD) {
            if (MEMORY.get(JAVA_LONG_UNALIGNED, block + at) != word(key, at)) {
                return at;
            }
        }
        return firstChangeInBytes(block, key, at, length);
    }

    private static long firstChangeInBytes(long block, long key, long from, long length) {
        long value = word(key, from);
        for (long at = from; at < length; at++, value >>>= Byte.SIZE) {
            if (MEMORY.get(JAVA_BYTE, block + at) != (byte) value) {
                return at;
            }
        }
        return -1;
    }

    /** The offset of a word or byte that is not zero, or -1. */
    public static long firstNonZero(long block, long length) {
        long words = length & -WORD;
        long dense = Math.min(words, ZERO_DENSE);
        for (long at = 0; at < dense; at += WORD) {
            if (MEMORY.get(JAVA_LONG_UNALIGNED, block + at) != 0) {
                return at;
            }
        }
        for (long at = dense; at + WORD <= length; at += step(at)) {
            if (MEMORY.get(JAVA_LONG_UNALIGNED, block + at) != 0) {
                return at;
            }
        }
        for (long at = Math.max(dense, length - TAIL); at < length; at++) {
            if (MEMORY.get(JAVA_BYTE, block + at) != 0) {
                return at;
            }
        }
        return -1;
    }

    private static long nextSparse(long at) {
        long step = step(at);
        return (at + step - 1) & -step;
    }

    private static long step(long at) {
        return at < MEDIUM ? MEDIUM_STEP : at < LARGE ? LARGE_STEP : HUGE_STEP;
    }

    /** Up to eight bytes at {@code offset}, as they should be. */
    static String expectedAt(long key, long offset, long length) {
        byte[] expected = new byte[(int) Math.min(WORD, length - offset)];
        for (int i = 0; i < expected.length; i++) {
            long at = offset + i;
            expected[i] = (byte) (word(key, at & -WORD) >>> Byte.SIZE * (at & (WORD - 1)));
        }
        return HexFormat.ofDelimiter(" ").formatHex(expected);
    }

    /** Where in a block of this key {@link #fill} writes that word; -1 if nowhere below {@code length}. */
    static long offsetOf(long word, long key, long length) {
        if ((word & NO_ZERO) != NO_ZERO) {
            return -1;
        }
        long set = 0;
        do { // each way to choose which of these bits were set before, too
            long offset = ((word & ~NO_ZERO | set) - key) * STRIDE_INVERSE;
            if (offset >= 0 && offset < length && offset % WORD == 0) {
                return offset;
            }
            set = set - NO_ZERO & NO_ZERO;
        } while (set != 0);
        return -1;
    }

    /** Whether the word at {@code offset}, a multiple of 8, is as {@link #fill} wrote it. */
    static boolean isWord(long block, long key, long offset) {
        return MEMORY.get(JAVA_LONG_UNALIGNED, block + offset) == word(key, offset);
    }

    /** Whether all {@code count} bytes are the same. */
    static boolean isRepeated(long at, int count) {
        byte first = MEMORY.get(JAVA_BYTE, at);
        for (int i = 1; i < count; i++) {
            if (MEMORY.get(JAVA_BYTE, at + i) != first) {
                return false;
            }
        }
        return true;
    }

    static long wordAt(long at) {
        return MEMORY.get(JAVA_LONG_UNALIGNED, at);
    }

    public static String bytesAt(long block, long offset, long length) {
        byte[] found = new byte[(int) Math.min(WORD, length - offset)];
        for (int i = 0; i < found.length; i++) {
            found[i] = MEMORY.get(JAVA_BYTE, block + offset + i);
        }
        return HexFormat.ofDelimiter(" ").formatHex(found);
    }
}
