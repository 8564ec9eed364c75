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
 * <p>What does not fit the second-level cache is first split by its highest eight varying bits, and each part sorted as a
 * whole would be.
 */
final class Radix {
    static final int SPLIT_BITS = 8;
    static final long SPLIT_BYTES = Elements.COUNTER_BYTES << SPLIT_BITS;

    /** Each split takes at least eight bits off what varies. */
    static final int SPLIT_LEVELS = Long.SIZE / SPLIT_BITS;

    static final int LARGEST_DIGIT = 11;
    static final long WINDOW_BYTES = Elements.COUNTER_BYTES << LARGEST_DIGIT;
    static final int WINDOW_DIGITS = 3;

    private static final int SMALLEST_DIGIT = 5;
    private static final long BY_INSERTION = 24;
    private static final long SPLIT_FROM_BYTES = 4 << 20;

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
            elements.settle(to, to + (end - from), toSpare ? from : spare, Long.MAX_VALUE);
        } else if (elements.isAscending(from, end)) {
            Memory.move(from, to, end - from);
        } else if (end - from >= SPLIT_FROM_BYTES) {
            split(elements, from, end, spare, toSpare, counters);
        } else {
            sortWithinCache(elements, from, end, spare, to, counters);
        }
    }

    private static void split(Elements elements, long from, long end, long spare, boolean toSpare, long counters) {
        int top = Long.SIZE - Long.numberOfLeadingZeros(elements.varyingBits(from, end));
        int shift = Math.max(0, top - SPLIT_BITS);
        clear(counters, SPLIT_BITS);
        elements.count(from, end, counters, shift, mask(SPLIT_BITS));
        long flip = elements.flip >>> shift & mask(SPLIT_BITS);
        toAddresses(counters, SPLIT_BITS, flip, spare);
        elements.scatter(from, end, counters, shift, mask(SPLIT_BITS));
        long part = spare;
        for (long rank = 0; rank <= mask(SPLIT_BITS); rank++) {
            long partEnd = Memory.getLong(counters + (rank ^ flip) * Elements.COUNTER_BYTES); // where scatter left it
            sort(elements, part, partEnd, from + (part - spare), !toSpare, counters + SPLIT_BYTES);
            part = partEnd;
        }
    }

    /**
     * Two digits from the top of what varies, a third below them if the keys crowd, then insertion. All in one method: it is
     * too large for the compiler to inline into its callers, where the loops would exceed what the compiler spends on loops
     * in one unit and run at less than half their speed.
     */
    private static void sortWithinCache(Elements elements, long from, long end, long spare, long to, long counters) {
        long bytes = end - from;
        long count = bytes / elements.bytes;
        long varying = elements.varyingBits(from, end);
        int lowest = Long.numberOfTrailingZeros(varying);
        int top = Long.SIZE - Long.numberOfLeadingZeros(varying);
        int bits = digitBits(count);
        if (top - lowest <= Math.min(LARGEST_DIGIT, bits + 1)) {
            sortByDigit(elements, from, end, spare, counters, lowest, top - lowest);
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
        elements.countTwo(from, end, low, lowShift, high, highShift, mask(bits));

        long at = from;
        long next = spare;
        if (lowShift > lowest && largest(high, bits) > bytes / CROWDED) {
            sortedFrom = Math.max(0, lowShift - bits);
            sortByDigit(elements, from, end, spare, high + (Elements.COUNTER_BYTES << bits), sortedFrom, bits);
            at = spare;
            next = from;
        }
        toAddresses(low, bits, elements.flip >>> lowShift, next);
        toAddresses(high, bits, elements.flip >>> highShift, at);
        elements.scatter(at, at + bytes, low, lowShift, mask(bits));
        elements.scatter(next, next + bytes, high, highShift, mask(bits));

        Memory.move(at, to, bytes);
        long other = to == from ? spare : from;
        if (sortedFrom > lowest && !elements.settle(to, to + bytes, other, count)) {
            sortByAllDigits(elements, to, to + bytes, other, counters, varying);
        }
    }

    /** So many bits that of n random keys some n/128 pairs agree in two digits of them. */
    static int digitBits(long count) {
        int twice = Long.SIZE - 1 - Long.numberOfLeadingZeros(count * 68);
        return Math.clamp(twice / 2, SMALLEST_DIGIT, LARGEST_DIGIT);
    }

    /** Into the spare area. */
    private static void sortByDigit(Elements elements, long from, long end, long spare, long counters, int shift, int bits) {
        clear(counters, bits);
        elements.count(from, end, counters, shift, mask(bits));
        toAddresses(counters, bits, elements.flip >>> shift, spare);
        elements.scatter(from, end, counters, shift, mask(bits));
    }

    /** For keys that the window does not tell apart. Digits in which all agree are skipped. */
    private static void sortByAllDigits(Elements elements, long from, long end, long spare, long counters, long varying) {
        long at = from;
        long next = spare;
        long bytes = end - from;
        for (int shift = 0; shift < Long.SIZE; shift += SPLIT_BITS) {
            if ((varying >>> shift & mask(SPLIT_BITS)) != 0) {
                sortByDigit(elements, at, at + bytes, next, counters, shift, SPLIT_BITS);
                long emptied = at;
                at = next;
                next = emptied;
            }
        }
        Memory.move(at, from, bytes);
    }

    private static long mask(int bits) {
        return (1L << bits) - 1;
    }

    private static void clear(long counters, int bits) {
        Memory.fill(counters, Elements.COUNTER_BYTES << bits, (byte) 0);
    }

    private static long largest(long counters, int bits) {
        long largest = 0;
        long end = counters + (Elements.COUNTER_BYTES << bits);
        for (long counter = counters; counter < end; counter += Elements.COUNTER_BYTES) {
            largest = Math.max(largest, Memory.getLong(counter));
        }
        return largest;
    }

    /** Each count of bytes becomes the address where the first of those bytes goes. {@code flip}: see {@link Elements#flip}. */
    private static void toAddresses(long counters, int bits, long flip, long start) {
        long address = start;
        long flipped = flip & mask(bits);
        for (long rank = 0; rank <= mask(bits); rank++) {
            long counter = counters + (rank ^ flipped) * Elements.COUNTER_BYTES;
            long bytes = Memory.getLong(counter);
            Memory.setLong(counter, address);
            address += bytes;
        }
    }
}
