package dev.banos.libc.zip;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A CRC register advanced over many bytes without tables, by loops that the compiler turns into vector instructions. A
 * multiple of the polynomial with few terms says that a word may be added to a few words behind it instead of being kept:
 *
 * <pre>
 *   1 = y^-181 + y^-199 + y^-255 + y^-263 + y^-274   modulo P, for y = x^8, and so for y = x^64: squaring keeps a sum
 *
 *   words   ... [i] -----------------&gt; [i+181] --&gt; [i+199] -------&gt; [i+255] -&gt; [i+263] -&gt; [i+274] ...
 * </pre>
 *
 * One multiple with five terms reduces any message to as many words of 64 bits as its longest distance, one with nine terms
 * that rest to a hundred and odd, and a table those. All distances exceed the longest vector, so a vector of words never
 * waits for itself. The words lie in an array: over a segment the compiler does not vectorise these loops.
 */
abstract class CrcCascade {
    /** Below this many bytes tables are faster. */
    static final long WORTHWHILE = 3072;

    static final long BLOCK_BYTES = 1 << 14;

    private static final int BLOCK_WORDS = (int) BLOCK_BYTES / Long.BYTES;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** So far behind their place the last words are summed up that are added to, but not to others any more. */
    private static final int TAIL = 3072;

    private final AtomicReference<long[]> idle = new AtomicReference<>();
    private final CrcTable table;
    private final int[] appendHalf = new int[4 * 256];
    private final int farSpan;
    private final int nearSpan;
    private final int nearest;

    /** @param far distances in ascending order, as {@code near} */
    CrcCascade(CrcPolynomial polynomial, CrcTable table, int[] far, int[] near) {
        this.table = table;
        this.farSpan = far[far.length - 1];
        this.nearSpan = near[near.length - 1];
        this.nearest = near[0];
        int half = polynomial.appendZeroBytes(CrcPolynomial.ONE, (long) halfWords() * Long.BYTES);
        polynomial.fillProducts(half, appendHalf, 0);
    }

    // Each loop has the distances as literals, and five of them at most: the compiler vectorises none of seven. It does not
    // vectorise between two arrays either, which might be one, so the tail lies in the array of the words.

    /** Adds to each word those at the far distances before it. */
    abstract void reduceFar(long[] words, int from, int to);

    /** The same where a word's place is {@link #TAIL} further. */
    abstract void tailFar(long[] words, int from, int to);

    /** Adds to each word those at the first near distances before it; for no more words than the shortest distance. */
    abstract void reduceNear(long[] words, int from, int to);

    abstract void reduceNearRest(long[] words, int from, int to);

    abstract void tailNear(long[] words, int from, int to);

    abstract void tailNearRest(long[] words, int from, int to);

    /** For any number of bytes from {@link #WORTHWHILE}. */
    int update(int register, MemorySegment data) {
        long[] words = claim();
        long wholeWords = data.byteSize() / Long.BYTES;
        reduceFar(register, data, words, wholeWords);
        int rest = 2 * farSpan - nearSpan;
        for (int at = farSpan; at < rest; at += nearest) {
            int end = Math.min(at + nearest, rest);
            reduceNear(words, at, end);
            reduceNearRest(words, at, end);
        }
        setAside(words, rest, nearSpan);
        tailNear(words, rest, rest + nearSpan);
        tailNearRest(words, rest, rest + nearSpan);
        int tail = rest + TAIL;
        words[tail - 1] = 0; // in front of an odd number of words, so that both halves are as long
        int result = table.ofWords(words, tail - (nearSpan & 1), halfWords(), appendHalf);
        idle.set(words);
        return table.update(result, data, wholeWords * Long.BYTES, data.byteSize());
    }

    private int halfWords() {
        return (nearSpan + 1) / 2;
    }

