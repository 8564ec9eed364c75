package dev.banos.libc.sort;

/** An order of things in native memory. */
@FunctionalInterface
public interface AddressComparator {
    /**
     * Negative, zero or positive as the element at {@code left} comes before, with or after the one at {@code right}: a total
     * preorder, as {@link java.util.Comparator} demands. An order that contradicts itself leaves the elements in no particular
     * order, all of them.
     *
     * @param left the address of an element; valid during this call
     * @param right the address of another
     * @return negative, 0 or positive, as the first is before, level with or behind the second
     */
    int compare(long left, long right);
}
