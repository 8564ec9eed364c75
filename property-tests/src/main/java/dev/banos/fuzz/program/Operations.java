package dev.banos.fuzz.program;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The operations of a program, as they are made, changed and run: in arrays of primitives, and to be written on.
 * <pre>
 *  what   kind (8 bits) | log2 (8 bits) | thread
 *  slot   which block
 *  size   in bytes; of some kinds an offset, an alignment or a number
 * </pre>
 * Any part of them is a program, too: an operation whose slot is not as it needs it is left out when the program runs.
 */
public final class Operations {
    public static final int MALLOC = 0;
    public static final int CALLOC = 1;
    public static final int REALLOC = 2;
    public static final int ALIGNED = 3;
    public static final int FREE = 4;
    /** Reads the whole block. */
    public static final int CHECK = 5;
    /** Frees the block, then frees it again: the second must be refused. */
    public static final int FREE_TWICE = 6;
    /** Frees an address {@code size} bytes into the block: must be refused. */
    public static final int FREE_INSIDE = 7;
    /** Frees an address that no allocator gave, chosen by {@code size}: must be refused. */
    public static final int FREE_FOREIGN = 8;
    /** Ends the thread; the next operation of the same number runs on a new one. */
    public static final int EXIT = 9;
    /** Closes the heap with all blocks that are live, and goes on with a new one. */
    public static final int CLOSE = 10;
    /** Asks for a block with the alignment {@code size}, which is no power of two: must be refused. */
    public static final int MISALIGNED = 11;
    public static final int KINDS = 12;

    public static final int LARGEST_THREADS = 8;

    private static final int SALTED_OPERATIONS = 8;
    private static final int KIND_BITS = 8;
    private static final int LOG2_BITS = 8;
    private static final int BYTE_MASK = 0xff;

    private int count;
    private int slots;
    private boolean threaded;
    private int[] what;
    private int[] slot;
    private long[] size;

    public Operations(int capacity) {
        what = new int[capacity];
        slot = new int[capacity];
        size = new long[capacity];
    }

    /** @param log2 of the alignment of {@link #ALIGNED}, of the count of {@link #CALLOC}; otherwise 0 */
    public void add(int kind, int log2, int thread, int slot, long size) {
        addPacked(kind | log2 << KIND_BITS | thread << KIND_BITS + LOG2_BITS, slot, size);
    }

    /** @param packed as {@link #what} gives it */
    public void addPacked(int packed, int slot, long size) {
        if (count == what.length) {
            ensureCapacity(2 * count + 16);
        }
        what[count] = packed;
        this.slot[count] = slot;
        this.size[count++] = size;
        slots = Math.max(slots, slot + 1);
        threaded |= packed >>> KIND_BITS + LOG2_BITS != 0 || (packed & BYTE_MASK) == EXIT;
    }

    /** For a program that its maker will make anew. */
    public Operations copy() {
        Operations copy = new Operations(count);
        for (int i = 0; i < count; i++) {
            copy.addFrom(this, i);
        }
        return copy;
    }

    public void addFrom(Operations other, int index) {
        addPacked(other.what[index], other.slot[index], other.size[index]);
    }

    /** Adds the whole of another program, which then frees what it left live: the two do not meet in a slot. */
    public void append(Operations other) {
        for (int i = 0; i < other.count; i++) {
            addFrom(other, i);
        }
        for (int live = 0; live < other.slots; live++) {
            add(FREE, 0, 0, live, 0);
        }
    }

    public void clear() {
        count = 0;
        slots = 0;
        threaded = false;
    }

    private void ensureCapacity(int capacity) {
        what = Arrays.copyOf(what, capacity);
        slot = Arrays.copyOf(slot, capacity);
        size = Arrays.copyOf(size, capacity);
    }

    public int length() {
        return count;
    }

    /** Keeps the contents that two programs write apart, and is the same each time this one runs. */
    public long salt() {
        long salt = count;
        for (int i = 0; i < Math.min(count, SALTED_OPERATIONS); i++) {
            salt = Random64.mix(salt + size[i] * 31 + what[i]);
        }
        return salt;
    }

    /** How many slots a run needs. */
    public int slots() {
        return slots;
    }

    /** Whether any operation runs on another thread than the first. */
    public boolean isThreaded() {
        return threaded;
    }

    /** Whether it asks for a new heap, which a single allocator cannot give. */
    public boolean closes() {
        return IntStream.range(0, count).anyMatch(i -> kind(i) == CLOSE);
    }

    /** Whether operations of this kind are on a block: the others' slot means nothing. */
    public static boolean usesSlot(int kind) {
        return kind < FREE_FOREIGN;
    }

    /** Whether the size of operations of this kind is that of a block. */
    public static boolean isSized(int kind) {
        return kind < FREE;
    }

    public int what(int index) {
        return what[index];
    }

    public int kind(int index) {
        return what[index] & BYTE_MASK;
    }

    public int log2(int index) {
        return what[index] >>> KIND_BITS & BYTE_MASK;
    }

    public int thread(int index) {
        return what[index] >>> KIND_BITS + LOG2_BITS;
    }

    public int slot(int index) {
        return slot[index];
    }

    public long size(int index) {
        return size[index];
    }

    /** One operation a line, in the form that {@link ProgramText#parse} reads. */
    @Override
    public String toString() {
        return ProgramText.print(this);
    }
}
