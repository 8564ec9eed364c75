package dev.banos.libc.sort;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

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
 * <p>What is large is first split by its highest varying bits, and each part sorted as a whole would be. How many places a
 * processor can write in turns, and from which size on a split pays, is the one thing that differs between machines.
 */
final class Radix {
    /** An Intel Emerald Rapids fetches ahead for some thirty places that are written in turns; with more this takes twice as long. */
    static final Radix FEW_PLACES = new Radix(5, 256 << 10);

    /** An AMD Zen 5 writes to 256 places in turns about as fast as to 16: the first table under "Tried" in docs/sort.md. */
    static final Radix MANY_PLACES = new Radix(8, 4 << 20);

    static final Radix HERE = Processor.isAmd() ? MANY_PLACES : FEW_PLACES;

    static final int MOST_SPLIT_BITS = 8;

    /** Each split takes its bits off what varies, and has a table; fewer bits have smaller tables. */
    static final long SPLITS_BYTES = splitsBytes(MOST_SPLIT_BITS);

    static final int LARGEST_DIGIT = 11;
    static final long WINDOW_BYTES = Elements.COUNTER_BYTES << LARGEST_DIGIT;
    static final int WINDOW_DIGITS = 3;

    private static final int DIGIT_BITS = 8; // of all digits in turn
    private static final int SMALLEST_DIGIT = 5;
    private static final long BY_INSERTION = 24;
    private static final int SAMPLE = 1024; // elements

    /** A value of the high digit that more than this part of all elements share calls for a third digit. */
    private static final int CROWDED = 8;

    private final int splitBits;
    private final long splitFromBytes;

    /** @param splitFromBytes what has so many bytes is split by {@code splitBits} */
    Radix(int splitBits, long splitFromBytes) {
        assert splitsBytes(splitBits) <= splitsBytes(MOST_SPLIT_BITS) : splitBits;
        this.splitBits = splitBits;
        this.splitFromBytes = splitFromBytes;
    }

    long splitFromBytes() {
        return splitFromBytes;
    }

    private static long splitsBytes(int bits) {
        return (Long.SIZE + bits - 1) / bits * (Elements.COUNTER_BYTES << bits);
    }

    /**
     * Sorts {@code [from, end)} into {@code to}, which is {@code from} or a place of as many bytes. {@code room} is a place of as
     * many bytes, too; where {@code to} is not {@code from} it may be {@code from}. All three may be overwritten, and nothing else
     * but the counters.
     */
    void sort(Elements elements, long from, long end, long to, long room, long counters) {
        long bytes = end - from;
        long count = bytes / elements.bytes;
        if (count <= BY_INSERTION) {
            Memory.move(from, to, bytes);
            elements.settle(to, (int) count, to == from ? room : from, Long.MAX_VALUE);
        } else if (isAscending(elements, from, end)) {
            Memory.move(from, to, bytes);
        } else if (FewValues.sort(elements, from, end, to, room, counters)) {
            return;
        } else if (bytes >= splitFromBytes) {
            split(elements, from, end, to, room, counters);
        } else {
            sortWithinCache(elements, from, (int) count, to, room, counters);
        }
    }

    private void split(Elements elements, long from, long end, long to, long room, long counters) {
        int shift = countForSplit(elements, from, end, counters);
        long flip = elements.flip >>> shift & mask(splitBits);
        toOffsets(counters, splitBits, flip);
        long parts = to == from ? room : to;
        for (long at = from; at < end; at += block(elements)) {
            elements.scatter(at, count(elements, at, end, Elements.MOST), parts, counters, shift, mask(splitBits));
        }
        long below = counters + (Elements.COUNTER_BYTES << splitBits);
        long part = parts;
        for (long rank = 0; rank <= mask(splitBits); rank++) {
            long partEnd = parts + Memory.getLong(counters + (rank ^ flip) * Elements.COUNTER_BYTES); // where scatter left it
            if (to != from) {
                sort(elements, part, partEnd, part, from, below);
            } else {
                boolean fits = partEnd - part <= part - parts; // in what the parts before have left, and in the cache
                sort(elements, part, partEnd, to + (part - parts), fits ? parts : part, below);
            }
            part = partEnd;
        }
    }

