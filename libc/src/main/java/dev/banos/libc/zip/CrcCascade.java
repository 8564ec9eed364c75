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
 * <p>Most loads lie across two cache lines, which costs two thirds of the time. At y = x^512 each distance is a whole number
 * of lines, but the rest as long as 17 KiB: {@link Wide} reduces long messages so, and leaves that rest to a {@link Narrow}.
 *
 * <p>Measured and lost: words of 64 bits (the rest is twice as long, and the tables take half of the time as it is); a second
 * reduction of the rest at y = x^8 or x^16 (each vector waits until one just stored has reached the cache).
 */
abstract class CrcCascade {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final AtomicReference<int[]> idle = new AtomicReference<>();
    private final CrcTable table;
    private final int nearest;
    final int span;
    final int start; // where a message begins; the words before it stay zero
    private final int blockWords;

    /** @param distances in ascending order; no message and no block is shorter than the last of them */
    CrcCascade(CrcTable table, int[] distances, int blockWords) {
        this.table = table;
        this.blockWords = blockWords;
        nearest = distances[0];
        span = distances[distances.length - 1];
        start = (span + 3 & -16) + 12; // with the array's header, the first such place at a multiple of 64 bytes
    }

    /** Adds to each word those at all distances before it. */
    abstract void reduce(int[] words, int from, int to);

    /** Adds to each word from the nearest distance behind {@code rest} on those before {@code rest}: ever fewer. */
    abstract void reduceTail(int[] words, int rest);

    /** The register of 0 advanced over the rest. May overwrite what stands before it. */
    abstract int finish(int[] words, int rest);

    /** For any number of bytes that is worthwhile. The first block, mostly the only one, has no loop around it. */
    int update(int register, MemorySegment data) {
        int[] words = claim();
        long wholeWords = data.byteSize() / Integer.BYTES;
        int count = (int) Math.min(wholeWords, blockWords);
        MemorySegment.copy(data, INT, 0, words, start, count);
        words[start] ^= register;
        int rest = reduce(words, start + count);
        if (count < wholeWords) {
            rest = reduceFurther(words, rest, data, count, wholeWords);
        }
        int result = finish(words, rest);
        idle.setRelease(words);
        return table.update(result, data, wholeWords * Integer.BYTES, data.byteSize());
    }

    /** Block by block, each behind what is left of those before it. */
    private int reduceFurther(int[] words, int restOfFirst, MemorySegment data, long from, long wholeWords) {
        int rest = restOfFirst;
        for (long done = from; done < wholeWords; ) {
            int count = (int) Math.min(wholeWords - done, blockWords);
            System.arraycopy(words, rest, words, start, span);
            MemorySegment.copy(data, INT, done * Integer.BYTES, words, start + span, count);
            rest = reduce(words, start + span + count);
            done += count;
        }
        return rest;
    }

    /** Leaves what is congruent to the words before {@code end} in as many as the longest distance. @return where they begin */
    final int reduce(int[] words, int end) {
        int rest = end - span;
        reduce(words, start, rest + nearest);
        reduceTail(words, rest);
        return rest;
    }

    final int[] claim() {
        int[] words = idle.getAndSet(null);
        return words != null ? words : new int[start + span + blockWords];
    }

    final void release(int[] words) {
        idle.setRelease(words);
    }

    /** For messages from a few KiB: what is left is short enough for tables. */
    abstract static class Narrow extends CrcCascade {
        /** Below this many bytes tables are faster. */
        static final long WORTHWHILE = 1792;
        static final int BLOCK_WORDS = 1 << 13;

        private static final int QUARTERS = 4;

        private final int zeros;
        private final int[] append = new int[(QUARTERS - 1) * CrcTable.PRODUCTS];

