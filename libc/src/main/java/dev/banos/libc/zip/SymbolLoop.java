package dev.banos.libc.zip;

/**
 * Decodes the symbols of a block: {@link #fast} while nothing has to be looked at but the two margins, {@link #careful} for the
 * last bytes of the input. Both write behind {@link #out}, where at least {@link #OUTPUT_MARGIN} bytes belong to us beyond
 * {@link #outLimit}, so that neither looks at the space between two symbols of a step.
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

    private static final int COPY_STEP = 2 * Long.BYTES;
    private static final int LITERALS_PER_STEP = 3;

    /** A step begins below the limit and writes some literals, one match, and the rest of the match's last word. */
    static final int OUTPUT_MARGIN = (LITERALS_PER_STEP + Alphabet.LONGEST_MATCH + COPY_STEP + 7) & -8;

    /** A step loads a word twice: the second begins at most 7 bytes after the first. */
    private static final int INPUT_MARGIN = 2 * Long.BYTES - 1;

    private final BitInput input;

    long out;
    long outLimit;
    /** The lowest address that a match may reach back to. */
    long oldest;

    private long literals;
    private long literalMask;
    private long distances;
    private long distanceMask;

    SymbolLoop(BitInput input) {
        this.input = input;
    }

    void use(long literalTable, int literalBits, long distanceTable, int distanceBits) {
        literals = literalTable;
        literalMask = (1L << literalBits) - 1;
        distances = distanceTable;
        distanceMask = (1L << distanceBits) - 1;
    }

    int run() {
        if (input.end - input.next >= INPUT_MARGIN && out < outLimit) {
            int stop = fast();
            if (stop != NONE) {
                return stop;
            }
        }
        return careful();
    }

    /**
     * The hot loop; long because whatever is called or stored between two symbols costs as much as a symbol. Up to three
     * literals and one match a step; the entry of the next step is loaded before the match is copied, so that the two overlap.
     */
    private int fast() {
        final long literals = this.literals;
        final long literalMask = this.literalMask;
        final long distances = this.distances;
        final long distanceMask = this.distanceMask;
        final long oldest = this.oldest;
        final long outLimit = this.outLimit;
        final long inLimit = input.end - INPUT_MARGIN;
        long in = input.next;
        long bits = input.bits;
        int left = input.count; // only the lowest byte counts: an entry is subtracted as a whole
        long out = this.out;

        bits |= Ram.getLong(in) << left;
        in += 7 - (left >>> 3 & 7);
        left |= 56;
        int entry = DecodeTable.lookup(literals, bits & literalMask);
        int stop = NONE;
        while (in <= inLimit && out < outLimit) {
            long saved = bits;
            bits >>>= entry;
            left -= entry;
            if (entry < 0) {
                Ram.putByte(out++, entry >> DecodeTable.VALUE_SHIFT);
                entry = DecodeTable.lookup(literals, bits & literalMask);
                saved = bits;
                bits >>>= entry;
                left -= entry;
                if (entry < 0) {
                    Ram.putByte(out++, entry >> DecodeTable.VALUE_SHIFT);
                    entry = DecodeTable.lookup(literals, bits & literalMask);
                    saved = bits;
                    bits >>>= entry;
                    left -= entry;
                    if (entry < 0) {
                        Ram.putByte(out++, entry >> DecodeTable.VALUE_SHIFT);
                        bits |= Ram.getLong(in) << left;
                        in += 7 - (left >>> 3 & 7);
                        left |= 56;
                        entry = DecodeTable.lookup(literals, bits & literalMask);
                        continue;
                    }
                }
            }
            if ((entry & DecodeTable.EXCEPTIONAL) != 0) {
                if ((entry & DecodeTable.SUBTABLE) == 0) {
                    stop = literalStop(entry);
                    break;
                }
                entry = DecodeTable.lookup(literals, (entry >>> DecodeTable.VALUE_SHIFT)
                        + (bits & ~(-1L << (entry >>> DecodeTable.CODEWORD_SHIFT))));
                saved = bits;
                bits >>>= entry;
                left -= entry;
                if (entry < 0) {
                    Ram.putByte(out++, entry >> DecodeTable.VALUE_SHIFT);
                    bits |= Ram.getLong(in) << left;
                    in += 7 - (left >>> 3 & 7);
                    left |= 56;
                    entry = DecodeTable.lookup(literals, bits & literalMask);
                    continue;
                }
                if ((entry & DecodeTable.EXCEPTIONAL) != 0) {
                    stop = literalStop(entry);
                    break;
                }
            }
            int length = (entry >> DecodeTable.VALUE_SHIFT)
                    + (int) ((saved & ~(-1L << entry)) >>> (entry >>> DecodeTable.CODEWORD_SHIFT));
            bits |= Ram.getLong(in) << left;
            in += 7 - (left >>> 3 & 7);
            left |= 56;
            entry = DecodeTable.lookup(distances, bits & distanceMask);
            if ((entry & DecodeTable.SUBTABLE) != 0) {
                bits >>>= entry;
                left -= entry;
                entry = DecodeTable.lookup(distances, (entry >>> DecodeTable.VALUE_SHIFT)
                        + (bits & ~(-1L << (entry >>> DecodeTable.CODEWORD_SHIFT))));
            }
            saved = bits;
            bits >>>= entry;
            left -= entry;
            if ((entry & DecodeTable.EXCEPTIONAL) != 0) {
                stop = BAD_DISTANCE;
                break;
            }
            int distance = (entry >> DecodeTable.VALUE_SHIFT)
                    + (int) ((saved & ~(-1L << entry)) >>> (entry >>> DecodeTable.CODEWORD_SHIFT));
            long from = out - distance;
            if (from < oldest) {
                stop = TOO_FAR;
                break;
            }
            bits |= Ram.getLong(in) << left;
            in += 7 - (left >>> 3 & 7);
            left |= 56;
            entry = DecodeTable.lookup(literals, bits & literalMask);
            long to = out;
            out += length;
            if (distance >= Long.BYTES) {
                do {
                    Ram.putLong(to, Ram.getLong(from));
                    Ram.putLong(to + 8, Ram.getLong(from + 8));
                    from += COPY_STEP;
                    to += COPY_STEP;
                } while (to < out);
            } else {
                repeat(to, out, distance);
            }
        }
        input.next = in;
        input.count = left & 0xFF;
        input.bits = bits;
        input.giveBack();
        this.out = out;
        return stop;
    }

    /** Copies a match that overlaps itself within a word: the pattern fills a word, which then goes out in whole periods. */
    private static void repeat(long to, long end, int distance) {
        int periodBits = distance << 3;
        long pattern = Ram.getLong(to - distance) & (1L << periodBits) - 1;
        for (int filled = periodBits; filled < Long.SIZE; filled <<= 1) {
            pattern |= pattern << filled;
        }
        int step = Long.BYTES - Long.BYTES % distance;
        do {
            Ram.putLong(to, pattern);
            to += step;
        } while (to < end);
    }

    /**
     * One symbol at a time, taken only when all of its bits are there: what stays in {@link #input} is less than a symbol. The bits
     * beyond the end read as zero, which cannot mislead: an entry that uses no more bits than there are was found by them alone.
     */
    private int careful() {
        while (out < outLimit) {
            input.refill();
            long bits = input.bits;
            int entry = DecodeTable.lookup(literals, bits & literalMask);
            int used = 0;
            if (isSubtable(entry)) {
                used = DecodeTable.bitsUsed(entry);
                entry = lookupSubtable(literals, entry, bits);
            }
            int usedBefore = used;
            used += DecodeTable.bitsUsed(entry);
            if (used > input.count) {
                return INPUT;
            }
            if (entry < 0) {
                Ram.putByte(out++, entry >> DecodeTable.VALUE_SHIFT);
                input.drop(used);
            } else if ((entry & DecodeTable.EXCEPTIONAL) != 0) {
                input.drop(used);
                return literalStop(entry);
            } else {
                int stop = carefulMatch(valueWithExtra(entry, bits >>> usedBefore), used);
                if (stop != NONE) {
                    return stop;
                }
            }
        }
        return OUTPUT;
    }

    /** @param before bits of the length, which are not dropped yet */
    private int carefulMatch(int length, int before) {
        long bits = input.bits >>> before;
        int used = before;
        int entry = DecodeTable.lookup(distances, bits & distanceMask);
        if (isSubtable(entry)) {
            used += DecodeTable.bitsUsed(entry);
            int pointer = entry;
            entry = lookupSubtable(distances, pointer, bits);
            bits >>>= pointer;
        }
        used += DecodeTable.bitsUsed(entry);
        if (used > input.count) {
            return INPUT;
        }
        if ((entry & DecodeTable.EXCEPTIONAL) != 0) {
            return BAD_DISTANCE;
        }
        int distance = valueWithExtra(entry, bits);
        if (out - distance < oldest) {
            return TOO_FAR;
        }
        input.drop(used);
        long to = out;
        out += length;
        copyMatch(to, out, distance);
        return NONE;
    }

    private static int lookupSubtable(long table, int pointer, long bits) {
        long select = bits >>> pointer & ~(-1L << DecodeTable.bitsOfCodeword(pointer));
        return DecodeTable.lookup(table, DecodeTable.value(pointer) + select);
    }

    private static boolean isSubtable(int entry) {
        return (entry & DecodeTable.SUBTABLE) != 0;
    }

    private static int valueWithExtra(int entry, long bits) {
        return DecodeTable.value(entry) + (int) ((bits & ~(-1L << entry)) >>> (entry >>> DecodeTable.CODEWORD_SHIFT));
    }

    private static int literalStop(int entry) {
        return DecodeTable.value(entry) == DecodeTable.value(DecodeTable.END_OF_BLOCK) ? END_OF_BLOCK : BAD_LITERAL;
    }

    /** Writes whole words, so up to {@link #COPY_STEP} - 1 bytes behind {@code end}. */
    private static void copyMatch(long start, long end, int distance) {
        if (distance < Long.BYTES) {
            repeat(start, end, distance);
            return;
        }
        long to = start;
        do {
            Ram.putLong(to, Ram.getLong(to - distance));
            Ram.putLong(to + 8, Ram.getLong(to + 8 - distance));
            to += COPY_STEP;
        } while (to < end);
    }
}
