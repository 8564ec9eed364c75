package dev.banos.libc.sort;

import dev.banos.libc.segment.Liveness;
import dev.banos.libc.segment.StackRoom;
import dev.banos.mem.Malloc;
import java.lang.foreign.MemorySegment;

/**
 * Sorts records of a fixed size by a number in each. Stable: records with equal keys keep their order.
 *
 * <pre>{@code
 * static final RecordSort BY_TIME = new RecordSort(EVENT.byteSize(), Key.I64, EVENT.byteOffset(groupElement("time")));
 * BY_TIME.sort(events, temporary); // allocates nothing, once compiled
 * }</pre>
 *
 * <p>The records themselves travel, once for each digit: of large records sort keys with indices instead. Everything that
 * {@link RadixSort} says of its segments holds here.
 */
public final class RecordSort {
    private final RecordElements elements;

    /**
     * An order, to be kept and used by any thread.
     *
     * @param recordBytes the size of a record, padding included
     * @param key the kind of number
     * @param keyOffset where in the record it begins, in bytes; any alignment
     * @throws IllegalArgumentException if the key does not lie within the record
     */
    public RecordSort(long recordBytes, Key key, long keyOffset) {
        if (recordBytes < key.bytes() || keyOffset < 0 || keyOffset > recordBytes - key.bytes()) {
            throw Arguments.refused("keyOffset=" + keyOffset + " puts " + key + " outside of recordBytes=" + recordBytes);
        }
        elements = new RecordElements(recordBytes, key, keyOffset);
    }

    /**
     * Sorts {@code data} in ascending order of the key.
     *
     * @param data the records, one behind the other
     * @param temporary as large as {@code data}, or larger
     * @throws IllegalArgumentException if a segment is on the Java heap or read-only, {@code data} does not consist of whole
     *     records, {@code temporary} is smaller than {@code data}, or both overlap; nothing was touched
     * @throws IllegalStateException if the scope of a segment is closed; nothing was touched
     * @throws WrongThreadException if a segment is confined to another thread; nothing was touched
     * @throws OutOfMemoryError if no sort ever ran and there are no 64 KiB for the counters of the first; nothing was touched
     */
    public void sort(MemorySegment data, MemorySegment temporary) {
        Arguments.requireData(data, elements.bytes);
        Arguments.requireTemporary(temporary, data);
        if (Liveness.isCertain(data) && Liveness.isCertain(temporary)) {
            StackRoom.require();
            sort(elements, data.address(), data.byteSize(), temporary.address());
        } else {
            HeldScopes.sort(elements, data, temporary);
        }
    }

    static void sort(RecordElements elements, long data, long bytes, long temporary) {
        long counters = Scratch.COUNTERS.claim();
        try {
            Radix.HERE.sort(elements, data, data + bytes, data, temporary, counters);
        } finally {
            Scratch.COUNTERS.release(counters);
        }
    }

    /**
     * As {@link #sort(MemorySegment, MemorySegment)} with a temporary area of its own.
     *
     * @param data the records, one behind the other
     * @throws OutOfMemoryError if there is no native memory for it; nothing was touched
     */
    public void sort(MemorySegment data) {
        Arguments.requireData(data, elements.bytes);
        MemorySegment temporary = Malloc.allocate(data.byteSize());
        try {
            sort(data, temporary);
        } finally {
            Malloc.free(temporary);
        }
    }
}
