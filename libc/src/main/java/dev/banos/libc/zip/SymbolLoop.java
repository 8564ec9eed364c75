package dev.banos.libc.zip;

import dev.banos.bindings.Native;

/**
 * Decodes the symbols of a block: {@link #fast} while nothing has to be looked at but the two margins, {@link #even} for the
 * literals of data that hardly compresses, {@link #careful} for the last bytes of the input. All write behind {@link #out},
 * where at least {@link #OUTPUT_MARGIN} bytes belong to us beyond {@link #outLimit}, so that none looks at the space between
 * two symbols of a step.
 */
final class SymbolLoop {
    /** What ended a run. */
    static final int NONE = 0;
    static final int INPUT = 1;
    static final int OUTPUT = 2;
    static final int END_OF_BLOCK = 3;
    static final int BAD_LITERAL = 4;
    static final int BAD_DISTANCE = 5;
    static final int TOO_FAR = 6;

    /** What is copied without a look at the length, of a match that does not overlap itself within a word. */
    private static final int FIRST_COPY = 4 * Long.BYTES;
    private static final int NEXT_COPY = 2 * Long.BYTES;
    private static final int LITERALS_BEFORE_MATCH = 1;
    /** Positions within a run are ints, see {@link Ram#ordinary}. */
    private static final int LONGEST_RUN = 1 << 30;

    /** A step begins below the limit and writes a literal, one match, and the rest of its last copy. */
    static final int OUTPUT_MARGIN = (LITERALS_BEFORE_MATCH + Alphabet.LONGEST_MATCH + FIRST_COPY + 7) & -8;

    /** A step loads a word twice: the second begins at most 7 bytes after the first. */
    private static final int INPUT_MARGIN = 2 * Long.BYTES - 1;

    /** A length and a distance with all their extra bits. */
    private static final int LONGEST_SYMBOL = DecodeTable.LONGEST_CODEWORD + 5 + DecodeTable.LARGEST_DISTANCE_BITS;

    /** Where more may be read than there is: 7 bytes are in hand when a step begins, these are all the others that it uses. */
    private static final int PADDED_MARGIN = bytes(LITERALS_BEFORE_MATCH * DecodeTable.LITERAL_BITS + LONGEST_SYMBOL) - 7;
    /** What a refill leaves at least, in bits. */
    private static final int EVER_IN_HAND = Long.SIZE - Byte.SIZE;

    /** A step has 56 bits; when so many are left before a distance, it and the next lookup need no refill between them. */
    private static final int ENOUGH_FOR_A_DISTANCE = DecodeTable.LARGEST_DISTANCE_BITS + DecodeTable.LITERAL_BITS;

    /** By distance, below a word: what repeats so many bytes over a word, and how many bytes of that are whole periods. */
    private static final long[] REPEAT = repeat();
    private static final int[] WHOLE_PERIODS = {0, 8, 8, 6, 8, 5, 6, 7};

    private final BitInput input;

    long out;
    long outLimit;
    /** The lowest address that a match may reach back to. */
    long oldest;

    private long literals;
    private int evenBits;
    private long distances;

    SymbolLoop(BitInput input) {
        this.input = input;
    }

    /** @param evenLength that of nearly all literals' codewords, 0 if there is none: see {@link DecodeTable#evenLength} */
    void use(long literalTable, int evenLength, long distanceTable) {
        literals = literalTable;
        evenBits = evenLength;
        distances = distanceTable;
    }

    int run() {
        int stop = evenBits == 0 ? fast(outLimit) : evenAndFast();
        return stop != NONE ? stop : careful();
    }

    /** Literals while they come, and the one step that ends them. */
    private int evenAndFast() {
        long before;
        do {
            even();
            before = out;
            int stop = out < outLimit ? fast(out + 1) : NONE;
            if (stop != NONE) {
                return stop;
            }
        } while (out != before);
        return NONE;
    }