    /**
     * Counts the highest digit of what varies. The first elements nearly always tell where that is; if not, all is counted twice.
     *
     * @return how far it is shifted
     */
    private int countForSplit(Elements elements, long from, long end, long counters) {
        int top = top(elements.varyingBits(from, count(elements, from, end, SAMPLE)));
        while (true) {
            int shift = Math.max(0, top - splitBits);
            clear(counters, splitBits);
            long varying = 0;
            for (long at = from; at < end; at += block(elements)) {
                varying |= elements.key(from) ^ elements.key(at);
                varying |= elements.count(at, count(elements, at, end, Elements.MOST), counters, shift, mask(splitBits));
            }
            if (top(varying) <= top) {
                return shift;
            }
            top = top(varying);
        }
    }

    private static int top(long varying) {
        return Long.SIZE - Long.numberOfLeadingZeros(varying);
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

    static long block(Elements elements) {
        return Elements.MOST * elements.bytes;
    }

    static int count(Elements elements, long at, long end, int most) {
        return (int) Math.min((end - at) / elements.bytes, most);
    }

    /**
     * Two digits from the top of what varies, a third below them if the keys crowd, then insertion. All in one method: it is
     * too large for the compiler to inline into its callers, where its loops would be too many for one unit. The last scatter
     * goes back to where the elements came from, which is in the cache; {@code to} may not be.
     */
    private static void sortWithinCache(Elements elements, long from, int count, long to, long room, long counters) {
        long bytes = count * elements.bytes;
        long other = to == from ? room : to;
        long varying = elements.varyingBits(from, count);
        int lowest = Long.numberOfTrailingZeros(varying);
        int top = top(varying);
        int bits = digitBits(count);
        if (top - lowest <= Math.min(LARGEST_DIGIT, bits + 1)) {
            sortByDigit(elements, from, count, other, counters, lowest, top - lowest);
            Memory.move(other, to, bytes);
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

        boolean crowded = lowShift > lowest && isCrowded(high, bits, bytes / CROWDED);
        toOffsets(low, bits, elements.flip >>> lowShift);
        toOffsets(high, bits, elements.flip >>> highShift);
        long at = from;
        long next = room == from ? to : room;
        long last = from;
        if (crowded) {
            sortedFrom = Math.max(0, lowShift - bits);
            sortByDigit(elements, from, count, other, high + (Elements.COUNTER_BYTES << bits), sortedFrom, bits);
            at = other;
            next = from;
            last = other;
        }
        elements.scatter(at, count, next, low, lowShift, mask(bits));
        elements.scatter(next, count, last, high, highShift, mask(bits));

        Memory.move(last, to, bytes);
        long free = to == from ? room : from;
        if (sortedFrom > lowest && !elements.settle(to, count, free, count)) {
            sortByAllDigits(elements, to, count, free, counters, varying);
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
     * Each count of bytes becomes the offset where the first of those bytes goes. {@code flip}, see {@link Elements#flip}, is the
     * highest bit of the digit or none: the counters from it on come first.
     */
    private static void toOffsets(long counters, int bits, long flip) {
        int first = (int) (flip & mask(bits));
        long offset = accumulate(counters + first * Elements.COUNTER_BYTES, (1 << bits) - first, 0);
        accumulate(counters, first, offset);
    }

    /** @return where the next would begin. The largest count on the way would cost twice the time. */
    private static long accumulate(long counters, int count, long begin) {
        long offset = begin;
        for (int i = 0; i < count; i++) {
            long bytes = Memory.getLong(counters, i * Elements.COUNTER_BYTES);
            Memory.setLong(counters, i * Elements.COUNTER_BYTES, offset);
            offset += bytes;
        }
        return offset;
    }

    /** Whether some value of a digit has more bytes than {@code most}. */
    private static boolean isCrowded(long counters, int bits, long most) {
        MemorySegment range = Memory.range(counters, Elements.COUNTER_BYTES << bits);
        long signs = 0;
        for (int i = 0; i < 1 << bits; i++) {
            signs |= most - range.getAtIndex(JAVA_LONG_UNALIGNED, i);
        }
        return signs < 0;
    }
}
