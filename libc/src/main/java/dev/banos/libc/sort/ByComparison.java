package dev.banos.libc.sort;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@link Introsort} of elements of any size in any order. Places are offsets in the segment. The order is foreign code that
 * may even close the scope, so each element moves by checked access; the comparisons cost more.
 *
 * <pre>
 *   partition     from        less          at           greater       end
 *                 +-----------+-------------+------------+-------------+
 *                 |  before   |  with pivot |  not seen  |   after     |
 *                 +-----------+-------------+------------+-------------+
 * </pre>
 *
 * The element at {@code less} always equals the pivot, so it serves as the pivot wherever it moves.
 */
final class ByComparison {
    private static final long BY_INSERTION = 16;
    private static final long BY_NINTHER = 128;

    private ByComparison() {
    }

    static void sort(MemorySegment data, long size, AddressComparator order, long from, long end) {
        sort(data, size, order, from, end, Introsort.depthLimit((end - from) / size));
    }

    private static void sort(MemorySegment data, long size, AddressComparator order, long from, long end, int depthLeft) {
        while (end - from > BY_INSERTION * size) {
            if (depthLeft-- == 0) {
                sortByHeap(data, size, order, from, (end - from) / size);
                return;
            }
            swap(data, size, from, pivot(data, size, order, from, end));
            long less = from;
            long greater = end;
            for (long at = from + size; at < greater; ) {
                int comparison = compare(data, order, at, less);
                if (comparison < 0) {
                    swap(data, size, less, at);
                    less += size;
                    at += size;
                } else if (comparison > 0) {
                    greater -= size;
                    swap(data, size, at, greater);
                } else {
                    at += size;
                }
            }
            if (less - from < end - greater) {
                sort(data, size, order, from, less, depthLeft);
                from = greater;
            } else {
                sort(data, size, order, greater, end, depthLeft);
                end = less;
            }
        }
        sortByInsertion(data, size, order, from, end);
    }

    private static long pivot(MemorySegment data, long size, AddressComparator order, long from, long end) {
        long step = (end - from) / size / 8 * size;
        long middle = from + 4 * step;
        long last = end - size;
        if (end - from < BY_NINTHER * size) {
            return median(data, order, from, middle, last);
        }
        return median(data, order, median(data, order, from, from + step, from + 2 * step),
                median(data, order, middle - step, middle, middle + step),
                median(data, order, last - 2 * step, last - step, last));
    }

    private static long median(MemorySegment data, AddressComparator order, long a, long b, long c) {
        if (compare(data, order, a, b) < 0) {
            return compare(data, order, b, c) < 0 ? b : compare(data, order, a, c) < 0 ? c : a;
        }
        return compare(data, order, a, c) < 0 ? a : compare(data, order, b, c) < 0 ? c : b;
    }

    private static void sortByInsertion(MemorySegment data, long size, AddressComparator order, long from, long end) {
        for (long next = from + size; next < end; next += size) {
            for (long at = next; at > from && compare(data, order, at - size, at) > 0; at -= size) {
                swap(data, size, at - size, at);
            }
        }
    }

    private static void sortByHeap(MemorySegment data, long size, AddressComparator order, long from, long count) {
        for (long i = count / 2 - 1; i >= 0; i--) {
            siftDown(data, size, order, from, i, count);
        }
        for (long last = count - 1; last > 0; last--) {
            swap(data, size, from, from + last * size);
            siftDown(data, size, order, from, 0, last);
        }
    }

    private static void siftDown(MemorySegment data, long size, AddressComparator order, long from, long i, long count) {
        long parent = i;
        for (long child = 2 * parent + 1; child < count; child = 2 * parent + 1) {
            if (child + 1 < count && compare(data, order, from + child * size, from + (child + 1) * size) < 0) {
                child++;
            }
            if (compare(data, order, from + parent * size, from + child * size) >= 0) {
                return;
            }
            swap(data, size, from + parent * size, from + child * size);
            parent = child;
        }
    }

    private static int compare(MemorySegment data, AddressComparator order, long a, long b) {
        return order.compare(data.address() + a, data.address() + b);
    }

    private static void swap(MemorySegment data, long size, long a, long b) {
        long i = 0;
        for (; i <= size - Long.BYTES; i += Long.BYTES) {
            long x = data.get(ValueLayout.JAVA_LONG_UNALIGNED, a + i);
            data.set(ValueLayout.JAVA_LONG_UNALIGNED, a + i, data.get(ValueLayout.JAVA_LONG_UNALIGNED, b + i));
            data.set(ValueLayout.JAVA_LONG_UNALIGNED, b + i, x);
        }
        for (; i < size; i++) {
            byte x = data.get(ValueLayout.JAVA_BYTE, a + i);
            data.set(ValueLayout.JAVA_BYTE, a + i, data.get(ValueLayout.JAVA_BYTE, b + i));
            data.set(ValueLayout.JAVA_BYTE, b + i, x);
        }
    }
}