    /**
     * Literals of a block in which nearly all of them have codewords of one length: what hardly compresses. There each lookup
     * would wait for the one before it, that says where the next codeword begins. Here that is taken for granted, four
     * lookups run at once, and one look at the four entries proves it; a literal of another length is decoded alone.
     */
    private void even() {
        final int length = evenBits;
        final int margin = input.margin(INPUT_MARGIN, paddedEvenMargin(length));
        if (input.end - input.next < Math.max(margin, 1)) {
            return;
        }
        final long literals = Ram.ordinary(this.literals);
        final long inBase = Ram.ordinary(input.next);
        final long outBase = Ram.ordinary(this.out);
        final int outLimit = (int) Math.min(this.outLimit - outBase, LONGEST_RUN);
        final int inLimit = (int) Math.min(input.end - inBase, LONGEST_RUN) - margin;
        final int expected = DecodeTable.LITERAL | DecodeTable.codeword(length);
        int in = 0;
        int out = 0;
        long bits = input.bits;
        int left = input.count;
        for (;;) {
            bits |= Ram.getLong(inBase + in) << left;
            in += ~left >>> 3 & 7;
            left |= 56;
            if (in > inLimit || out >= outLimit) {
                break;
            }
            int first = DecodeTable.lookup(literals, bits & DecodeTable.LITERAL_MASK);
            long rest = bits >>> length;
            int second = DecodeTable.lookup(literals, rest & DecodeTable.LITERAL_MASK);
            rest >>>= length;
            int third = DecodeTable.lookup(literals, rest & DecodeTable.LITERAL_MASK);
            rest >>>= length;
            int fourth = DecodeTable.lookup(literals, rest & DecodeTable.LITERAL_MASK);
            int unexpected = first ^ expected | second ^ expected | third ^ expected | fourth ^ expected;
            if ((unexpected & DecodeTable.KIND_OF_LITERAL) == 0) {
                Ram.putInt(outBase + out, fourBytes(first, second, third, fourth));
                out += Integer.BYTES;
                bits = rest >>> length;
                left -= Integer.BYTES * length;
            } else if (first < 0) {
                Ram.putByte(outBase + out++, first >> DecodeTable.VALUE_SHIFT);
                bits >>>= first;
                left -= DecodeTable.bitsUsed(first);
            } else {
                break;
            }
        }
        input.leaveLoop(inBase + in, bits, left);
        this.out = outBase + out;
    }

    /** Negative: what was loaded from the padding does no harm while four literals, or one of any length, are in hand. */
    private static int paddedEvenMargin(int length) {
        return (Math.max(Integer.BYTES * length, DecodeTable.LITERAL_BITS) - EVER_IN_HAND) / Byte.SIZE;
    }

    private static int fourBytes(int first, int second, int third, int fourth) {
        return first >>> DecodeTable.VALUE_SHIFT & 0xFF
                | (second >>> DecodeTable.VALUE_SHIFT & 0xFF) << 8
                | (third >>> DecodeTable.VALUE_SHIFT & 0xFF) << 16
                | fourth >>> DecodeTable.VALUE_SHIFT << 24;
    }

