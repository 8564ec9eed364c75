package dev.banos.fuzz;

import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A sequence of allocator calls on numbered slots. It holds no addresses, so it means the same to every allocator, and any
 * part of it is a program too: an operation whose slot is not as it needs it (a free of an empty slot, a malloc into a
 * full one) is left out when the program runs. That is what lets a failing program be shrunk.
 *
 * <p>After its last operation every block that is still live is checked and freed.
 */
public final class Program {
    static final int MALLOC = Trace.MALLOC;
    static final int CALLOC = Trace.CALLOC;
    static final int REALLOC = Trace.REALLOC;
    static final int ALIGNED = Trace.ALIGNED;
    static final int FREE = Trace.FREE;
    /** Reads the whole block. */
    static final int CHECK = 5;
    /** Frees the block, then frees it again: the second must be refused. */
    static final int FREE_TWICE = 6;
    /** Frees an address {@code size} bytes into the block: must be refused. */
    static final int FREE_INSIDE = 7;
    /** Frees an address that no allocator gave, chosen by {@code size}: must be refused. */
    static final int FREE_FOREIGN = 8;
    /** Ends the thread; the next operation of the same number runs on a new one. */
    static final int EXIT = 9;
    /** Closes the heap with all blocks that are live, and goes on with a new one. */
    static final int CLOSE = 10;
    /** Asks for a block with the alignment {@code size}, which is no power of two: must be refused. */
    static final int MISALIGNED = 11;
    static final int KINDS = 12;

    static final int LARGEST_THREADS = 8;

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

    Program(int capacity) {
        what = new int[capacity];
        slot = new int[capacity];
        size = new long[capacity];
    }

    /**
     * Reads a program's text, as {@link #toString} writes it: a line an operation, and comments behind {@code #}.
     *
     * @param text the lines
     * @return the program
     * @throws TraceException if a line is no operation
     */
    public static Program parse(String text) {
        return ProgramText.parse(text);
    }

    /**
     * {@return the program that makes the recorded calls}
     *
     * @param trace the recording
     */
    public static Program of(Trace trace) {
        Program program = new Program(trace.operations());
        for (int i = 0; i < trace.operations(); i++) {
            int log2 = trace.kind(i) == Trace.ALIGNED ? Long.numberOfTrailingZeros(trace.alignment(i)) : 0;
            program.add(trace.kind(i), log2, 0, trace.slot(i), trace.size(i));
        }
        return program;
    }

    /**
     * {@return the program's calls as a trace: without threads, wrong frees, sizes of 4 GiB or more and alignments above 1 TiB,
     * which the format cannot hold}
     */
    public Trace toTrace() {
        Trace.Builder builder = new Trace.Builder();
        BitSet full = new BitSet();
        for (int i = 0; i < count; i++) {
            addTo(builder, full, i);
        }
        return builder.build();
    }

    private void addTo(Trace.Builder builder, BitSet full, int index) {
        int kind = kind(index) == FREE_TWICE ? FREE : kind(index);
        if (kind == CLOSE) {
            full.stream().forEach(live -> builder.add(FREE, live, 0, 1));
            full.clear();
        }
        if (kind > FREE || size[index] >>> Integer.SIZE != 0) {
            return;
        }
        boolean isFull = full.get(slot[index]);
        if (kind == REALLOC && !isFull) {
            kind = MALLOC;
        }
        if (isFull != (kind == REALLOC || kind == FREE)) {
            return;
        }
        int log2 = log2(index);
        boolean overflows = kind == CALLOC && log2 >= Long.numberOfLeadingZeros(size[index]);
        long bytes = kind == CALLOC ? size[index] << log2 : kind == FREE ? 0 : size[index];
        if (!overflows && bytes >>> Integer.SIZE == 0 && (kind != ALIGNED || log2 <= Trace.LARGEST_LOG2)) {
            builder.add(kind, slot[index], bytes, 1L << log2);
            full.set(slot[index], kind != FREE);
        }
    }

    /**
     * Runs the program on the allocator with all laws on.
     *
     * @param allocator one in its first state, which stays open
     * @throws AssertionError if a law broke: says which, where, with addresses, sizes and bytes
     */
    public void requireLawful(AllocatorUnderTest allocator) {
        require(new Interpreter().run(this, allocator));
    }

    /**
     * As {@link #requireLawful}, for what shows only in many runs: leaks, and threads that run at the same time.
     *
     * @param allocator one in its first state, which stays open
     * @throws AssertionError if a law broke
     */
    public void requireLawfulRepeatedly(AllocatorUnderTest allocator) {
        Interpreter interpreter = new Interpreter();
        Violation violation = new Footprint(interpreter).measure(this, () -> allocator, true);
        for (int run = 0; run < Session.FREE_RUNS && violation == null && threaded; run++) {
            violation = interpreter.runFreely(this, allocator);
        }
        require(violation);
    }

