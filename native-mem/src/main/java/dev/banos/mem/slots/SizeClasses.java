package dev.banos.mem.slots;

/**
 * Which slot serves which request. Steps of 16 bytes up to 256, then eight steps to each doubling, so that a slot is
 * less than 1/8 larger than the request rounded up to the alignment that malloc owes it.
 *
 * <pre>
 *  class       0    1  ...   7    8   ...  15   16   ...  23   24  ...   79
 *  slot       16   32      128  144       256  288       512  576     65536      bytes
 * </pre>
 */
public final class SizeClasses {
    static final int LOG_ALIGNMENT = 4;
    /** What malloc owes any block: enough for every fundamental type. */
    public static final int ALIGNMENT = 1 << LOG_ALIGNMENT;
    public static final int COUNT = 80;
    public static final long SPAN_BYTES = 64 * 1024;
    static final int SPANS_PER_ARENA = 16;
    /** From this size on a block is a mapping of its own. */
    public static final long DIRECT_BYTES = 64 * 1024;

    /** Up to here each multiple of the alignment has a place in tables by size, whatever its class; beyond, each class. */
    static final long BYTES_BY_SIXTEENS = 1024;
    private static final int PLACE_OF_FIRST_LARGER = (int) BYTES_BY_SIXTEENS / ALIGNMENT + 1;
    /** The class above that. */
    private static final int FIRST_LARGER = 32;
    /** A power of two, of which the last are of no size. */
    static final int PLACES = 128;

    private static final int LOG_STEPS = 3;
    private static final int STEPS_PER_DOUBLING = 1 << LOG_STEPS;
    private static final int[] SLOT_BYTES = new int[COUNT];
    private static final int[] SPANS = new int[COUNT];

    static {
        for (int i = 0; i < COUNT; i++) {
            SLOT_BYTES[i] = computeSlotBytes(i);
            SPANS[i] = computeSpans(SLOT_BYTES[i]);
        }
        assert SLOT_BYTES[COUNT - 1] == DIRECT_BYTES;
        assert SLOT_BYTES[FIRST_LARGER - 1] == BYTES_BY_SIXTEENS;
    }

    private SizeClasses() {
    }

    /**
     * Of at most 35 bytecodes, which the compiler takes into its callers however rare it thinks them.
     *
     * @param size from 1 to {@link #DIRECT_BYTES}
     */
    public static int indexOf(long size) {
        long last = size - 1;
        // In the first doubling that has eight steps of 16, and below it, the step is the alignment.
        int step = Long.SIZE - 1 - LOG_STEPS - Long.numberOfLeadingZeros(last | ALIGNMENT * STEPS_PER_DOUBLING);
        return ((step - LOG_ALIGNMENT) << LOG_STEPS) + (int) (last >>> step);
    }

    /** @param size more than {@link #BYTES_BY_SIXTEENS}, less than {@link #DIRECT_BYTES} */
    static int placeOfLarger(long size) {
        return indexOf(size) + PLACE_OF_FIRST_LARGER - FIRST_LARGER;
    }

    /** The class of the sizes that have a place; the last class, where none has. */
    static int atPlace(int place) {
        return place < PLACE_OF_FIRST_LARGER ? indexOf(Math.max(1, place * ALIGNMENT))
                : Math.min(FIRST_LARGER + place - PLACE_OF_FIRST_LARGER, COUNT - 1);
    }

    public static int slotBytes(int sizeClass) {
        return SLOT_BYTES[sizeClass];
    }

    /** How many spans a run of this class takes: the fewest that leave little unused, at most an arena. */
    static int spans(int sizeClass) {
        return SPANS[sizeClass];
    }

    /** How many bytes of spans the run takes that serves blocks of {@code size} bytes, which is less than {@link #DIRECT_BYTES}. */
    public static long runBytes(long size) {
        return SPANS[indexOf(Math.max(1, size))] * SPAN_BYTES;
    }

    /** A whole number of bitmap words, or less than one: so all words of a run have the same number of slots. */
    static int slots(int sizeClass) {
        return slots(SLOT_BYTES[sizeClass], SPANS[sizeClass]);
    }

    private static int slots(int slotBytes, int spans) {
        int fit = (int) (spans * SPAN_BYTES / slotBytes);
        return fit < Long.SIZE ? fit : fit / Long.SIZE * Long.SIZE;
    }

    /** What a run does not use is never touched, so it costs address space and no memory: one eighth is little enough. */
    private static int computeSpans(int slotBytes) {
        int spans = 1;
        while (spans < SPANS_PER_ARENA && (slots(slotBytes, spans) < Long.SIZE
                || slots(slotBytes, spans) * (long) slotBytes < spans * SPAN_BYTES * 7 / 8)) {
            spans++;
        }
        return spans;
    }

    private static int computeSlotBytes(int sizeClass) {
        if (sizeClass < STEPS_PER_DOUBLING) {
            return (sizeClass + 1) * ALIGNMENT;
        }
        int doubling = sizeClass / STEPS_PER_DOUBLING - 1;
        int step = sizeClass % STEPS_PER_DOUBLING;
        return (STEPS_PER_DOUBLING + step + 1) * (ALIGNMENT << doubling);
    }
}
