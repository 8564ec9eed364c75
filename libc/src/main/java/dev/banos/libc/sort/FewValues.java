package dev.banos.libc.sort;

/**
 * Elements whose keys have few values, sorted in two passes: one counts the elements of each value, one moves them to where
 * those begin. The values, wherever in the key they differ, are kept in a small table with open addressing.
 *
 * <pre>
 *   table   entries: 64 x {key, bytes of its elements, later the next one's offset}   |   values: count   |   addresses of their entries
 * </pre>
 *
 * An entry without bytes is free. The table's content is undefined where the range turns out to have too many values.
 */
final class FewValues {
    static final int MOST = 32;

    /** So many keys are compared before anything else: of {@link #MOST} / 2 values, nearly always two agree. */
    private static final int SAMPLE = 8;
    /** A shorter range is sorted before the table is made. */
    private static final long FEWEST_ELEMENTS = 64;

    private static final int SLOT_BITS = 6;
    private static final long ENTRY_BYTES = 2 * Long.BYTES;
    private static final long ENTRIES_BYTES = ENTRY_BYTES << SLOT_BITS;
    private static final long BYTES = Long.BYTES; // in an entry, behind the key
    private static final long LIST = ENTRIES_BYTES + Long.BYTES;
    static final long TABLE_BYTES = LIST + MOST * Long.BYTES;

    private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L; // 2^64 divided by the golden ratio, odd

    private FewValues() {
    }

    /** As {@link Radix#sort}. @return false, and only the counters are touched, where the keys have too many values */
    static boolean sort(Elements elements, long from, long end, long to, long room, long table) {
        long bytes = end - from;
        if (bytes < FEWEST_ELEMENTS * elements.bytes || !someAgree(elements, from, bytes / elements.bytes)) {
            return false;
        }
        Memory.fill(table, LIST, (byte) 0);
        for (long at = from; at < end; at += Radix.block(elements)) {
            if (!elements.countValues(at, Radix.count(elements, at, end, Elements.MOST), table)) {
                return false;
            }
        }
        toOffsets(table, elements.flip);
        long other = to == from ? room : to;
        for (long at = from; at < end; at += Radix.block(elements)) {
            elements.scatterValues(at, Radix.count(elements, at, end, Elements.MOST), other, table);
        }
        Memory.move(other, to, bytes);
        return true;
    }

    private static boolean someAgree(Elements elements, long from, long count) {
        long step = count / SAMPLE * elements.bytes;
        for (int i = 1; i < SAMPLE; i++) {
            long key = elements.key(from + i * step);
            for (int j = 0; j < i; j++) {
                if (elements.key(from + j * step) == key) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Where the bytes of the elements of {@code key} are counted; 0 where it is one value too many. */
    static long counter(long table, long key) {
        long place = home(key);
        while (true) {
            long entry = table + place;
            if (Memory.getLong(entry + BYTES) == 0) {
                return claim(table, entry, key);
            }
            if (Memory.getLong(entry) == key) {
                return entry + BYTES;
            }
            place = next(place);
        }
    }

    private static long claim(long table, long entry, long key) {
        long values = Memory.getLong(table + ENTRIES_BYTES);
        if (values == MOST) {
            return 0;
        }
        Memory.setLong(table + LIST + values * Long.BYTES, entry);
        Memory.setLong(table + ENTRIES_BYTES, values + 1);
        Memory.setLong(entry, key);
        return entry + BYTES;
    }

    /** Where the offset of the next element of {@code key} stands, which was counted: no free entry comes before its own. */
    static long offset(long table, long key) {
        long place = home(key);
        while (Memory.getLong(table + place) != key) {
            place = next(place);
        }
        return table + place + BYTES;
    }

    private static long home(long key) {
        return (key * GOLDEN >>> Long.SIZE - SLOT_BITS) * ENTRY_BYTES;
    }

    private static long next(long place) {
        return place + ENTRY_BYTES & ENTRIES_BYTES - 1;
    }

    /** Sorts the list of entries by key, and each count of bytes becomes the offset where the first of those bytes goes. */
    private static void toOffsets(long table, long flip) {
        long list = table + LIST;
        long listEnd = list + Memory.getLong(table + ENTRIES_BYTES) * Long.BYTES;
        for (long at = list + Long.BYTES; at < listEnd; at += Long.BYTES) {
            insert(list, at, flip);
        }
        long offset = 0;
        for (long at = list; at < listEnd; at += Long.BYTES) {
            long counter = Memory.getLong(at) + BYTES;
            long bytes = Memory.getLong(counter);
            Memory.setLong(counter, offset);
            offset += bytes;
        }
    }

    private static void insert(long list, long end, long flip) {
        long entry = Memory.getLong(end);
        long rank = Memory.getLong(entry) ^ flip;
        long at = end;
        for (; at > list; at -= Long.BYTES) {
            long before = Memory.getLong(at - Long.BYTES);
            if (Long.compareUnsigned(Memory.getLong(before) ^ flip, rank) < 0) {
                break;
            }
            Memory.setLong(at, before);
        }
        Memory.setLong(at, entry);
    }
}
