package dev.banos.libc.zip;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A CRC register advanced over many bytes by loops that the compiler turns into vector instructions. A multiple of the
 * polynomial with few terms says that a byte may be added to a few bytes behind it instead of being kept:
 *
 * <pre>
 *   1 = y^-292 + y^-428 + y^-431 + y^-449 + y^-470   modulo P, for y = x^8
 *
 *   bytes   zeros | added to those behind, and count no more | zeros | rest: as many as the longest distance
 *                 START                                      end     end + GAP
 * </pre>
 *
 * So any message becomes some 470 bytes, and four registers that do not wait for each other take those by table. A byte
 * of the rest gets what the bytes before the rest add to it, but nothing of the rest itself: so the rest stands apart,
 * and there are zeros where its bytes would be. Each gathers the same way, by one loop.
 *
 * <p>The nearest distance is some vectors long, so that no vector waits for one that was just stored. The bytes lie in one
 * array: over a segment, or from one array to another, the compiler does not vectorise these loops, nor does it one of
 * seven terms; at bytes rather than words the distances are a quarter as long, and so is the rest.
 */
abstract class CrcCascade {
    /** Below this many bytes tables are faster. */
    static final long WORTHWHILE = 896;

    /** How many bytes are added to others at a time. */
    static final int BLOCK = 1 << 15;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN).withInvokeExactBehavior();

    private static final int START = 512;

    /** From where the rest would be to where it is: more than all quarters, which the first byte of the rest may not reach. */
    private static final int GAP = 512;

    private static final int QUARTERS = 4;
    private static final int LENGTH = START + BLOCK + GAP + GAP;

    private final AtomicReference<byte[]> idle = new AtomicReference<>();
    private final int span;
    private final int quarter;
    private final int[] append = new int[(QUARTERS - 1) * CrcTable.PRODUCTS];

    /**
     * @param span the longest distance
     * @param quarter how many bytes of a rest each of the four registers takes: all take at most seven more than the span
     */
    CrcCascade(CrcPolynomial polynomial, int span, int quarter) {
        this.span = span;
        this.quarter = quarter;
        for (int before = 0; before < QUARTERS - 1; before++) {
            int factor = polynomial.appendZeroBytes(CrcPolynomial.ONE, (long) (QUARTERS - 1 - before) * quarter);
            polynomial.fillProducts(factor, append, before * CrcTable.PRODUCTS);
        }
    }

    /** Adds to each byte those at all distances before it. They are a multiple of eight apart. */
    abstract void reduce(byte[] bytes, int from, int to);

    /** Adds to each byte {@link #GAP} behind its place those at all distances before that place. */
    abstract void reduceRest(byte[] bytes, int from, int to);

    /** The register of 0 advanced over four quarters from {@code from}: {@link #join} of what each makes of 0. */
    abstract int ofQuarters(byte[] bytes, int from);

    /** For any number of bytes that is worthwhile. The first block, mostly the only one, has no loop around it. */
    final int update(int register, MemorySegment data) {
        byte[] bytes = claim();
        long reducible = data.byteSize() - span & -Long.BYTES;
        int first = (int) Math.min(reducible, BLOCK);
        MemorySegment.copy(data, ValueLayout.JAVA_BYTE, 0, bytes, START, first);
        LONG.set(bytes, START, (long) LONG.get(bytes, START) ^ Integer.toUnsignedLong(register));
        reduce(bytes, START, START + first);
        int result;
        if (first == reducible) {
            result = finish(bytes, START + first, data, reducible);
        } else {
            result = finish(bytes, reduceFurther(bytes, data, reducible), data, reducible);
            Arrays.fill(bytes, 0, START, (byte) 0);
        }
        idle.setRelease(bytes);
        return result;
    }

    /** Block by block: before each, in place of the zeros, stands the end of the one before. @return where the last one ends */
    private int reduceFurther(byte[] bytes, MemorySegment data, long reducible) {
        int end = START + BLOCK;
        for (long done = BLOCK; done < reducible; done += BLOCK) {
            int count = (int) Math.min(reducible - done, BLOCK);
            System.arraycopy(bytes, end - START, bytes, 0, START);
            end = START + count;
            MemorySegment.copy(data, ValueLayout.JAVA_BYTE, done, bytes, START, count);
            reduce(bytes, START, end);
        }
        return end;
    }

    private int finish(byte[] bytes, int end, MemorySegment data, long reducible) {
        int count = (int) (data.byteSize() - reducible);
        Arrays.fill(bytes, end, end + GAP, (byte) 0);
        MemorySegment.copy(data, ValueLayout.JAVA_BYTE, reducible, bytes, end + GAP, count);
        reduceRest(bytes, end, end + QUARTERS * quarter);
        return ofQuarters(bytes, end + GAP + count - QUARTERS * quarter);
    }

    private byte[] claim() {
        byte[] bytes = idle.getAndSet(null);
        return bytes != null ? bytes : new byte[LENGTH];
    }

    /** Takes each register over the quarters behind its own. */
    final int join(int first, int second, int third, int fourth) {
        return times(0, first) ^ times(CrcTable.PRODUCTS, second) ^ times(2 * CrcTable.PRODUCTS, third) ^ fourth;
    }

    private int times(int start, int register) {
        return append[start + (register & 255)] ^ append[start + 256 + (register >>> 8 & 255)]
                ^ append[start + 512 + (register >>> 16 & 255)] ^ append[start + 768 + (register >>> 24)];
    }

    /** Eight bytes behind a register, by a table that is a constant where this is called. */
    private static int eight(int[] slices, int register, long bytes) {
        int low = (int) bytes ^ register;
        int high = (int) (bytes >>> Integer.SIZE);
        return slices[7 * 256 + (low & 255)] ^ slices[6 * 256 + (low >>> 8 & 255)]
                ^ slices[5 * 256 + (low >>> 16 & 255)] ^ slices[4 * 256 + (low >>> 24)]
                ^ slices[3 * 256 + (high & 255)] ^ slices[2 * 256 + (high >>> 8 & 255)]
                ^ slices[256 + (high >>> 16 & 255)] ^ slices[high >>> 24];
    }

    // The distances, whose congruence a test checks, were found by exhaustive search for short ones. The loops have them as
    // literals and the tables as constants of a class: only so does the compiler vectorise the one, and spare the other a
    // comparison a look-up, which is half of the time. So ofQuarters stands twice: as one method of both it takes a quarter longer.

    /** For CRC-32. */
    static final class Ieee extends CrcCascade {
        static final int[] DISTANCES = {292, 428, 431, 449, 470};

        private static final int[] SLICES = Crc32.TABLE.slices();
        private static final int QUARTER = 120;

        Ieee() {
            super(Crc32.POLYNOMIAL, DISTANCES[DISTANCES.length - 1], QUARTER);
        }

        @Override
        void reduce(byte[] bytes, int from, int to) {
            for (int i = from; i < to; i += Long.BYTES) {
                LONG.set(bytes, i, (long) LONG.get(bytes, i)
                        ^ (long) LONG.get(bytes, i - 292) ^ (long) LONG.get(bytes, i - 428)
                        ^ (long) LONG.get(bytes, i - 431) ^ (long) LONG.get(bytes, i - 449)
                        ^ (long) LONG.get(bytes, i - 470));
            }
        }

        @Override
        void reduceRest(byte[] bytes, int from, int to) {
            for (int i = from; i < to; i += Long.BYTES) {
                LONG.set(bytes, i + GAP, (long) LONG.get(bytes, i + GAP)
                        ^ (long) LONG.get(bytes, i - 292) ^ (long) LONG.get(bytes, i - 428)
                        ^ (long) LONG.get(bytes, i - 431) ^ (long) LONG.get(bytes, i - 449)
                        ^ (long) LONG.get(bytes, i - 470));
            }
        }

        @Override
        int ofQuarters(byte[] bytes, int from) {
            int first = 0;
            int second = 0;
            int third = 0;
            int fourth = 0;
            for (int i = from; i < from + QUARTER; i += Long.BYTES) {
                first = eight(SLICES, first, (long) LONG.get(bytes, i));
                second = eight(SLICES, second, (long) LONG.get(bytes, i + QUARTER));
                third = eight(SLICES, third, (long) LONG.get(bytes, i + 2 * QUARTER));
                fourth = eight(SLICES, fourth, (long) LONG.get(bytes, i + 3 * QUARTER));
            }
            return join(first, second, third, fourth);
        }
    }

    /** For CRC-32C. */
    static final class Castagnoli extends CrcCascade {
        static final int[] DISTANCES = {260, 261, 266, 379, 437};

        private static final int[] SLICES = Crc32C.TABLE.slices();
        private static final int QUARTER = 112;

        Castagnoli() {
            super(Crc32C.POLYNOMIAL, DISTANCES[DISTANCES.length - 1], QUARTER);
        }

        @Override
        void reduce(byte[] bytes, int from, int to) {
            for (int i = from; i < to; i += Long.BYTES) {
                LONG.set(bytes, i, (long) LONG.get(bytes, i)
                        ^ (long) LONG.get(bytes, i - 260) ^ (long) LONG.get(bytes, i - 261)
                        ^ (long) LONG.get(bytes, i - 266) ^ (long) LONG.get(bytes, i - 379)
                        ^ (long) LONG.get(bytes, i - 437));
            }
        }

        @Override
        void reduceRest(byte[] bytes, int from, int to) {
            for (int i = from; i < to; i += Long.BYTES) {
                LONG.set(bytes, i + GAP, (long) LONG.get(bytes, i + GAP)
                        ^ (long) LONG.get(bytes, i - 260) ^ (long) LONG.get(bytes, i - 261)
                        ^ (long) LONG.get(bytes, i - 266) ^ (long) LONG.get(bytes, i - 379)
                        ^ (long) LONG.get(bytes, i - 437));
            }
        }

        @Override
        int ofQuarters(byte[] bytes, int from) {
            int first = 0;
            int second = 0;
            int third = 0;
            int fourth = 0;
            for (int i = from; i < from + QUARTER; i += Long.BYTES) {
                first = eight(SLICES, first, (long) LONG.get(bytes, i));
                second = eight(SLICES, second, (long) LONG.get(bytes, i + QUARTER));
                third = eight(SLICES, third, (long) LONG.get(bytes, i + 2 * QUARTER));
                fourth = eight(SLICES, fourth, (long) LONG.get(bytes, i + 3 * QUARTER));
            }
            return join(first, second, third, fourth);
        }
    }
}
