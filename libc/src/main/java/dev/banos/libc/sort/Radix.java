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
            elements.settle(from, end, to, spare, Long.MAX_VALUE);
        } else if (elements.isAscending(from, end)) {
            Memory.move(from, to, end - from);
        } else if (end - from >= SPLIT_FROM_BYTES) {
            split(elements, from, end, spare, toSpare, counters);
        } else {
            sortByWindow(elements, from, end, spare, to, counters, elements.varyingBits(from, end));
        }
    }

    private static void split(Elements elements, long from, long end, long spare, boolean toSpare, long counters) {
        int top = Long.SIZE - Long.numberOfLeadingZeros(elements.varyingBits(from, end));
        int shift = Math.max(0, top - SPLIT_BITS);
        clear(counters, SPLIT_BITS);
        elements.count(from, end, counters, shift, mask(SPLIT_BITS));
        toAddresses(counters, SPLIT_BITS, spare);
        elements.scatter(from, end, counters, shift, mask(SPLIT_BITS));
        long part = spare;
        for (long counter = counters; counter < counters + SPLIT_BYTES; counter += Elements.COUNTER_BYTES) {
            long partEnd = Memory.getLong(counter); // scatter left each counter where its part ends
            sort(elements, part, partEnd, from + (part - spare), !toSpare, counters + SPLIT_BYTES);
            part = partEnd;
        }
    }

    private static void sortByWindow(Elements elements, long from, long end, long spare, long to, long counters, long varying) {
        int low = Long.numberOfTrailingZeros(varying);
        int top = Long.SIZE - Long.numberOfLeadingZeros(varying);
        int digit = digitBits((end - from) / elements.bytes);
        if (top - low <= Math.min(digit + 1, LARGEST_DIGIT)) {
            sortByDigit(elements, from, end, spare, counters, low, top - low);
            Memory.move(spare, to, end - from);
            return;
        }
        int bits = Math.min(digit, (top - low + 1) / 2);
        int highShift = top - bits;
        int lowShift = Math.max(0, highShift - bits);
        boolean isThird = sortByTwoDigits(elements, from, end, spare, counters, bits, lowShift, highShift, low);
        int sortedFrom = isThird ? Math.max(0, lowShift - bits) : lowShift;
        long at = isThird ? spare : from;
        if (sortedFrom <= low) {
            Memory.move(at, to, end - from);
            return;
        }
        long other = to == from ? spare : from;
        if (!elements.settle(at, at + (end - from), to, other, (end - from) / elements.bytes)) {
            sortByAllDigits(elements, to, to + (end - from), other, counters, varying);
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
        toAddresses(counters, bits, spare);
        elements.scatter(from, end, counters, shift, mask(bits));
    }

    /**
     * Back into {@code from}; if there was a third digit below the two, into the spare area.
     *
     * @return whether there was
     */
    private static boolean sortByTwoDigits(Elements elements, long from, long end, long spare, long counters, int bits,
            int lowShift, int highShift, int lowestVarying) {
        long high = counters + WINDOW_BYTES;
        long third = high + WINDOW_BYTES;
        long bytes = end - from;
        clear(counters, bits);
        clear(high, bits);
        elements.countTwo(from, end, counters, lowShift, high, highShift, mask(bits));
        boolean isThird = lowShift > lowestVarying && largest(high, bits) > bytes / CROWDED;
        long at = from;
        long next = spare;
        if (isThird) {
            sortByDigit(elements, from, end, spare, third, Math.max(0, lowShift - bits), bits);
            at = spare;
            next = from;
        }
        toAddresses(counters, bits, next);
        toAddresses(high, bits, at);
        elements.scatter(at, at + bytes, counters, lowShift, mask(bits));
        elements.scatter(next, next + bytes, high, highShift, mask(bits));
        return isThird;
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

    /** Each count of bytes becomes the address where the first of those bytes goes. */
    private static void toAddresses(long counters, int bits, long start) {
        long address = start;
        long end = counters + (Elements.COUNTER_BYTES << bits);
        for (long counter = counters; counter < end; counter += Elements.COUNTER_BYTES) {
            long bytes = Memory.getLong(counter);
            Memory.setLong(counter, address);
            address += bytes;
        }
    }
}
