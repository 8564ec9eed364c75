package dev.banos.libc.zip;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A CRC register advanced over many bytes by loops that the compiler turns into vector instructions. A multiple of the
 * polynomial with few terms says that a word may be added to a few words behind it instead of being kept:
 *
 * <pre>
 *   1 = y^-181 + y^-199 + y^-255 + y^-263 + y^-274   modulo P, for y = x^8, and so for y = x^32: squaring keeps a sum
 *
 *   words   zeros | words that are added to others and then count no more | as many as the longest distance
 *                 start                                                    rest
 * </pre>
 *
 * So any message becomes some 270 words of 32 bits, and four registers that do not wait for each other take those by table.
 * All distances exceed the longest vector, so a vector of words never waits for itself. The words lie in an array: over a
 * segment the compiler does not vectorise these loops, nor does it one of seven terms.
 *
 * <p>Measured and lost: words of 64 bits (the rest is twice as long, and the tables take half of the time as it is); a second
 * reduction of the rest at y = x^8 or x^16 (each vector waits until one just stored has reached the cache).
 */
abstract class CrcCascade {
    /** Below this many bytes tables are faster. */
    static final long WORTHWHILE = 1792;

    static final long BLOCK_BYTES = 1 << 14;

    private static final int BLOCK_WORDS = (int) BLOCK_BYTES / Integer.BYTES;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int QUARTERS = 4;

    private final AtomicReference<int[]> idle = new AtomicReference<>();
    private final CrcTable table;
    private final int nearest;
    private final int span;
    private final int zeros;
    private final int start; // where a message begins; the words before it stay zero
    private final int[] append = new int[(QUARTERS - 1) * CrcTable.PRODUCTS];

    /**
     * @param distances in ascending order; {@link #WORTHWHILE} has at least as many words as the last
     * @param quarter how many words of a rest each of the four registers takes; before the rest come zeros
     */
    CrcCascade(CrcPolynomial polynomial, CrcTable table, int[] distances, int quarter) {
        this.table = table;
        nearest = distances[0];
        span = distances[distances.length - 1];
        zeros = QUARTERS * quarter - span;
        start = (span + 3 & -16) + 12; // with the array's header, the first such place at a multiple of 64 bytes
        for (int before = 0; before < QUARTERS - 1; before++) {
            long bytes = (long) (QUARTERS - 1 - before) * quarter * Integer.BYTES;
            int factor = polynomial.appendZeroBytes(CrcPolynomial.ONE, bytes);
            polynomial.fillProducts(factor, append, before * CrcTable.PRODUCTS);
        }
    }

    /** Adds to each word those at all distances before it. */
    abstract void reduce(int[] words, int from, int to);

    /** Adds to each word from the nearest distance behind {@code rest} on those before {@code rest}: ever fewer. */
    abstract void reduceTail(int[] words, int rest);

    /** The register of 0 advanced over four quarters from {@code from}: {@link #join} of what each makes of 0. */
    abstract int finish(int[] words, int from);

    /** For any number of bytes from {@link #WORTHWHILE}. The first block, mostly the only one, has no loop around it. */
    int update(int register, MemorySegment data) {
        int[] words = claim();
        long wholeWords = data.byteSize() / Integer.BYTES;
        int count = (int) Math.min(wholeWords, BLOCK_WORDS);
        MemorySegment.copy(data, INT, 0, words, start, count);
        words[start] ^= register;
        int rest = reduce(words, start + count);
        if (count < wholeWords) {
            rest = reduceFurther(words, rest, data, count, wholeWords);
        }
        for (int i = 1; i <= zeros; i++) {
            words[rest - i] = 0;
        }
        int result = finish(words, rest - zeros);
        idle.setRelease(words);
        return table.update(result, data, wholeWords * Integer.BYTES, data.byteSize());
    }

    /** Block by block, each behind what is left of those before it. */
    private int reduceFurther(int[] words, int restOfFirst, MemorySegment data, long from, long wholeWords) {
        int rest = restOfFirst;
        for (long done = from; done < wholeWords; ) {
            int count = (int) Math.min(wholeWords - done, BLOCK_WORDS);
            System.arraycopy(words, rest, words, start, span);
            MemorySegment.copy(data, INT, done * Integer.BYTES, words, start + span, count);
            rest = reduce(words, start + span + count);
            done += count;
        }
        return rest;
    }

    /** Leaves what is congruent to the words before {@code end} in as many as the longest distance. @return where they begin */
    private int reduce(int[] words, int end) {
        int rest = end - span;
        reduce(words, start, rest + nearest);
        reduceTail(words, rest);
        return rest;
    }

    /** Takes each register over the quarters behind its own. */
    final int join(int first, int second, int third, int fourth) {
        return times(0, first) ^ times(CrcTable.PRODUCTS, second) ^ times(2 * CrcTable.PRODUCTS, third) ^ fourth;
    }

    private int times(int start, int register) {
        return append[start + (register & 255)] ^ append[start + 256 + (register >>> 8 & 255)]
                ^ append[start + 512 + (register >>> 16 & 255)] ^ append[start + 768 + (register >>> 24)];
    }

    private int[] claim() {
        int[] words = idle.getAndSet(null);
        return words != null ? words : new int[start + span + BLOCK_WORDS];
    }

