package dev.banos.libc.sort;

/**
 * The loops over elements of one width, each called once a pass. They count with an int, up to {@link #MOST}: of one
 * that counts with a long the compiler makes two, one in the other. A counter is a long: the bytes of all elements
 * that have one value of a digit, later how far from the target's beginning the next of them goes.
 */
abstract class Elements {
    static final long COUNTER_BYTES = Long.BYTES;

    private static final int DIGITS = (1 << Radix.LARGEST_DIGIT) - 1;

    /** So many elements at most in one call. */
    static final int MOST = 1 << 27;

    /** Of one element. */
    final long bytes;

    /** The bits of a key that are inverted where it is compared as an unsigned number: the sign bit of a signed one. */
    final long flip;

    Elements(long bytes, long flip) {
        this.bytes = bytes;
        this.flip = flip;
    }

    /** How far the counter of a digit lies from the first one; the compiler sees how far it can be, which {@code mask} hides. */
    static long counterOf(long digit, long mask) {
        return (digit & mask & DIGITS) * COUNTER_BYTES;
    }

    /** No element is less than the one before it. */
    abstract boolean isAscending(long from, int count);

    /** The bits in which not all keys agree; the range is not empty. */
    abstract long varyingBits(long from, int count);

    /**
     * The digit is of the key as it stands in memory: who walks the counters in order inverts {@link #flip}.
     *
     * @return the bits in which not all keys agree, of a range that is not empty
     */
    abstract long count(long from, int count, long counters, int shift, long mask);

    /** Counts two digits of the same width in one reading. */
    abstract void countTwo(long from, int count, long low, int lowShift, long high, int highShift, long mask);

    /** Moves each element to where in {@code target} the counter of its digit says, in the order in which they stand. */
    abstract void scatter(long from, int count, long target, long counters, int shift, long mask);

    /** The key of the element at this address, as an unsigned number. {@link #flip} makes the order. */
    abstract long key(long address);

    /** Counts the elements of each key. @return false as soon as these are more than {@link FewValues#MOST} */
    abstract boolean countValues(long from, int count, long table);

    /** As {@link #scatter} with the offsets of {@link FewValues}. */
    abstract void scatterValues(long from, int count, long target, long table);

    /**
     * Sorts the range in place by insertion, stably.
     *
     * @param hold room for one element outside of the range
     * @param steps how far elements may be moved altogether
     * @return whether it is sorted; if not, it was too far from it
     */
    abstract boolean settle(long from, int count, long hold, long steps);

    /**
     * Brings the numbers less than {@code limit}, as signed ones, to the front: {@link NumberIntrosort}. Only of 32 and 64 bits.
     *
     * @return how many there are
     */
    int partition(long from, int count, long limit) {
        throw new UnsupportedOperationException("bytes=" + bytes + ": such elements are not partitioned by a loop of their own");
    }
}
