package dev.banos.libc.zip;

import java.util.Arrays;

/**
 * Builds the lookup table of a Huffman code in off-heap memory: indexed by the next bits of the input, it says what they mean
 * and how many of them that takes.
 *
 * <pre>
 *   one entry, an int
 *    31        30 ........ 16   15            14         13 ....... 8         7 ..... 0
 *   +---------+--------------+-------------+----------+-------------------+-----------+
 *   | LITERAL | value        | EXCEPTIONAL | SUBTABLE | bits of codeword  | bits used |
 *   +---------+--------------+-------------+----------+-------------------+-----------+
 *
 *   literal              value is the byte
 *   length, distance     value is the base; the extra bits lie above the codeword, and "bits used" covers both
 *   subtable             value is the index of its first entry; in place of "bits used" is the mask of the bits behind the index
 *                        that select in it, and none are used: an entry found there has the whole codeword's
 *   end, invalid         EXCEPTIONAL with a value that tells which
 * </pre>
 *
 * The field "bits used" is lowest and the shift distance of a {@code long} is taken modulo 64, so that
 * {@code bits >>>= entry} consumes a symbol without taking the field out first; "bits of codeword" is reached by one shift in
 * the same way. Codewords longer than the index share a subtable for each prefix, which lies behind the main table.
 *
 * <p>Building costs time in proportion to the number of symbols, plus a copy of the main table: that is made by doubling.
 */
final class DecodeTable {
    static final int LITERAL = 1 << 31;
    static final int VALUE_SHIFT = 16;
    static final int EXCEPTIONAL = 1 << 15;
    static final int SUBTABLE = 1 << 14;
    static final int CODEWORD_SHIFT = 8;
    /** What tells a literal of one length from everything else. */
    static final int KIND_OF_LITERAL = LITERAL | (1 << VALUE_SHIFT) - 1;
    /** Its value is 0: zlib, too, takes each bit that a precode without a symbol is asked about for a length of 0. */
    static final int INVALID = EXCEPTIONAL;
    static final int END_OF_BLOCK = EXCEPTIONAL | SymbolLoop.BAD_LITERAL - SymbolLoop.END_OF_BLOCK << VALUE_SHIFT;

    static final int LONGEST_CODEWORD = 15;
    static final int LITERAL_BITS = 11;
    static final int DISTANCE_BITS = 8;
    static final int PRECODE_BITS = 7;

    /** Constants, since the compiler then knows the bounds of an index. */
    static final int LITERAL_MASK = (1 << LITERAL_BITS) - 1;
    static final int DISTANCE_MASK = (1 << DISTANCE_BITS) - 1;
    static final int LARGEST_SELECT = (1 << LONGEST_CODEWORD - DISTANCE_BITS) - 1;

    /** A codeword and the extra bits of the farthest distances. */
    static final int LARGEST_DISTANCE_BITS = LONGEST_CODEWORD + 13;

    static final int LITERAL_ENTRIES = entries(LITERAL_BITS, Alphabet.LITERAL_SYMBOLS);
    static final int DISTANCE_ENTRIES = entries(DISTANCE_BITS, Alphabet.DISTANCE_SYMBOLS);
    static final int PRECODE_ENTRIES = 1 << PRECODE_BITS;

    static final int SCRATCH_BYTES = Short.BYTES * Alphabet.LITERAL_SYMBOLS;

    static final int ENTRY_SHIFT = 2;
    private static final long EACH_SHORT = 0x0001_0001_0001_0001L;
    private static final int BULK_BYTES = 128;

    private final long sorted;
    private final int[] count = new int[LONGEST_CODEWORD + 1];
    private final int[] offset = new int[LONGEST_CODEWORD + 2];
    private long lengths;
    private int symbols;
    private int longest;
    /** The part of the code space that no codeword covers, in units of 2^-15; negative if it is covered twice. */
    private int unused;

    /** @param scratch the address of {@link #SCRATCH_BYTES} bytes */
    DecodeTable(long scratch) {
        sorted = scratch;
    }

    /**
     * Room for any code: a subtable of k index bits is a tree of depth k, which has at least k + 1 leaves, so that it holds at
     * most 2^k / (k + 1) entries a symbol; the quotient grows with k.
     */
    private static int entries(int indexBits, int symbols) {
        int deepest = LONGEST_CODEWORD - indexBits;
        return (1 << indexBits) + (symbols << deepest) / (deepest + 1);
    }