    // The distances, whose congruence a test checks, were found by exhaustive search for short ones. The loops have them as
    // literals and the tables as constants of a class: only so does the compiler vectorise the one, and spare the other a
    // comparison a look-up, which is half of the time.

    /** For CRC-32. */
    static final class Ieee extends CrcCascade {
        static final int[] DISTANCES = {181, 199, 255, 263, 274};

        private static final int[] SLICES = Crc32.TABLE.slices();
        private static final int QUARTER = 70;

        Ieee() {
            super(Crc32.POLYNOMIAL, Crc32.TABLE, DISTANCES, QUARTER);
        }

        @Override
        int finish(int[] words, int from) {
            int first = 0;
            int second = 0;
            int third = 0;
            int fourth = 0;
            for (int i = from; i < from + QUARTER; i += 2) {
                first = eight(words[i] ^ first, words[i + 1]);
                second = eight(words[i + QUARTER] ^ second, words[i + QUARTER + 1]);
                third = eight(words[i + 2 * QUARTER] ^ third, words[i + 2 * QUARTER + 1]);
                fourth = eight(words[i + 3 * QUARTER] ^ fourth, words[i + 3 * QUARTER + 1]);
            }
            return join(first, second, third, fourth);
        }

        private static int eight(int low, int high) {
            return SLICES[7 * 256 + (low & 255)] ^ SLICES[6 * 256 + (low >>> 8 & 255)]
                    ^ SLICES[5 * 256 + (low >>> 16 & 255)] ^ SLICES[4 * 256 + (low >>> 24)]
                    ^ SLICES[3 * 256 + (high & 255)] ^ SLICES[2 * 256 + (high >>> 8 & 255)]
                    ^ SLICES[256 + (high >>> 16 & 255)] ^ SLICES[high >>> 24];
        }

        @Override
        void reduce(int[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i] = words[i] ^ words[i - 181] ^ words[i - 199] ^ words[i - 255] ^ words[i - 263] ^ words[i - 274];
            }
        }

        @Override
        void reduceTail(int[] words, int rest) {
            for (int i = rest + 181; i < rest + 199; i++) {
                words[i] = words[i] ^ words[i - 199] ^ words[i - 255] ^ words[i - 263] ^ words[i - 274];
            }
            for (int i = rest + 199; i < rest + 255; i++) {
                words[i] = words[i] ^ words[i - 255] ^ words[i - 263] ^ words[i - 274];
            }
            for (int i = rest + 255; i < rest + 263; i++) {
                words[i] = words[i] ^ words[i - 263] ^ words[i - 274];
            }
            for (int i = rest + 263; i < rest + 274; i++) {
                words[i] ^= words[i - 274];
            }
        }
    }

    /** For CRC-32C. */
    static final class Castagnoli extends CrcCascade {
        static final int[] DISTANCES = {123, 145, 178, 195, 266};

        private static final int[] SLICES = Crc32C.TABLE.slices();
        private static final int QUARTER = 68;

        Castagnoli() {
            super(Crc32C.POLYNOMIAL, Crc32C.TABLE, DISTANCES, QUARTER);
        }

        @Override
        int finish(int[] words, int from) {
            int first = 0;
            int second = 0;
            int third = 0;
            int fourth = 0;
            for (int i = from; i < from + QUARTER; i += 2) {
                first = eight(words[i] ^ first, words[i + 1]);
                second = eight(words[i + QUARTER] ^ second, words[i + QUARTER + 1]);
                third = eight(words[i + 2 * QUARTER] ^ third, words[i + 2 * QUARTER + 1]);
                fourth = eight(words[i + 3 * QUARTER] ^ fourth, words[i + 3 * QUARTER + 1]);
            }
            return join(first, second, third, fourth);
        }

        private static int eight(int low, int high) {
            return SLICES[7 * 256 + (low & 255)] ^ SLICES[6 * 256 + (low >>> 8 & 255)]
                    ^ SLICES[5 * 256 + (low >>> 16 & 255)] ^ SLICES[4 * 256 + (low >>> 24)]
                    ^ SLICES[3 * 256 + (high & 255)] ^ SLICES[2 * 256 + (high >>> 8 & 255)]
                    ^ SLICES[256 + (high >>> 16 & 255)] ^ SLICES[high >>> 24];
        }

        @Override
        void reduce(int[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i] = words[i] ^ words[i - 123] ^ words[i - 145] ^ words[i - 178] ^ words[i - 195] ^ words[i - 266];
            }
        }

        @Override
        void reduceTail(int[] words, int rest) {
            for (int i = rest + 123; i < rest + 145; i++) {
                words[i] = words[i] ^ words[i - 145] ^ words[i - 178] ^ words[i - 195] ^ words[i - 266];
            }
            for (int i = rest + 145; i < rest + 178; i++) {
                words[i] = words[i] ^ words[i - 178] ^ words[i - 195] ^ words[i - 266];
            }
            for (int i = rest + 178; i < rest + 195; i++) {
                words[i] = words[i] ^ words[i - 195] ^ words[i - 266];
            }
            for (int i = rest + 195; i < rest + 266; i++) {
                words[i] ^= words[i - 266];
            }
        }
    }
}