        /** @param quarter how many words of a rest each of the four registers takes; before the rest come zeros */
        Narrow(CrcPolynomial polynomial, CrcTable table, int[] distances, int quarter) {
            super(table, distances, BLOCK_WORDS);
            zeros = QUARTERS * quarter - span;
            for (int before = 0; before < QUARTERS - 1; before++) {
                long bytes = (long) (QUARTERS - 1 - before) * quarter * Integer.BYTES;
                int factor = polynomial.appendZeroBytes(CrcPolynomial.ONE, bytes);
                polynomial.fillProducts(factor, append, before * CrcTable.PRODUCTS);
            }
        }

        /** The register of 0 advanced over four quarters from {@code from}: {@link #join} of what each makes of 0. */
        abstract int ofQuarters(int[] words, int from);

        @Override
        final int finish(int[] words, int rest) {
            for (int i = 1; i <= zeros; i++) {
                words[rest - i] = 0;
            }
            return ofQuarters(words, rest - zeros);
        }

        /** The register of 0 advanced over words of another array, at least as many as the longest distance and at most a block. */
        final int ofWords(int[] source, int from, int count) {
            int[] words = claim();
            System.arraycopy(source, from, words, start, count);
            int result = finish(words, reduce(words, start + count));
            release(words);
            return result;
        }

        /** Takes each register over the quarters behind its own. */
        final int join(int first, int second, int third, int fourth) {
            return times(0, first) ^ times(CrcTable.PRODUCTS, second) ^ times(2 * CrcTable.PRODUCTS, third) ^ fourth;
        }

        /** Eight bytes behind a register of 0, by a table that is a constant where this is called. */
        static int eight(int[] slices, int low, int high) {
            return slices[7 * 256 + (low & 255)] ^ slices[6 * 256 + (low >>> 8 & 255)]
                    ^ slices[5 * 256 + (low >>> 16 & 255)] ^ slices[4 * 256 + (low >>> 24)]
                    ^ slices[3 * 256 + (high & 255)] ^ slices[2 * 256 + (high >>> 8 & 255)]
                    ^ slices[256 + (high >>> 16 & 255)] ^ slices[high >>> 24];
        }

        private int times(int start, int register) {
            return append[start + (register & 255)] ^ append[start + 256 + (register >>> 8 & 255)]
                    ^ append[start + 512 + (register >>> 16 & 255)] ^ append[start + 768 + (register >>> 24)];
        }
    }

    /** For long messages: 16 times the distances of a narrow one. */
    abstract static class Wide extends CrcCascade {
        /** Below this many bytes the narrow one is faster. */
        static final long WORTHWHILE = 1 << 16;
        static final int BLOCK_WORDS = 1 << 15;

        private final Narrow narrow;

        Wide(CrcTable table, Narrow narrow, int[] distances) {
            super(table, distances, BLOCK_WORDS);
            this.narrow = narrow;
        }

        @Override
        final int finish(int[] words, int rest) {
            return narrow.ofWords(words, rest, span);
        }
    }

    // The distances, whose congruence a test checks, were found by exhaustive search for short ones. The loops have them as
    // literals and the tables as constants of a class: only so does the compiler vectorise the one, and spare the other a
    // comparison a look-up, which is half of the time. So ofQuarters stands twice: as one method of both it takes a quarter longer.

    /** For CRC-32. */
    static final class Ieee extends Narrow {
        static final int[] DISTANCES = {181, 199, 255, 263, 274};

        private static final int[] SLICES = Crc32.TABLE.slices();
        private static final int QUARTER = 70;

        Ieee() {
            super(Crc32.POLYNOMIAL, Crc32.TABLE, DISTANCES, QUARTER);
        }

        @Override
        int ofQuarters(int[] words, int from) {
            int first = 0;
            int second = 0;
            int third = 0;
            int fourth = 0;
            for (int i = from; i < from + QUARTER; i += 2) {
                first = eight(SLICES, words[i] ^ first, words[i + 1]);
                second = eight(SLICES, words[i + QUARTER] ^ second, words[i + QUARTER + 1]);
                third = eight(SLICES, words[i + 2 * QUARTER] ^ third, words[i + 2 * QUARTER + 1]);
                fourth = eight(SLICES, words[i + 3 * QUARTER] ^ fourth, words[i + 3 * QUARTER + 1]);
            }
            return join(first, second, third, fourth);
        }

