package dev.banos.fuzz;

import dev.banos.fuzz.generation.Settings;
import dev.banos.fuzz.generation.Tries;
import dev.banos.fuzz.model.ForeignMemory;
import dev.banos.fuzz.program.Coverage;
import dev.banos.fuzz.program.Mode;
import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.ProgramImage;
import dev.banos.fuzz.program.Progress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Runs programs on a target in this process. */
final class Session implements Runner {
    static final int FREE_RUNS = 24;
    static final int RACE_ROUNDS = 50_000;
    private static final long EARLY_TRIES = 256;
    private static final long EARLY_STEP = 8;
    private static final long LATE_STEP = 1024;

    private final Target target;
    private final Progress progress;
    private final @Nullable ProgramImage image;
    private final Coverage coverage = new Coverage();
    private final Interpreter interpreter;
    private final Tries tries;
    private final Footprint footprint;

    private AllocatorUnderTest allocator;
    private long epoch = -1;
    private boolean closeFails;

    /** @param image where each program is written before it runs, or null */
    Session(Target target, Settings settings, Progress progress, @Nullable ProgramImage image) {
        this.target = target;
        this.progress = progress;
        this.image = image;
        interpreter = new Interpreter(progress, coverage);
        allocator = open();
        tries = new Tries(settings, Objects.requireNonNull(allocator.promises(), "its promises() is null").repertoire());
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
            Mode mode = tries.mode(number);
            Operations program = tries.program(number);
            Violation violation = enterEpoch(Settings.epochOf(number), program);
            violation = violation != null ? violation : runWritten(program, mode);
            if (violation != null) {
                renew(program);
                return new Failure(violation, number, program.copy(), mode);
            }
            if (interpreter.surroundings().takeSuspicion()) {
                violation = new Violation(Law.UNMAPS_ITS_OWN, program.length(), "a page behind a block that it freed vanished");
                return new Failure(violation, number, program.copy(), mode, true);
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

    private @Nullable Violation runWritten(Operations program, Mode mode) {
        if (image != null) {
            image.write(program, mode);
        }
        return mode == Mode.FREELY ? interpreter.runFreely(program, allocator) : interpreter.run(program, allocator);
    }

    private @Nullable Violation enterEpoch(long number, Operations first) {
        boolean begins = number != epoch && epoch >= 0;
        epoch = number;
        return begins ? renew(first) : null;
    }

    /** Often at first, then rarely: it takes as long as many tries. */
    static boolean isFootprintDue(long number) {
        return number < EARLY_TRIES ? number % EARLY_STEP == EARLY_STEP - 2 : number % LATE_STEP == LATE_STEP - 2;
    }

    @Override
    public @Nullable Violation replay(Operations program, Mode mode) {
        renew(program);
        interpreter.surroundings().careful(mode == Mode.LOCKSTEP);
        Violation violation = switch (mode) {
            case LOCKSTEP -> runWritten(program, mode);
            case FREELY -> freely(program);
            case RACED -> raced(program, RACE_ROUNDS);
            case REPEATED, REPEATED_LONG -> repeated(program, mode);
        };
        interpreter.surroundings().careful(false);
        interpreter.surroundings().takeSuspicion(); // which only tries decide
        Violation atClose = renew(program);
        return violation != null ? violation : atClose;
    }

    private @Nullable Violation freely(Operations program) {
        Violation violation = null;
        for (int run = 0; run < FREE_RUNS && violation == null; run++) {
            violation = runWritten(program, Mode.FREELY);
        }
        return violation;
    }

    @Override
    public @Nullable Violation race(Operations program, int rounds) {
        renew(program);
        Violation violation = raced(program, rounds);
        Violation atClose = renew(program);
        return violation != null ? violation : atClose;
    }

    private @Nullable Violation raced(Operations program, int rounds) {
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

    private @Nullable Violation repeated(Operations program, Mode mode) {
        if (image != null) {
            image.write(program, mode);
        }
        return footprint.measure(program, () -> allocator, mode == Mode.REPEATED_LONG);
    }

    @Override
    public Operations history(long first, long last) {
        return tries.history(first, last);
    }

    /** In a process of its own, where faults may be of any kind, what is there already and the target's own files are watched. */
    private AllocatorUnderTest open() {
        if (image == null) {
            return target.open();
        }
        ForeignMemory before = ForeignMemory.now();
        AllocatorUnderTest opened = target.open();
        interpreter.surroundings().guard(before.and(before, ForeignMemory.ofFiles()));
        return opened;
    }

    private AllocatorUnderTest renewed() {
        Violation violation = renew(new Operations(0));
        if (violation != null) {
            throw new LawBroken(violation.law(), violation.details(), violation.addresses());
        }
        return allocator;
    }

    /** Goes on with a new instance. What the close of the last one broke at this program's end, or null. */
    private @Nullable Violation renew(Operations program) {
        if (!target.isRenewable()) {
            return null;
        }
        Violation violation = closed(program);
        allocator = open();
        return violation;
    }

    private @Nullable Violation closed(Operations program) {
        try {
            allocator.close();
            return null;
        } catch (RuntimeException | Error thrown) {
            closeFails = true;
            return Interpreter.thrown(program.length(), "closing it", thrown);
        } finally {
            Thread.interrupted(); // an allocator may leave that behind
        }
    }

    @Override
    public void waive(Law law) {
        interpreter.waive(law);
    }

    @Override
    public void trust() {
        interpreter.surroundings().trust();
    }

    @Override
    public long[] takeCoverage() {
        long[] taken = coverage.counters().clone();
        coverage.clear();
        return taken;
    }

    @Override
    public void close() {
        if (!closeFails) { // which has been told
            try {
                allocator.close();
            } finally {
                Thread.interrupted();
            }
        }
    }
}
