package dev.banos.libc.sort;

/**
 * The plan of a radix sort. Elements travel between two areas of the same size, one digit a pass, the lowest digit first;
 * each pass is stable.
 *
 * <pre>
 *   key    most significant                                                            least significant
 *          +--------------------+------------+------------+------------------------------------------+
 *          | the same in all    | high digit | low digit  |  left to insertion                       |
 *          +--------------------+------------+------------+------------------------------------------+
 *                               |&lt;-------- window -------->|
 * </pre>
 *
 * Random keys rarely agree in a window of log2(n) + 6 bits, so after two passes insertion finds almost everything in place,
 * and the branch predictor almost always right: this beat both a pass for each of eight bytes and recursion into small
 * buckets by a factor of two and more. When it finds otherwise it stops after as many steps as there are elements; then
 * all digits are sorted in turn, so that no input costs more than a small multiple of the usual.
 *
 * <p>Keys of few values take two passes of another kind: see {@link FewValues}.
 *
 * <p>What does not fit the second-level cache with room to spare is first split by its highest five varying bits, and each
 * part sorted as a whole would be.
 */
final class Radix {
    /** The processor fetches ahead for some thirty places that are written in turns; with more this takes twice as long. */
    static final int SPLIT_BITS = 5;
    static final long SPLIT_BYTES = Elements.COUNTER_BYTES << SPLIT_BITS;

    /** Each split takes so many bits off what varies. */
    static final int SPLIT_LEVELS = (Long.SIZE + SPLIT_BITS - 1) / SPLIT_BITS;

    static final int LARGEST_DIGIT = 11;
    static final long WINDOW_BYTES = Elements.COUNTER_BYTES << LARGEST_DIGIT;
    static final int WINDOW_DIGITS = 3;

    private static final int DIGIT_BITS = 8; // of all digits in turn
    private static final int SMALLEST_DIGIT = 5;
    private static final long BY_INSERTION = 24;
    private static final long SPLIT_FROM_BYTES = 256 << 10;

    /** A value of the high digit that more than this part of all elements share calls for a third digit. */
    private static final int CROWDED = 8;

    private Radix() {
    }

    /**
     * Sorts {@code [from, end)} with the same number of bytes at {@code spare}; {@code toSpare} says which of both receives
     * the result. Nothing else but the counters is written.
     */
    static void sort(Elements elements, long from, long end, long spare, boolean toSpare, long counters) {
        long to = toSpare ? spare : from;
        long count = (end - from) / elements.bytes;
        if (count <= BY_INSERTION) {
            Memory.move(from, to, end - from);
            elements.settle(to, (int) count, toSpare ? from : spare, Long.MAX_VALUE);
        } else if (isAscending(elements, from, end)) {
            Memory.move(from, to, end - from);
        } else if (FewValues.sort(elements, from, end, spare, toSpare, counters)) {
            return;
        } else if (end - from >= SPLIT_FROM_BYTES) {
            split(elements, from, end, spare, toSpare, counters);
        } else {
            sortWithinCache(elements, from, (int) count, spare, to, counters);
        }
    }

    private static void split(Elements elements, long from, long end, long spare, boolean toSpare, long counters) {
        int top = Long.SIZE - Long.numberOfLeadingZeros(varyingBits(elements, from, end));
        int shift = Math.max(0, top - SPLIT_BITS);
        clear(counters, SPLIT_BITS);
        for (long at = from; at < end; at += block(elements)) {
            elements.count(at, count(elements, at, end, Elements.MOST), counters, shift, mask(SPLIT_BITS));
        }
        long flip = elements.flip >>> shift & mask(SPLIT_BITS);
        toOffsets(counters, SPLIT_BITS, flip);
        for (long at = from; at < end; at += block(elements)) {
            elements.scatter(at, count(elements, at, end, Elements.MOST), spare, counters, shift, mask(SPLIT_BITS));
        }
        long part = spare;
        for (long rank = 0; rank <= mask(SPLIT_BITS); rank++) {
            long partEnd = spare + Memory.getLong(counters + (rank ^ flip) * Elements.COUNTER_BYTES); // where scatter left it
            sort(elements, part, partEnd, from + (part - spare), !toSpare, counters + SPLIT_BYTES);
            part = partEnd;
        }
    }

    /** Block by block, each with the first element of the next. */
    private static boolean isAscending(Elements elements, long from, long end) {
        for (long at = from; at < end; at += block(elements)) {
            if (!elements.isAscending(at, count(elements, at, end, Elements.MOST + 1))) {
                return false;
            }
        }
        return true;
    }

