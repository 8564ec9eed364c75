package dev.banos.fuzz;

import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** Runs programs on a target in this process. */
final class Session implements Runner {
    static final int FREE_RUNS = 24;
    static final int RACE_ROUNDS = 50_000;
    private static final long EARLY_TRIES = 256;
    private static final long EARLY_STEP = 8;
    private static final long LATE_STEP = 1024;

    private final Target target;
    private final Settings settings;
    private final Progress progress;
    private final @Nullable ProgramImage image;
    private final Coverage coverage = new Coverage();
    private final Interpreter interpreter;
    private final Generator generator;
    private final @Nullable Mutator mutator;
    private final Footprint footprint;

    private AllocatorUnderTest allocator;
    private long epoch = -1;

    /** @param image where each program is written before it runs, or null */
    Session(Target target, Settings settings, Progress progress, @Nullable ProgramImage image) {
        this.target = target;
        this.settings = settings;
        this.progress = progress;
        this.image = image;
        interpreter = new Interpreter(progress, coverage);
        allocator = open();
        generator = new Generator(allocator.promises(), settings.maxOperations(), settings.maxThreads());
        mutator = settings.example() == null ? null
                : new Mutator(settings.example(), allocator.promises(), settings.maxOperations());
        footprint = new Footprint(interpreter);
        if (target.isRenewable()) {
            interpreter.renewWith(this::renewed);
        }
    }

    Session(Target target, Settings settings) {
        this(target, settings, new Progress(), null);
    }

    Promises promises() {
        return allocator.promises();
    }

    @Override
    public @Nullable Failure tries(long first, int count) {
        for (long number = first; number < first + count; number++) {
            enterEpoch(Settings.epochOf(number));
            Mode mode = settings.runsFreely(number) ? Mode.FREELY : Mode.LOCKSTEP;
            Program program = program(number);
            Violation violation = runWritten(program, mode);
            if (violation != null) {
                renew();
                return new Failure(violation, number, program.copy(), mode);
            }
            if (isFootprintDue(number) && allocator.promises().returnsFootprint()) {
                violation = replay(program, Mode.REPEATED_LONG);
                if (violation != null) {
                    return new Failure(violation, number, program.copy(), Mode.REPEATED);
                }
            }
            progress.tries(progress.tries() + 1);
        }
        return null;
    }

    private @Nullable Violation runWritten(Program program, Mode mode) {
        if (image != null) {
            image.write(program, mode);
        }
        return mode == Mode.FREELY ? interpreter.runFreely(program, allocator) : interpreter.run(program, allocator);
    }

    private void enterEpoch(long number) {
        if (number != epoch && epoch >= 0) {
            renew();
        }
        epoch = number;
    }

    /** Often at first, then rarely: it takes as long as many tries. */
    static boolean isFootprintDue(long number) {
        return number < EARLY_TRIES ? number % EARLY_STEP == EARLY_STEP - 2 : number % LATE_STEP == LATE_STEP - 2;
    }

    @Override
    public @Nullable Violation replay(Program program, Mode mode) {
        renew();
        interpreter.careful(mode == Mode.LOCKSTEP);
        try {
            return switch (mode) {
                case LOCKSTEP -> runWritten(program, mode);
                case FREELY -> freely(program);
                case RACED -> raced(program, RACE_ROUNDS);
                case REPEATED, REPEATED_LONG -> repeated(program, mode);
            };
        } finally {
            interpreter.careful(false);
            renew();
        }
    }

    private @Nullable Violation freely(Program program) {
        Violation violation = null;
        for (int run = 0; run < FREE_RUNS && violation == null; run++) {
            violation = runWritten(program, Mode.FREELY);
        }
        return violation;
    }

    @Override
    public @Nullable Violation race(Program program, int rounds) {
        renew();
        try {
            return raced(program, rounds);
        } finally {
            renew();
        }
    }

    private @Nullable Violation raced(Program program, int rounds) {
        progress.round(0);
        if (image != null) {
            image.write(program, Mode.RACED);
        }
        return interpreter.race(program, allocator, rounds);
    }

    @Override
    public int roundsOfRace() {
        return progress.round();
    }

    private @Nullable Violation repeated(Program program, Mode mode) {
        if (image != null) {
            image.write(program, mode);
        }
        return footprint.measure(program, () -> allocator, mode == Mode.REPEATED_LONG);
    }

    private Program program(long number) {
        return mutator != null && settings.startsFromExample(number) ? mutator.mutate(settings.seedOf(number))
                : generator.generate(settings.seedOf(number), settings.runsFreely(number));
    }

    @Override
    public Program history(long first, long last) {
        return history(first, last, this::program);
    }

    static Program history(long first, long last, LongFunction<Program> programs) {
        if (first == last) {
            return programs.apply(first).copy();
        }
        Program all = new Program(1 << 10);
        for (long number = first; number <= last; number++) {
            all.append(programs.apply(number));
        }
        return all;
    }

    /** In a process of its own, where faults may be of any kind, what is there already and the target's own files are watched. */
    private AllocatorUnderTest open() {
        if (image == null) {
            return target.open();
        }
        ForeignMemory before = ForeignMemory.now();
        AllocatorUnderTest opened = target.open();
        interpreter.guard(before.and(before, ForeignMemory.ofFiles()));
        return opened;
    }

    private AllocatorUnderTest renewed() {
        renew();
        return allocator;
    }

    private void renew() {
        if (target.isRenewable()) {
            allocator.close();
            allocator = open();
        }
    }

    @Override
    public void waive(Law law) {
        interpreter.waive(law);
    }

    @Override
    public long[] takeCoverage() {
        long[] taken = coverage.counters().clone();
        coverage.clear();
        return taken;
    }

    @Override
    public void close() {
        allocator.close();
    }
}