    /**
     * The hot loop; long because whatever is called or stored between two symbols costs as much as a symbol. Up to two literals,
     * or one and a match, a step. A step's first entry is looked up as soon as its bits are there, before the refill, so that the
     * two overlap; a refill leaves 56 bits or more and does not branch.
     *
     * <p>With a few accesses more the compiler calls some of them ({@code NodeCountInliningCutoff}), and with any call in its loop
     * it keeps every variable on the stack. So the paths share what they can. It also calls what its profile says is rare, however
     * short: there, in subtables and matches that overlap within a word, the handles themselves are used, which it never calls.
     */
    private int fast(long limit) {
        final int margin = input.margin(INPUT_MARGIN, PADDED_MARGIN);
        if (input.end - input.next < margin) {
            return NONE;
        }
        final long literals = Ram.ordinary(this.literals);
        final long distances = Ram.ordinary(this.distances);
        final long inBase = Ram.ordinary(input.next);
        final long outBase = Ram.ordinary(this.out);
        final int oldest = (int) Math.max(this.oldest - outBase, -Workspace.HISTORY_BYTES);
        final int outLimit = (int) Math.min(limit - outBase, LONGEST_RUN);
        final int inLimit = (int) Math.min(input.end - inBase, LONGEST_RUN) - margin;
        int in = 0;
        int out = 0;
        long bits = input.bits;
        int left = input.count; // only the lowest byte counts: an entry is subtracted as a whole

        bits |= Ram.getLong(inBase) << left;
        in += ~left >>> 3 & 7;
        left |= 56;
        int stop = NONE;
        for (;;) {
            int entry = DecodeTable.lookup(literals, bits & DecodeTable.LITERAL_MASK);
            bits |= Ram.getLong(inBase + in) << left;
            in += ~left >>> 3 & 7;
            left |= 56;
            if (in > inLimit || out >= outLimit) {
                break;
            }
            if (entry < 0) {
                Ram.putByte(outBase + out++, entry >> DecodeTable.VALUE_SHIFT);
                bits >>>= entry;
                left -= entry;
                entry = DecodeTable.lookup(literals, bits & DecodeTable.LITERAL_MASK);
            }
            if ((entry & (DecodeTable.LITERAL | DecodeTable.EXCEPTIONAL)) != 0) {
                if ((entry & DecodeTable.SUBTABLE) != 0) {
                    int index = (entry >>> DecodeTable.VALUE_SHIFT)
                            + ((int) (bits >>> DecodeTable.LITERAL_BITS) & entry & DecodeTable.LARGEST_SELECT);
                    entry = (int) Ram.INT.get(Native.EVERYTHING, literals + (index << DecodeTable.ENTRY_SHIFT));
                }
                if (entry < 0) {
                    Ram.putByte(outBase + out++, entry >> DecodeTable.VALUE_SHIFT);
                    bits >>>= entry;
                    left -= entry;
                    continue;
                }
                if ((entry & DecodeTable.EXCEPTIONAL) != 0) {
                    bits >>>= entry;
                    left -= entry;
                    stop = BAD_LITERAL - (entry >>> DecodeTable.VALUE_SHIFT);
                    break;
                }
            }
            int length = valueWithExtra(entry, bits);
            bits >>>= entry;
            left -= entry;
            entry = DecodeTable.lookup(distances, bits & DecodeTable.DISTANCE_MASK);
            if ((left & 0xFF) < ENOUGH_FOR_A_DISTANCE) {
                bits |= Ram.getLong(inBase + in) << left;
                in += ~left >>> 3 & 7;
                left |= 56;
            }
            if ((entry & DecodeTable.EXCEPTIONAL) != 0) {
                if ((entry & DecodeTable.SUBTABLE) != 0) {
                    int index = (entry >>> DecodeTable.VALUE_SHIFT)
                            + ((int) (bits >>> DecodeTable.DISTANCE_BITS) & entry & DecodeTable.LARGEST_SELECT);
                    entry = (int) Ram.INT.get(Native.EVERYTHING, distances + (index << DecodeTable.ENTRY_SHIFT));
                }
                if ((entry & DecodeTable.EXCEPTIONAL) != 0) {
                    bits >>>= entry;
                    left -= entry;
                    stop = BAD_DISTANCE;
                    break;
                }
            }
            int distance = valueWithExtra(entry, bits);
            bits >>>= entry;
            left -= entry;
            int from = out - distance;
            if (from < oldest) {
                stop = TOO_FAR;
                break;
            }
            copy(outBase, out, length, distance);
            out += length;
        }
        input.leaveLoop(inBase + in, bits, left & 0xFF);
        this.out = outBase + out;
        return stop;
    }

    /** Copies a match by words, so that up to {@link #FIRST_COPY} - 3 bytes behind it are written as well. */
    private static void copy(long base, int start, int length, int distance) {
        int to = start;
        int from = to - distance;
        if (distance >= Long.BYTES) {
            Ram.putLong(base + to, Ram.getLong(base + from));
            Ram.putLong(base + to + 8, Ram.getLong(base + from + 8));
            Ram.putLong(base + to + 16, Ram.getLong(base + from + 16));
            Ram.putLong(base + to + 24, Ram.getLong(base + from + 24));
            for (int left = length - FIRST_COPY; left > 0; left -= NEXT_COPY) {
                to += NEXT_COPY;
                from += NEXT_COPY;
                Ram.putLong(base + to + 16, Ram.getLong(base + from + 16));
                Ram.putLong(base + to + 24, Ram.getLong(base + from + 24));
            }
        } else {
            long period = (long) Ram.LONG.get(Native.EVERYTHING, base + from) & ~(-1L << distance * Byte.SIZE);
            long pattern = period * REPEAT[distance & 7];
            int step = WHOLE_PERIODS[distance & 7];
            do {
                Ram.LONG.set(Native.EVERYTHING, base + to, pattern);
                to += step;
            } while (to < start + length);
        }
    }