    static int lookup(long table, long index) {
        return Ram.getInt(table + (index << ENTRY_SHIFT));
    }

    static int value(int entry) {
        return entry >>> VALUE_SHIFT & 0x7FFF;
    }

    /** Bits of codeword and of what follows it. */
    static int bitsUsed(int entry) {
        return entry & 0xFF;
    }

    /**
     * Takes up a code.
     *
     * @param lengths address of one byte a symbol, the length of its codeword, 0 to {@link #LONGEST_CODEWORD}
     * @param mayLack whether a single codeword of one bit, which leaves half of the code unused, is accepted
     * @return whether the code is neither over-subscribed nor incomplete. A code without any symbol is accepted; each use of it
     *     is invalid.
     */
    boolean accept(long lengths, int symbols, boolean mayLack) {
        this.lengths = lengths;
        this.symbols = symbols;
        countLengths();
        longest = 0;
        unused = 1;
        for (int length = 1; length <= LONGEST_CODEWORD; length++) {
            unused = (unused << 1) - count[length];
            if (unused < 0) {
                return false;
            }
            if (count[length] != 0) {
                longest = length;
            }
        }
        return unused == 0 || longest == 0 || mayLack && longest == 1;
    }

    /** How many bits tell the symbols of the code accepted last apart, at least 1. */
    int longest() {
        return Math.max(1, longest);
    }

    /** Whether the code accepted last has one symbol or none. */
    boolean lacks() {
        return unused > 0;
    }

    /**
     * The table of the code accepted last.
     *
     * @param meanings the entry of each symbol without its codeword's length
     */
    void build(long table, int indexBits, int[] meanings) {
        sort();
        if (lacks()) {
            put(table, 0, longest == 0 ? INVALID | 1 : meanings[symbol(0)] + codeword(1));
            put(table, 1, INVALID | 1);
            widen(table, 1, indexBits);
        } else {
            fill(table, indexBits, meanings);
        }
    }

    private void countLengths() {
        Arrays.fill(count, 0);
        int symbol = 0;
        for (; symbol + Long.BYTES <= symbols; symbol += Long.BYTES) {
            long eight = Ram.getLong(lengths + symbol);
            if (allEqual(eight)) {
                count[(int) eight & LONGEST_CODEWORD] += Long.BYTES;
            } else {
                countEight(eight);
            }
        }
        for (; symbol < symbols; symbol++) {
            count[Ram.getByte(lengths + symbol) & LONGEST_CODEWORD]++;
        }
        count[0] = 0;
    }

    /** A code of many equal lengths, or of few symbols, is a cheap attack: eight of them are taken in one step. */
    private static boolean allEqual(long eight) {
        return (eight & 0xFF) * 0x0101_0101_0101_0101L == eight;
    }

    private void countEight(long eight) {
        for (long rest = eight; rest != 0; rest >>>= Byte.SIZE) {
            count[(int) rest & LONGEST_CODEWORD]++;
        }
    }

    /** By length, then by symbol: the order in which a canonical code gives out its codewords. */
    private void sort() {
        offset[1] = 0;
        for (int length = 1; length <= LONGEST_CODEWORD; length++) {
            offset[length + 1] = offset[length] + count[length];
        }
        int symbol = 0;
        for (; symbol + Long.BYTES <= symbols; symbol += Long.BYTES) {
            long eight = Ram.getLong(lengths + symbol);
            if (allEqual(eight)) {
                rankEight((int) eight & LONGEST_CODEWORD, symbol);
            } else {
                for (int next = symbol; eight != 0; eight >>>= Byte.SIZE) {
                    rank((int) eight & LONGEST_CODEWORD, next++);
                }
            }
        }
        for (; symbol < symbols; symbol++) {
            rank(Ram.getByte(lengths + symbol) & LONGEST_CODEWORD, symbol);
        }
    }

    private void rank(int length, int symbol) {
        if (length != 0) {
            Ram.putShort(sorted + ((long) offset[length]++ << 1), symbol);
        }
    }

