package dev.banos.libc.hash;

/** The control word of a group, whose picture {@link HashTable} has: what is in it, and how it changes. */
final class ControlWord {
    static final int GROUP_SLOTS = 7;
    private static final long EACH = 0x01_01_01_01_01_01_01L; // the lowest bit of each slot's byte
    static final long FULL = 0x80L * EACH;
    static final int PASSED_SHIFT = GROUP_SLOTS * Byte.SIZE;
    static final long PASSED_ONE = 1L << PASSED_SHIFT;
    static final long PASSED_MOST = 0xFF;
    private static final int TAG_SHIFT = Long.SIZE - 7;
    private static final long TAG_FULL = 0x80;
    /** Where a match of slot 0 shows in a word. */
    static final int FIRST_BIT = Byte.SIZE - 1;
    /** Where slot 4 begins in a word. Of entries of 16 bytes it is the first of a group's second line. */
    private static final int SECOND_HALF = 4 * Byte.SIZE;
    /** Brings a bit of the hash that numbers no group to that of {@link #SECOND_HALF}. */
    private static final int HALF_SHIFT = 3;

    private ControlWord() {
    }

    static long tags(long hash) {
        return tag(hash) * EACH;
    }

    static long tag(long hash) {
        return hash >>> TAG_SHIFT;
    }

    /**
     * The top bit of each slot's byte that is full and has its tag. Where the tag is 0, the subtraction borrows for an empty slot
     * from the next one's byte, which is then taken for a match if its tag is 1: its key tells.
     */
    static long matches(long word, long tags) {
        long fullWhereEqual = word ^ tags;
        return fullWhereEqual & ~(fullWhereEqual - EACH) & FULL;
    }

    /** Where that half of a word begins whose slots a key of this hash is put in while one is free. */
    static long preferred(long hash) {
        return hash << HALF_SHIFT & SECOND_HALF;
    }

    /** The first of the bits {@code free} from the preferred half on, or 0. */
    static long choice(long free, long hash) {
        int half = (int) preferred(hash);
        return Long.rotateLeft(Long.lowestOneBit(Long.rotateRight(free, half)), half);
    }

    /** {@code word} with the tag in the byte whose top bit is {@code free}. */
    static long filled(long word, long free, long tags) {
        return word | free | free - (free >>> FIRST_BIT) & tags;
    }

    static long passed(long word) {
        return word >>> PASSED_SHIFT == PASSED_MOST ? word : word + PASSED_ONE;
    }

    static boolean isFull(long word, long slot) {
        return (word & TAG_FULL << slot * Byte.SIZE) != 0;
    }

    /** Whether this slot is full and has the tag of {@code hash}. */
    static boolean has(long word, long slot, long hash) {
        return (word >>> slot * Byte.SIZE & 0xFF) == (TAG_FULL | tag(hash));
    }
}