    private static long[] repeat() {
        long[] factors = new long[Long.BYTES];
        for (int distance = 1; distance < Long.BYTES; distance++) {
            for (int at = 0; at < Long.BYTES; at += distance) {
                factors[distance] |= 1L << at * Byte.SIZE;
            }
        }
        return factors;
    }

    /**
     * One symbol at a time, taken only when all of its bits are there: what stays in {@link #input} is less than a symbol. The bits
     * beyond the end read as zero, which cannot mislead: an entry that uses no more bits than there are was found by them alone.
     *
     * <p>Long for the reason of {@link #fast}: of input in small pieces it decodes a seventh, and with its matches in a method of
     * their own, through fields, it took a third more time. Its subtables are looked up as there: a method for both would be rare,
     * and so called.
     */
    private int careful() {
        final long literals = Ram.ordinary(this.literals);
        final long distances = Ram.ordinary(this.distances);
        final long outBase = Ram.ordinary(this.out);
        final int oldest = (int) Math.max(this.oldest - outBase, -Workspace.HISTORY_BYTES);
        final int outLimit = (int) Math.min(this.outLimit - outBase, LONGEST_RUN);
        int out = 0;
        long bits = input.bits;
        int count = input.count;
        int enough = LONGEST_SYMBOL;
        int stop = NONE;
        while (stop == NONE) {
            if (count < enough) {
                input.bits = bits;
                input.count = count;
                input.refill();
                bits = input.bits;
                count = input.count;
                enough = input.next < input.end ? LONGEST_SYMBOL : 0; // behind the last byte there is nothing to look for
            }
            if (out >= outLimit) {
                stop = OUTPUT;
                break;
            }
            long rest = bits;
            int left = count;
            int entry = DecodeTable.lookup(literals, rest & DecodeTable.LITERAL_MASK);
            if (isSubtable(entry)) {
                int index = (entry >>> DecodeTable.VALUE_SHIFT)
                        + ((int) (rest >>> DecodeTable.LITERAL_BITS) & entry & DecodeTable.LARGEST_SELECT);
                entry = (int) Ram.INT.get(Native.EVERYTHING, literals + (index << DecodeTable.ENTRY_SHIFT));
            }
            long saved = rest;
            rest >>>= entry;
            left -= DecodeTable.bitsUsed(entry);
            if (left < 0) {
                stop = INPUT;
                break;
            }
            if (entry < 0) {
                Ram.putByte(outBase + out++, entry >> DecodeTable.VALUE_SHIFT);
            } else if ((entry & DecodeTable.EXCEPTIONAL) != 0) {
                stop = BAD_LITERAL - (entry >>> DecodeTable.VALUE_SHIFT);
            } else {
                int length = valueWithExtra(entry, saved);
                entry = DecodeTable.lookup(distances, rest & DecodeTable.DISTANCE_MASK);
                if (isSubtable(entry)) {
                    int index = (entry >>> DecodeTable.VALUE_SHIFT)
                            + ((int) (rest >>> DecodeTable.DISTANCE_BITS) & entry & DecodeTable.LARGEST_SELECT);
                    entry = (int) Ram.INT.get(Native.EVERYTHING, distances + (index << DecodeTable.ENTRY_SHIFT));
                }
                saved = rest;
                rest >>>= entry;
                left -= DecodeTable.bitsUsed(entry);
                if (left < 0) {
                    stop = INPUT;
                    break;
                }
                int distance = valueWithExtra(entry, saved);
                if ((entry & DecodeTable.EXCEPTIONAL) != 0) {
                    stop = BAD_DISTANCE;
                } else if (out - distance < oldest) {
                    stop = TOO_FAR;
                } else {
                    copy(outBase, out, length, distance);
                    out += length;
                }
            }
            bits = rest;
            count = left;
        }
        input.bits = bits;
        input.count = count;
        this.out = outBase + out;
        return stop;
    }

    private static int bytes(int bits) {
        return (bits + Byte.SIZE - 1) / Byte.SIZE;
    }

    private static boolean isSubtable(int entry) {
        return (entry & DecodeTable.SUBTABLE) != 0;
    }

    /** Of an entry that is no literal. */
    private static int valueWithExtra(int entry, long bits) {
        return (entry >>> DecodeTable.VALUE_SHIFT) + (int) ((bits & ~(-1L << entry)) >>> (entry >>> DecodeTable.CODEWORD_SHIFT));
    }
}
