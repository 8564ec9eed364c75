package dev.banos.libc.sort;

import dev.banos.libc.segment.Liveness;
import dev.banos.libc.segment.StackRoom;
import java.lang.foreign.MemorySegment;

/**
 * Sorts native memory in place by comparison: quicksort whose pivot is the median of three medians, with equal elements
 * set aside, and heap sort where the pivots turn out bad. Insertion sorts what is small; of numbers {@link RadixSort} does,
 * up to 256 KiB (1 MiB on AMD's processors), with a temporary area that is kept for the next sort. O(n log n) on any input;
 * not stable.
 *
 * <pre>{@code
 * Introsort.sort(Key.F64, data);                                // natural order
 * Introsort.sort(data, EVENT.byteSize(), MyEvents::byTime);     // any order, of elements of any size
 * }</pre>
 *
 * <p>Where a temporary area can be had and the order is that of a number, {@link RadixSort} and {@link RecordSort} are faster.
 *
 * @see <a href="https://doi.org/10.1002/(SICI)1097-024X(199708)27:8%3C983::AID-SPE117%3E3.0.CO;2-%23">Musser, Introspective
 *     sorting and selection algorithms</a>
 */
public final class Introsort {
    private Introsort() {
    }

    /**
     * Sorts the numbers of {@code data} in ascending order.
     *
     * @param key the kind of number
     * @param data the numbers, one behind the other, at any alignment
     * @throws IllegalArgumentException if {@code data} is on the Java heap, read-only, or no whole numbers; nothing was touched
     * @throws IllegalStateException if the scope of {@code data} is closed; nothing was touched. Closing a shared scope during
     *     the call fails
     * @throws WrongThreadException if {@code data} is confined to another thread; nothing was touched
     * @throws OutOfMemoryError if no sort ever ran here and there are no 320 KiB (1088 KiB on AMD's processors) for the counters
     *     and the temporary area of the first; nothing was touched
     * @throws StackOverflowError if less than two pages of stack are left; nothing was touched
     */
    public static void sort(Key key, MemorySegment data) {
        Arguments.requireData(data, key.bytes());
        if (Liveness.isCertain(data)) {
            StackRoom.require();
            sort(key, data.address(), data.byteSize());
        } else {
            HeldScopes.sortInPlace(key, data);
        }
    }

    static void sort(Key key, long data, long bytes) {
        NumberIntrosort.sort(key, data, data + bytes);
    }

    /**
     * Sorts elements of any fixed size in the order of {@code order}, which sees them by address.
     *
     * <p>An exception from {@code order} passes through; {@code data} then holds all its elements in some order.
     *
     * @param data the elements, one behind the other
     * @param elementBytes the size of an element; {@code data} holds a whole number of them
     * @param order which of two comes first
     * @throws IllegalArgumentException if {@code data} is on the Java heap, read-only, or no whole elements, or
     *     {@code elementBytes} is not positive; nothing was touched
     * @throws IllegalStateException if the scope of {@code data} is closed, also if that happens during the call
     * @throws WrongThreadException if {@code data} is confined to another thread; nothing was touched
     */
    public static void sort(MemorySegment data, long elementBytes, AddressComparator order) {
        if (elementBytes <= 0) {
            throw Arguments.refused("elementBytes=" + elementBytes + " is not positive");
        }
        Arguments.requireData(data, elementBytes);
        ByComparison.sort(data, elementBytes, order, 0, data.byteSize());
    }

    /** Twice the depth of a perfectly balanced quicksort of so many elements: what is deeper has met bad pivots. */
    static int depthLimit(long elements) {
        return 2 * (Long.SIZE - Long.numberOfLeadingZeros(elements));
    }
}
