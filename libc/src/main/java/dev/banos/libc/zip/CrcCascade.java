package dev.banos.libc.zip;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A CRC register advanced over many bytes without tables, by loops that the compiler turns into vector instructions. A
 * multiple of the polynomial with few terms says that a word may be added to a few words behind it instead of being kept:
 *
 * <pre>
 *   1 = y^-181 + y^-199 + y^-255 + y^-263 + y^-274   modulo P, for y = x^8, and so for y = x^32: squaring keeps a sum
 *
 *   words   ... [i] -----------------&gt; [i+181] --&gt; [i+199] -------&gt; [i+255] -&gt; [i+263] -&gt; [i+274] ...
 * </pre>
 *
 * One multiple with five terms reduces any message to as many words as its longest distance, one with nine terms that rest
 * to a hundred and odd, and a table those. All distances exceed the longest vector, so a vector of words never waits for
 * itself. The words lie in an array: over a segment the compiler does not vectorise these loops.
 */
abstract class CrcCascade {
    /** Below this many bytes tables are faster. */
    static final long WORTHWHILE = 2048;

    private static final int BLOCK_WORDS = 4096;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final AtomicReference<int[]> idle = new AtomicReference<>();
    private final CrcTable table;
    private final int[] far;
    private final int[] near;
    private final int farSpan;
    private final int nearSpan;

    /** @param far distances in ascending order, as {@code near} */
    CrcCascade(CrcTable table, int[] far, int[] near) {
        this.table = table;
        this.far = far;
        this.near = near;
        this.farSpan = far[far.length - 1];
        this.nearSpan = near[near.length - 1];
    }

    /** Adds to each word those at the far distances before it. The distances are literals, which vectorising needs. */
    abstract void reduceFar(int[] words, int from, int to);

    /** The same at the near distances. */
    abstract void reduceNear(int[] words, int from, int to);

    /** For any number of bytes from {@link #WORTHWHILE}. */
    int update(int register, MemorySegment data) {
        int[] words = claim();
        long wholeWords = data.byteSize() / Integer.BYTES;
        int result = table.updateWords(0, words, farSpan + reduce(register, data, words, wholeWords), farSpan + farSpan);
        idle.set(words);
        return table.update(result, data, wholeWords * Integer.BYTES, data.byteSize());
    }

    /** Leaves what is congruent to the message in the words before {@code 2 * farSpan}; returns where that starts past {@code farSpan}. */
    private int reduce(int register, MemorySegment data, int[] words, long wholeWords) {
        int start = farSpan; // the words before it stay zero
        int carried = 0;
        for (long done = 0; done < wholeWords; ) {
            int count = (int) Math.min(wholeWords - done, BLOCK_WORDS);
            MemorySegment.copy(data, INT, done * Integer.BYTES, words, start + carried, count);
            if (done == 0) {
                words[start] ^= register;
            }
            done += count;
            int rest = start + carried + count - farSpan;
            reduceFar(words, start, rest);
            addTails(words, rest, far);
            System.arraycopy(words, rest, words, start, farSpan);
            carried = farSpan;
        }
        int rest = start + farSpan - nearSpan;
        reduceNear(words, start, rest);
        addTails(words, rest, near);
        return rest - start;
    }

    /** What the reduced words, all before {@code rest}, still add to the words from there on. */
    private static void addTails(int[] words, int rest, int[] distances) {
        for (int distance : distances) {
            addTail(words, rest, distance);
        }
    }

    private static void addTail(int[] words, int rest, int distance) {
        for (int i = rest; i < rest + distance; i++) {
            words[i] ^= words[i - distance];
        }
    }

    private int[] claim() {
        int[] words = idle.getAndSet(null);
        return words != null ? words : new int[2 * farSpan + BLOCK_WORDS];
    }

    /** For CRC-32: the distances, whose congruence a test checks, were found by exhaustive search for short ones. */
    static final class Ieee extends CrcCascade {
        static final int[] FAR = {181, 199, 255, 263, 274};
        static final int[] NEAR = {71, 72, 75, 78, 90, 91, 100, 101, 112};

        Ieee(CrcTable table) {
            super(table, FAR, NEAR);
        }

        @Override
        void reduceFar(int[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i] = words[i] ^ words[i - 181] ^ words[i - 199] ^ words[i - 255] ^ words[i - 263] ^ words[i - 274];
            }
        }

        @Override
        void reduceNear(int[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i] = words[i] ^ words[i - 71] ^ words[i - 72] ^ words[i - 75] ^ words[i - 78] ^ words[i - 90]
                        ^ words[i - 91] ^ words[i - 100] ^ words[i - 101] ^ words[i - 112];
            }
        }
    }

    /** For CRC-32C. */
    static final class Castagnoli extends CrcCascade {
        static final int[] FAR = {65, 155, 170, 195, 209};
        static final int[] NEAR = {64, 67, 69, 70, 72, 75, 87, 102, 117};

        Castagnoli(CrcTable table) {
            super(table, FAR, NEAR);
        }

        @Override
        void reduceFar(int[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i] = words[i] ^ words[i - 65] ^ words[i - 155] ^ words[i - 170] ^ words[i - 195] ^ words[i - 209];
            }
        }

        @Override
        void reduceNear(int[] words, int from, int to) {
            for (int i = from; i < to; i++) {
                words[i] = words[i] ^ words[i - 64] ^ words[i - 67] ^ words[i - 69] ^ words[i - 70] ^ words[i - 72]
                        ^ words[i - 75] ^ words[i - 87] ^ words[i - 102] ^ words[i - 117];
            }
        }
    }
}