    /**
     * Runs the program over and over, all its threads at the same time, and holds each round to the laws.
     *
     * @param allocator one in its first state, which stays open
     * @param rounds at most; a race on slow machines ends earlier, after some time, and an allocator not for threads runs one
     * @throws AssertionError if a law broke
     * @throws IllegalArgumentException if there are fewer rounds than one
     */
    public void requireLawfulInRaces(AllocatorUnderTest allocator, int rounds) {
        requireRounds(rounds);
        Progress progress = new Progress();
        Interpreter interpreter = new Interpreter(progress, new Coverage());
        require(KnownProgram.race(left -> interpreter.race(this, allocator, left), progress::round, rounds));
    }

    /**
     * As {@link #requireLawfulInRaces(AllocatorUnderTest, int)}, on a new allocator of the target.
     *
     * @param target gives the allocator
     * @param rounds at most; a race on slow machines ends earlier, after some time, and an allocator not for threads runs one
     * @throws AssertionError if a law broke
     * @throws IllegalArgumentException if there are fewer rounds than one
     */
    public void requireLawfulInRaces(Target target, int rounds) {
        requireRounds(rounds);
        try (Runner runner = target.nearest()) {
            require(new KnownProgram(this, Runner.Mode.RACED, rounds).replay(runner));
        }
    }

    /**
     * Runs the program on a new allocator of the target, as often as it takes to see what shows only in many runs, and on a
     * newer one after each close.
     *
     * @param target gives the allocators
     * @throws AssertionError if a law broke
     */
    public void requireLawful(Target target) {
        try (Runner runner = target.nearest()) {
            for (Runner.Mode mode : Runner.Mode.values()) {
                require(mode != Runner.Mode.RACED ? runner.replay(this, mode)
                        : threaded ? runner.race(this, Session.RACE_ROUNDS) : null);
            }
        }
    }

    private static void requireRounds(int rounds) {
        if (rounds < 1) {
            throw new IllegalArgumentException("rounds=" + rounds + ": a race takes 1 or more");
        }
    }

    private void require(@Nullable Violation violation) {
        if (violation != null) {
            throw new AssertionError(Report.oneScreen(this, violation));
        }
    }

    /** @param log2 of the alignment of {@link #ALIGNED}, of the count of {@link #CALLOC}; otherwise 0 */
    void add(int kind, int log2, int thread, int slot, long size) {
        addPacked(kind | log2 << KIND_BITS | thread << KIND_BITS + LOG2_BITS, slot, size);
    }

    /** @param packed as {@link #what} gives it */
    void addPacked(int packed, int slot, long size) {
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
    Program copy() {
        Program copy = new Program(count);
        for (int i = 0; i < count; i++) {
            copy.addFrom(this, i);
        }
        return copy;
    }

    void addFrom(Program other, int index) {
        addPacked(other.what[index], other.slot[index], other.size[index]);
    }

    /** Adds the whole of another program, which then frees what it left live: the two do not meet in a slot. */
    void append(Program other) {
        for (int i = 0; i < other.count; i++) {
            addFrom(other, i);
        }
        for (int live = 0; live < other.slots; live++) {
            add(FREE, 0, 0, live, 0);
        }
    }

    void clear() {
        count = 0;
        slots = 0;
        threaded = false;
    }

    private void ensureCapacity(int capacity) {
        what = Arrays.copyOf(what, capacity);
        slot = Arrays.copyOf(slot, capacity);
        size = Arrays.copyOf(size, capacity);
    }

    /** {@return how many operations there are} */
    public int length() {
        return count;
    }

    /** Keeps the contents that two programs write apart, and is the same each time this one runs. */
    long salt() {
        long salt = count;
        for (int i = 0; i < Math.min(count, SALTED_OPERATIONS); i++) {
            salt = Random64.mix(salt + size[i] * 31 + what[i]);
        }
        return salt;
    }

    /** How many slots a run needs. */
    int slots() {
        return slots;
    }

    /** Whether any operation runs on another thread than the first. */
    boolean isThreaded() {
        return threaded;
    }

    /** Whether it asks for a new heap, which a single allocator cannot give. */
    boolean closes() {
        return IntStream.range(0, count).anyMatch(i -> kind(i) == CLOSE);
    }

    /** Whether operations of this kind are on a block: the others' slot means nothing. */
    static boolean usesSlot(int kind) {
        return kind < FREE_FOREIGN;
    }

    /** Whether the size of operations of this kind is that of a block. */
    static boolean isSized(int kind) {
        return kind < FREE;
    }

    int what(int index) {
        return what[index];
    }

    int kind(int index) {
        return what[index] & BYTE_MASK;
    }

    int log2(int index) {
        return what[index] >>> KIND_BITS & BYTE_MASK;
    }

    int thread(int index) {
        return what[index] >>> KIND_BITS + LOG2_BITS;
    }

    int slot(int index) {
        return slot[index];
    }

    long size(int index) {
        return size[index];
    }

    /** One operation a line, in the form that {@link #parse} reads. */
    @Override
    public String toString() {
        return ProgramText.print(this);
    }
}