        @Override
        void reduce(int[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i] = words[i] ^ words[i - 181] ^ words[i - 199] ^ words[i - 255] ^ words[i - 263]
                        ^ words[i - 274];
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

    /** For CRC-32. */
    static final class WideIeee extends Wide {
        static final int[] DISTANCES = {2896, 3184, 4080, 4208, 4384};

        WideIeee(Ieee narrow) {
            super(Crc32.TABLE, narrow, DISTANCES);
        }

        @Override
        void reduce(int[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i] = words[i] ^ words[i - 2896] ^ words[i - 3184] ^ words[i - 4080] ^ words[i - 4208]
                        ^ words[i - 4384];
            }
        }

        @Override
        void reduceTail(int[] words, int rest) {
            for (int i = rest + 2896; i < rest + 3184; i++) {
                words[i] = words[i] ^ words[i - 3184] ^ words[i - 4080] ^ words[i - 4208] ^ words[i - 4384];
            }
            for (int i = rest + 3184; i < rest + 4080; i++) {
                words[i] = words[i] ^ words[i - 4080] ^ words[i - 4208] ^ words[i - 4384];
            }
            for (int i = rest + 4080; i < rest + 4208; i++) {
                words[i] = words[i] ^ words[i - 4208] ^ words[i - 4384];
            }
            for (int i = rest + 4208; i < rest + 4384; i++) {
                words[i] ^= words[i - 4384];
            }
        }
    }

    /** For CRC-32C. */
    static final class Castagnoli extends Narrow {
        static final int[] DISTANCES = {123, 145, 178, 195, 266};

        private static final int[] SLICES = Crc32C.TABLE.slices();
        private static final int QUARTER = 68;

        Castagnoli() {
            super(Crc32C.POLYNOMIAL, Crc32C.TABLE, DISTANCES, QUARTER);
        }

        @Override
        int ofQuarters(int[] words, int from) {
            int first = 0;
            int second = 0;
            int third = 0;
            int fourth = 0;
            for (int i = from; i < from + QUARTER; i += 2) {
                first = eight(SLICES, words[i] ^ first, words[i + 1]);
                second = eight(SLICES, words[i + QUARTER] ^ second, words[i + QUARTER + 1]);
                third = eight(SLICES, words[i + 2 * QUARTER] ^ third, words[i + 2 * QUARTER + 1]);
                fourth = eight(SLICES, words[i + 3 * QUARTER] ^ fourth, words[i + 3 * QUARTER + 1]);
            }
            return join(first, second, third, fourth);
        }

        @Override
        void reduce(int[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i] = words[i] ^ words[i - 123] ^ words[i - 145] ^ words[i - 178] ^ words[i - 195]
                        ^ words[i - 266];
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

    /** For CRC-32C. */
    static final class WideCastagnoli extends Wide {
        static final int[] DISTANCES = {1968, 2320, 2848, 3120, 4256};

        WideCastagnoli(Castagnoli narrow) {
            super(Crc32C.TABLE, narrow, DISTANCES);
        }

        @Override
        void reduce(int[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i] = words[i] ^ words[i - 1968] ^ words[i - 2320] ^ words[i - 2848] ^ words[i - 3120]
                        ^ words[i - 4256];
            }
        }

        @Override
        void reduceTail(int[] words, int rest) {
            for (int i = rest + 1968; i < rest + 2320; i++) {
                words[i] = words[i] ^ words[i - 2320] ^ words[i - 2848] ^ words[i - 3120] ^ words[i - 4256];
            }
            for (int i = rest + 2320; i < rest + 2848; i++) {
                words[i] = words[i] ^ words[i - 2848] ^ words[i - 3120] ^ words[i - 4256];
            }
            for (int i = rest + 2848; i < rest + 3120; i++) {
                words[i] = words[i] ^ words[i - 3120] ^ words[i - 4256];
            }
            for (int i = rest + 3120; i < rest + 4256; i++) {
                words[i] ^= words[i - 4256];
            }
        }
    }
}
