package dev.banos.fuzz;

import dev.banos.fuzz.program.Coverage;
import dev.banos.fuzz.program.Mode;
import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.ProgramText;
import dev.banos.fuzz.program.Progress;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * A sequence of allocator calls on numbered slots. It holds no addresses, so it means the same to every allocator. Any part of it
 * is a program, too: an operation whose slot is not as it needs it (a free of an empty slot, a malloc into a full one) is left out
 * when the program runs. So a failing program can be shrunk.
 *
 * <p>After its last operation every block that is still live is checked and freed.
 */
public final class Program {
    private final Operations operations;

    /** @param operations which nobody writes on any more */
    Program(Operations operations) {
        this.operations = operations;
    }

    /**
     * Reads a program's text, as {@link #toString} writes it: one line for each operation, and comments behind {@code #}.
     *
     * @param text the lines
     * @return the program
     * @throws TraceException if a line is no operation
     */
    public static Program parse(String text) {
        try {
            return new Program(ProgramText.parse(text));
        } catch (IllegalArgumentException wrong) {
            throw new TraceException(String.valueOf(wrong.getMessage()), wrong);
        }
    }

    /**
     * {@return the program that makes the recorded calls}
     *
     * @param trace the recording
     */
    public static Program of(Trace trace) {
        Operations program = new Operations(trace.operations());
        for (int i = 0; i < trace.operations(); i++) {
            int log2 = trace.kind(i) == Trace.ALIGNED ? Long.numberOfTrailingZeros(trace.alignment(i)) : 0;
            program.add(trace.kind(i), log2, 0, trace.slot(i), trace.size(i));
        }
        return new Program(program);
    }

    /**
     * {@return the program's calls as a trace: without threads, wrong frees, sizes of 4 GiB or more and alignments above 1 TiB,
     * which the format cannot hold}
     */
    public Trace toTrace() {
        Trace.Builder builder = new Trace.Builder();
        BitSet full = new BitSet();
        for (int i = 0; i < operations.length(); i++) {
            addTo(builder, full, i);
        }
        return builder.build();
    }

    private void addTo(Trace.Builder builder, BitSet full, int index) {
        int slot = operations.slot(index);
        long size = operations.size(index);
        int kind = operations.kind(index) == Operations.FREE_TWICE ? Operations.FREE : operations.kind(index);
        if (kind == Operations.CLOSE) {
            full.stream().forEach(live -> builder.add(Operations.FREE, live, 0, 1));
            full.clear();
        }
        if (kind > Operations.FREE || size >>> Integer.SIZE != 0) {
            return;
        }
        boolean isFull = full.get(slot);
        if (kind == Operations.REALLOC && !isFull) {
            kind = Operations.MALLOC;
        }
        if (isFull != (kind == Operations.REALLOC || kind == Operations.FREE)) {
            return;
        }
        int log2 = operations.log2(index);
        boolean overflows = kind == Operations.CALLOC && log2 >= Long.numberOfLeadingZeros(size);
        long bytes = kind == Operations.CALLOC ? size << log2 : kind == Operations.FREE ? 0 : size;
        if (!overflows && bytes >>> Integer.SIZE == 0 && (kind != Operations.ALIGNED || log2 <= Trace.LARGEST_LOG2)) {
            builder.add(kind, slot, bytes, 1L << log2);
            full.set(slot, kind != Operations.FREE);
        }
    }

    /**
     * Runs the program on the allocator, and checks all laws.
     *
     * @param allocator one in its first state, which stays open
     * @throws AssertionError if a law is broken: says which, where, with addresses, sizes and bytes
     */
    public void requireLawful(AllocatorUnderTest allocator) {
        require(new Interpreter().run(operations, allocator));
    }

    /**
     * Runs the program many times, as {@link #requireLawful}, for what shows only then: leaks, and threads that run at the same time.
     *
     * @param allocator one in its first state, which stays open
     * @throws AssertionError if a law broke
     */
    public void requireLawfulRepeatedly(AllocatorUnderTest allocator) {
        Interpreter interpreter = new Interpreter();
        Violation violation = new Footprint(interpreter).measure(operations, () -> allocator, true);
        for (int run = 0; run < Session.FREE_RUNS && violation == null && operations.isThreaded(); run++) {
            violation = interpreter.runFreely(operations, allocator);
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
        require(KnownProgram.race(left -> interpreter.race(operations, allocator, left), progress::round, rounds));
    }

    /**
     * Runs the program over and over as {@link #requireLawfulInRaces(AllocatorUnderTest, int)}, on a new allocator of the target.
     *
     * @param target gives the allocator
     * @param rounds at most; a race on slow machines ends earlier, after some time, and an allocator not for threads runs one
     * @throws AssertionError if a law broke
     * @throws IllegalArgumentException if there are fewer rounds than one
     */
    public void requireLawfulInRaces(Target target, int rounds) {
        requireRounds(rounds);
        try (Runner runner = target.nearest()) {
            require(new KnownProgram(operations, Mode.RACED, rounds).replay(runner));
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
            for (Mode mode : Mode.values()) {
                require(mode != Mode.RACED ? runner.replay(operations, mode)
                        : operations.isThreaded() ? runner.race(operations, Session.RACE_ROUNDS) : null);
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
            throw new AssertionError(Report.oneScreen(operations, violation));
        }
    }

    /** {@return how many operations there are} */
    public int length() {
        return operations.length();
    }

    /** For what makes, changes and runs programs; not to be written on. */
    Operations operations() {
        return operations;
    }

    /** {@return the program's text, one operation a line, which {@link #parse} reads} */
    @Override
    public String toString() {
        return operations.toString();
    }
}