    /** Leaves what is congruent to the message in as many words as the longest distance; those before them stay zero. */
    private void reduceFar(int register, MemorySegment data, long[] words, long wholeWords) {
        int start = farSpan;
        int carried = 0;
        for (long done = 0; done < wholeWords; ) {
            int count = (int) Math.min(wholeWords - done, BLOCK_WORDS);
            MemorySegment.copy(data, LONG, done * Long.BYTES, words, start + carried, count);
            if (done == 0) {
                words[start] ^= Integer.toUnsignedLong(register);
            }
            done += count;
            int rest = carried + count; // that is, start + carried + count - farSpan
            reduceFar(words, start, rest);
            setAside(words, rest, farSpan);
            tailFar(words, rest, rest + farSpan);
            System.arraycopy(words, rest + TAIL, words, start, farSpan);
            carried = farSpan;
        }
    }

    /** Zeros in place of words that are not to be added to others. */
    private static void setAside(long[] words, int from, int count) {
        System.arraycopy(words, from, words, from + TAIL, count);
        Arrays.fill(words, from, from + count, 0);
    }

    private long[] claim() {
        long[] words = idle.getAndSet(null);
        return words != null ? words : new long[2 * TAIL];
    }

    /** For CRC-32: the distances, whose congruence a test checks, were found by exhaustive search for short ones. */
    static final class Ieee extends CrcCascade {
        static final int[] FAR = {181, 199, 255, 263, 274};
        static final int[] NEAR = {85, 89, 95, 97, 111, 114, 125, 126, 129};

        Ieee(CrcTable table) {
            super(Crc32.POLYNOMIAL, table, FAR, NEAR);
        }

        @Override
        void reduceFar(long[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i] = words[i] ^ words[i - 181] ^ words[i - 199] ^ words[i - 255] ^ words[i - 263]
                        ^ words[i - 274];
            }
        }

        @Override
        void tailFar(long[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i + TAIL] = words[i + TAIL] ^ words[i - 181] ^ words[i - 199] ^ words[i - 255] ^ words[i - 263]
                        ^ words[i - 274];
            }
        }

        @Override
        void reduceNear(long[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i] = words[i] ^ words[i - 85] ^ words[i - 89] ^ words[i - 95] ^ words[i - 97] ^ words[i - 111];
            }
        }

        @Override
        void reduceNearRest(long[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i] = words[i] ^ words[i - 114] ^ words[i - 125] ^ words[i - 126] ^ words[i - 129];
            }
        }

        @Override
        void tailNear(long[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i + TAIL] = words[i + TAIL] ^ words[i - 85] ^ words[i - 89] ^ words[i - 95] ^ words[i - 97]
                        ^ words[i - 111];
            }
        }

        @Override
        void tailNearRest(long[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i + TAIL] = words[i + TAIL] ^ words[i - 114] ^ words[i - 125] ^ words[i - 126] ^ words[i - 129];
            }
        }
    }

    /** For CRC-32C. */
    static final class Castagnoli extends CrcCascade {
        static final int[] FAR = {65, 155, 170, 195, 209};
        static final int[] NEAR = {88, 90, 98, 99, 101, 110, 111, 119, 122};

        Castagnoli(CrcTable table) {
            super(Crc32C.POLYNOMIAL, table, FAR, NEAR);
        }

        @Override
        void reduceFar(long[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i] = words[i] ^ words[i - 65] ^ words[i - 155] ^ words[i - 170] ^ words[i - 195] ^ words[i - 209];
            }
        }

        @Override
        void tailFar(long[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i + TAIL] = words[i + TAIL] ^ words[i - 65] ^ words[i - 155] ^ words[i - 170] ^ words[i - 195]
                        ^ words[i - 209];
            }
        }

        @Override
        void reduceNear(long[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i] = words[i] ^ words[i - 88] ^ words[i - 90] ^ words[i - 98] ^ words[i - 99] ^ words[i - 101];
            }
        }

        @Override
        void reduceNearRest(long[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i] = words[i] ^ words[i - 110] ^ words[i - 111] ^ words[i - 119] ^ words[i - 122];
            }
        }

        @Override
        void tailNear(long[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i + TAIL] = words[i + TAIL] ^ words[i - 88] ^ words[i - 90] ^ words[i - 98] ^ words[i - 99]
                        ^ words[i - 101];
            }
        }

        @Override
        void tailNearRest(long[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i + TAIL] = words[i + TAIL] ^ words[i - 110] ^ words[i - 111] ^ words[i - 119] ^ words[i - 122];
            }
        }
    }
}
