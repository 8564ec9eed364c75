package dev.banos.libc.sort;

import dev.banos.libc.segment.Liveness;
import dev.banos.libc.segment.StackRoom;
import dev.banos.mem.Malloc;
import java.lang.foreign.MemorySegment;

/**
 * Sorts numbers in native memory by their digits, in time proportional to their count, with the help of a temporary area as
 * large as the data.
 *
 * <pre>{@code
 * RadixSort.sort(Key.U64, data, temporary); // allocates nothing, once compiled
 * RadixSort.sort(Key.F64, data);            // brings its own temporary area for the time of the call
 * }</pre>
 *
 * <p>All of {@code data} is sorted; its size in bytes is a multiple of the key's, of any number of elements, at any
 * alignment. Of {@code temporary} the first {@code data.byteSize()} bytes are overwritten, nothing behind them is touched.
 * Ascending data is only read. Bytes are counted and need no temporary area, but one is asked for all the same.
 *
 * <p>Until the optimizing compiler (C2) has compiled it, a call makes a few slices on the Java heap; without that compiler each does.
 *
 * <p>Both segments must stay alive during the call. That is the caller's to see to for a confined scope, which only the
 * calling thread could close; closing a shared scope during the call fails with its {@link IllegalStateException}.
 * Where less than two pages of stack are left, a call is a {@link StackOverflowError} before anything is touched.
 *
 * @see <a href="https://doi.org/10.1007/3-540-44688-5_8">Rahman and Raman, Adapting radix sort to the memory hierarchy</a>
 */
public final class RadixSort {
    private static final Elements[] ELEMENTS = new Elements[Key.values().length];

    static {
        for (Key key : Key.values()) {
            ELEMENTS[key.ordinal()] = switch (key.bytes()) {
                case Byte.BYTES -> null; // see ByteCounting
                case Short.BYTES -> new SeparatePasses(new ShortElements(key));
                case Integer.BYTES -> new SeparatePasses(new IntElements(key));
                default -> new SeparatePasses(new LongElements(key));
            };
        }
    }

    private RadixSort() {
    }

    /**
     * Sorts {@code data} in ascending order of {@code key}.
     *
     * @param key the kind of number
     * @param data the numbers, one behind the other
     * @param temporary as large as {@code data}, or larger
     * @throws IllegalArgumentException if a segment is on the Java heap or read-only, {@code data} does not consist of whole
     *     numbers, {@code temporary} is smaller than {@code data}, or both overlap; nothing was touched
     * @throws IllegalStateException if the scope of a segment is closed; nothing was touched
     * @throws WrongThreadException if a segment is confined to another thread; nothing was touched
     * @throws OutOfMemoryError if no sort ever ran and there are no 64 KiB for the counters of the first; nothing was touched
     */
    public static void sort(Key key, MemorySegment data, MemorySegment temporary) {
        Arguments.requireData(data, key.bytes());
        Arguments.requireTemporary(temporary, data);
        if (Liveness.isCertain(data) && Liveness.isCertain(temporary)) {
            StackRoom.require();
            sort(key, data.address(), data.byteSize(), temporary.address());
        } else {
            HeldScopes.sort(key, data, temporary);
        }
    }

    static void sort(Key key, long data, long bytes, long temporary) {
        long counters = Scratch.COUNTERS.claim();
        try {
            sort(key, data, data + bytes, temporary, counters);
        } finally {
            Scratch.COUNTERS.release(counters);
        }
    }

    static void sort(Key key, long data, long end, long temporary, long counters) {
        if (key.bytes() == Byte.BYTES) {
            ByteCounting.sort(key, data, end, counters);
        } else if (isCounted(key, end - data)) {
            ShortCounting.sort(key, data, end, temporary);
        } else if (!key.isFloating()) {
            Radix.HERE.sort(ELEMENTS[key.ordinal()], data, end, data, temporary, counters);
        } else if (!SignedFloats.isAscending(key, data, end)) {
            SignedFloats.exchange(key, data, end);
            Radix.HERE.sort(ELEMENTS[key.ordinal()], data, end, data, temporary, counters);
            SignedFloats.exchange(key, data, end);
        }
    }

    /** Whether so many bytes of numbers are sorted without another place for them. */
    static boolean isCounted(Key key, long bytes) {
        return key.bytes() == Byte.BYTES || key.bytes() == Short.BYTES && ShortCounting.suits(bytes);
    }

    /** Signed whole numbers of this size. */
    static Elements signed(int bytes) {
        Key key = bytes == Long.BYTES ? Key.I64 : bytes == Integer.BYTES ? Key.I32 : Key.I16;
        return ELEMENTS[key.ordinal()];
    }

    /**
     * As {@link #sort(Key, MemorySegment, MemorySegment)} with a temporary area of its own.
     *
     * @param key the kind of number
     * @param data the numbers, one behind the other
     * @throws OutOfMemoryError if there is no native memory for it; nothing was touched
     */
    public static void sort(Key key, MemorySegment data) {
        Arguments.requireData(data, key.bytes());
        MemorySegment temporary = Malloc.allocate(data.byteSize());
        try {
            sort(key, data, temporary);
        } finally {
            Malloc.free(temporary);
        }
    }
}
