package dev.banos.libc.sort;

/**
 * The loops over elements of one width, each called once a pass. A range is {@code [from, end)}, both addresses. A counter
 * is a long: the bytes of all elements that have one value of a digit, later the address where the next of them goes.
 */
abstract class Elements {
    static final long COUNTER_BYTES = Long.BYTES;

    /** Of one element. */
    final long bytes;

    Elements(long bytes) {
        this.bytes = bytes;
    }

    /** No element is less than the one before it. */
    abstract boolean isAscending(long from, long end);

    /** The bits in which not all keys agree; the range is not empty. */
    abstract long varyingBits(long from, long end);

    abstract void count(long from, long end, long counters, int shift, long mask);

    /** Counts two digits of the same width in one reading. */
    abstract void countTwo(long from, long end, long low, int lowShift, long high, int highShift, long mask);

    /** Moves each element to where the counter of its digit points, in the order in which they stand. */
    abstract void scatter(long from, long end, long counters, int shift, long mask);

    /**
     * Moves the range to {@code to} (which may be {@code from}) and sorts it by insertion, stably.
     *
     * @param hold room for one element, neither in the range nor where it goes; used only in place
     * @param steps how far elements may be moved altogether. Beyond that the rest is moved unsorted
     * @return whether it is sorted
     */
    abstract boolean settle(long from, long end, long to, long hold, long steps);
}