    private void rankEight(int length, int first) {
        if (length != 0) {
            long to = sorted + ((long) offset[length] << 1);
            long four = first * EACH_SHORT + 0x0003_0002_0001_0000L;
            Ram.putLong(to, four);
            Ram.putLong(to + Long.BYTES, four + 4 * EACH_SHORT);
            offset[length] += Long.BYTES;
        }
    }

    /**
     * The length of the codewords of so many symbols below {@code end} that they cover nine tenths of all inputs, or 0. Asks
     * about the code built last. Equal lengths are ranked by symbol, so one look tells how many of them are below.
     */
    int evenLength(int end) {
        for (int length = 1; length <= LITERAL_BITS; length++) {
            int needed = (9 << length) / 10 + 1;
            if (count[length] >= needed && symbol(offset[length] - count[length] + needed - 1) < end) {
                return length;
            }
        }
        return 0;
    }

    private int symbol(int rank) {
        return Ram.getShort(sorted + ((long) rank << 1));
    }

    /** Codewords are numbers that count up; a table's index is one reversed, since the input's next bit is an index's lowest. */
    private void fill(long table, int indexBits, int[] meanings) {
        int length = 1;
        while (count[length] == 0) {
            length++;
        }
        int rank = 0;
        int code = 0;
        while (length <= indexBits) {
            int end = rank + count[length];
            int codeword = codeword(length);
            for (; rank < end; rank++) {
                put(table, Integer.reverse(code++) >>> Integer.SIZE - length, meanings[symbol(rank)] + codeword);
            }
            if (code == 1 << length) {
                widen(table, length, indexBits);
                return;
            }
            int shorter = length;
            do {
                length++;
            } while (count[length] == 0);
            code <<= length - shorter;
            widen(table, shorter, Math.min(length, indexBits));
        }
        fillSubtables(table, indexBits, meanings, length, Integer.reverse(code) >>> Integer.SIZE - length, rank);
    }

    private void fillSubtables(long table, int indexBits, int[] meanings, int firstLength, int firstCodeword, int firstRank) {
        int length = firstLength;
        int codeword = firstCodeword;
        int rank = firstRank;
        int free = 1 << indexBits;
        int prefix = -1;
        int start = 0;
        int size = 0;
        for (;;) {
            if ((codeword & (1 << indexBits) - 1) != prefix) {
                prefix = codeword & (1 << indexBits) - 1;
                int selectBits = selectBits(length, indexBits);
                start = free;
                size = 1 << selectBits;
                free += size;
                put(table, prefix, EXCEPTIONAL | SUBTABLE | start << VALUE_SHIFT | size - 1);
            }
            int tail = length - indexBits;
            int entry = meanings[symbol(rank++)] + codeword(length);
            for (int i = codeword >>> indexBits; i < size; i += 1 << tail) {
                put(table, start + i, entry);
            }
            int last = (1 << length) - 1;
            if (codeword == last) {
                return;
            }
            codeword = next(codeword, last);
            count[length]--;
            while (count[length] == 0) {
                length++;
            }
        }
    }

    /** How deep the tree below a prefix is: deeper until the codewords that are left fill it. */
    private int selectBits(int length, int indexBits) {
        int bits = length - indexBits;
        int filled = count[length];
        while (filled < 1 << bits) {
            bits++;
            filled = (filled << 1) + count[indexBits + bits];
        }
        return bits;
    }

    private static int next(int codeword, int last) {
        int carry = Integer.highestOneBit(codeword ^ last);
        return codeword & carry - 1 | carry;
    }

    static int codeword(int length) {
        return length << CODEWORD_SHIFT | length;
    }

    /** More index bits: what was said for each index holds whatever a new bit is. */
    private static void widen(long table, int fromBits, int toBits) {
        for (int bits = fromBits; bits < toBits; bits++) {
            long bytes = 1L << bits + ENTRY_SHIFT;
            if (bytes >= BULK_BYTES) {
                Ram.copy(table, table + bytes, bytes);
            } else {
                for (long at = table; at < table + bytes; at += 2 * Integer.BYTES) {
                    Ram.putLong(at + bytes, Ram.getLong(at));
                }
            }
        }
    }

    private static void put(long table, int index, int entry) {
        Ram.putInt(table + ((long) index << ENTRY_SHIFT), entry);
    }
}
