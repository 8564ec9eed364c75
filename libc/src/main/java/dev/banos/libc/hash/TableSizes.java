package dev.banos.libc.hash;

/**
 * How many groups a table has for so many elements, and how many bytes its block then takes. What a group's slots take, in words,
 * differs between kinds of table: {@link HashTable#groupWords}.
 */
final class TableSizes {
    /** As many as a place of 32 bits can tell, and as the hash has good bits to number them by: see {@link Mixer#scatter}. */
    static final long MOST_GROUPS = 1L << 29;
    static final long MOST_ELEMENTS = mostIn(MOST_GROUPS);
    private static final long FIRST_GROUPS = 4;
    /** A table of fewer grows fourfold: it moves a third of the elements, for some KiB. */
    private static final long SMALL_GROUPS = 128;
    /** No block is larger for the sake of elements to come: of large elements a table begins with one group, and doubles. */
    private static final long SMALL_BLOCK = 1 << 16;

    private TableSizes() {
    }

    /** Three quarters of the slots: a fuller table would send too many searches on to the next group. */
    static long mostIn(long groups) {
        return groups * ControlWord.GROUP_SLOTS * 3 / 4;
    }

    static long blockBytes(long groups, long groupWords) {
        return groups * (1 + groupWords) * HashTable.WORD + HashTable.LINE;
    }

    static long fewest(long groupWords) {
        return blockBytes(FIRST_GROUPS, groupWords) <= SMALL_BLOCK ? FIRST_GROUPS : 1;
    }

    /** What a table of so many groups grows to. */
    static long more(long groups, long groupWords) {
        return groups < SMALL_GROUPS && blockBytes(4 * groups, groupWords) <= SMALL_BLOCK ? 4 * groups : 2 * groups;
    }

    /** @param elements at most {@link #MOST_ELEMENTS} */
    static long groupsFor(long elements, long groupWords) {
        long groups = fewest(groupWords);
        while (mostIn(groups) < elements) {
            groups *= 2;
        }
        return groups;
    }
}