    private static long varyingBits(Elements elements, long from, long end) {
        long varying = 0;
        for (long at = from; at < end; at += block(elements)) {
            varying |= elements.varyingBits(at, count(elements, at, end, Elements.MOST + 1));
        }
        return varying;
    }

    static long block(Elements elements) {
        return Elements.MOST * elements.bytes;
    }

    static int count(Elements elements, long at, long end, int most) {
        return (int) Math.min((end - at) / elements.bytes, most);
    }

    /**
     * Two digits from the top of what varies, a third below them if the keys crowd, then insertion. All in one method: it is
     * too large for the compiler to inline into its callers, where its loops would be too many for one unit.
     */
    private static void sortWithinCache(Elements elements, long from, int count, long spare, long to, long counters) {
        long bytes = count * elements.bytes;
        long varying = elements.varyingBits(from, count);
        int lowest = Long.numberOfTrailingZeros(varying);
        int top = Long.SIZE - Long.numberOfLeadingZeros(varying);
        int bits = digitBits(count);
        if (top - lowest <= Math.min(LARGEST_DIGIT, bits + 1)) {
            sortByDigit(elements, from, count, spare, counters, lowest, top - lowest);
            Memory.move(spare, to, bytes);
            return;
        }
        bits = Math.min(bits, (top - lowest + 1) / 2);
        int highShift = top - bits;
        int lowShift = Math.max(0, highShift - bits);
        int sortedFrom = lowShift;
        long low = counters;
        long high = low + (Elements.COUNTER_BYTES << bits);
        Memory.fill(low, 2 * Elements.COUNTER_BYTES << bits, (byte) 0);
        elements.countTwo(from, count, low, lowShift, high, highShift, mask(bits));

        long at = from;
        long next = spare;
        toOffsets(low, bits, elements.flip >>> lowShift);
        long largest = toOffsets(high, bits, elements.flip >>> highShift);
        if (lowShift > lowest && largest > bytes / CROWDED) {
            sortedFrom = Math.max(0, lowShift - bits);
            sortByDigit(elements, from, count, spare, high + (Elements.COUNTER_BYTES << bits), sortedFrom, bits);
            at = spare;
            next = from;
        }
        elements.scatter(at, count, next, low, lowShift, mask(bits));
        elements.scatter(next, count, at, high, highShift, mask(bits));

        Memory.move(at, to, bytes);
        long other = to == from ? spare : from;
        if (sortedFrom > lowest && !elements.settle(to, count, other, count)) {
            sortByAllDigits(elements, to, count, other, counters, varying);
        }
    }

    /** So many bits that of n random keys some n/128 pairs agree in two digits of them. */
    static int digitBits(long count) {
        int twice = Long.SIZE - 1 - Long.numberOfLeadingZeros(count * 68);
        return Math.clamp(twice / 2, SMALLEST_DIGIT, LARGEST_DIGIT);
    }

    /** Into the spare area. */
    private static void sortByDigit(Elements elements, long from, int count, long spare, long counters, int shift, int bits) {
        clear(counters, bits);
        elements.count(from, count, counters, shift, mask(bits));
        toOffsets(counters, bits, elements.flip >>> shift);
        elements.scatter(from, count, spare, counters, shift, mask(bits));
    }

    /** For keys that the window does not tell apart. Digits in which all agree are skipped. */
    private static void sortByAllDigits(Elements elements, long from, int count, long spare, long counters, long varying) {
        long at = from;
        long next = spare;
        for (int shift = 0; shift < Long.SIZE; shift += DIGIT_BITS) {
            if ((varying >>> shift & mask(DIGIT_BITS)) != 0) {
                sortByDigit(elements, at, count, next, counters, shift, DIGIT_BITS);
                long emptied = at;
                at = next;
                next = emptied;
            }
        }
        Memory.move(at, from, count * elements.bytes);
    }

    private static long mask(int bits) {
        return (1L << bits) - 1;
    }

    private static void clear(long counters, int bits) {
        Memory.fill(counters, Elements.COUNTER_BYTES << bits, (byte) 0);
    }

    /**
     * Each count of bytes becomes the offset where the first of those bytes goes. {@code flip}: see {@link Elements#flip}.
     *
     * @return the largest count
     */
    private static long toOffsets(long counters, int bits, long flip) {
        long offset = 0;
        long largest = 0;
        long flipped = flip & mask(bits);
        for (int rank = 0; rank < 1 << bits; rank++) {
            long counter = counters + (rank ^ flipped) * Elements.COUNTER_BYTES;
            long bytes = Memory.getLong(counter);
            Memory.setLong(counter, offset);
            offset += bytes;
            largest = Math.max(largest, bytes);
        }
        return largest;
    }
}
