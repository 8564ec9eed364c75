package dev.banos.fuzz;

import dev.banos.fuzz.child.Child;
import dev.banos.fuzz.generation.Settings;
import dev.banos.fuzz.generation.Tries;
import dev.banos.fuzz.program.Coverage;
import dev.banos.fuzz.program.Mode;
import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.ProgramImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A child without a JVM, for {@link Isolated} targets. The programs are made here and run there, each written to the work
 * file first; a child is quickly started, so each batch of tries and each replay gets a new one.
 */
final class IsolatedRunner extends ChildRunner {
    private static final Promises PROMISES = Promises.ofC().withCheckedAlignments();

    /** Even the longest programs of so many tries fit into the work file. */
    private static final int BATCH = 32;

    private final Isolated isolated;
    private final Path program;
    private final Coverage coverage = new Coverage();
    private final Tries tries;

    IsolatedRunner(Target target, Isolated isolated, Settings settings) {
        super(target);
        this.isolated = isolated;
        try {
            program = isolated.compile(folder);
            requireUsable();
        } catch (TargetException unusable) {
            close();
            throw unusable;
        }
        tries = new Tries(settings, promises().repertoire());
    }

    private void requireUsable() {
        Child started;
        try {
            started = ready();
        } catch (TargetException unusable) {
            Child failed = child();
            if (failed != null) {
                isolated.requireLoaded(failed.saidBeforeReady());
            }
            String reason = String.valueOf(unusable.getMessage());
            throw reason.startsWith(isolated.spec()) ? unusable : new TargetException(isolated.spec() + ": " + reason, unusable);
        }
        isolated.requireLoaded(started.saidBeforeReady());
    }

    @Override
    Child newChild() {
        Child child = new Child(folder, file.progress(), false, TargetException::new);
        List<String> command = new ArrayList<>(List.of(program.toString(), child.mark(), work.toString(), PromisesText.print(PROMISES)));
        waived.forEach(law -> command.add(law.name()));
        child.start(command, isolated.environment());
        return child;
    }

    /** After a broken law it ends by itself. */
    @Override
    boolean isSpoiledBy(Law broken) {
        return true;
    }

    @Override
    public @Nullable Violation replay(Operations replayed, Mode mode) {
        endChild();
        return super.replay(replayed, mode);
    }

    @Override
    public @Nullable Violation race(Operations raced, int rounds) {
        endChild();
        return super.race(raced, rounds);
    }

    @Override
    public @Nullable Failure tries(long first, int count) {
        notHungYet();
        endChild();
        for (long number = first; number < first + count; number += BATCH) {
            Failure failure = batch(number, (int) Math.min(BATCH, first + count - number));
            if (failure != null) {
                return failure;
            }
        }
        return null;
    }

    /** One question for many programs: where processes wait for processors, questions take longer than programs. */
    private @Nullable Failure batch(long first, int count) {
        List<Run> runs = new ArrayList<>();
        for (long number = first; number < first + count; number++) {
            Operations made = tries.program(number).copy();
            coverage.begin(made);
            runs.add(new Run(number, made, tries.mode(number)));
            if (Session.isFootprintDue(number)) {
                runs.add(new Run(number, made, Mode.REPEATED_LONG));
            }
        }
        ProgramImage image = file.image();
        for (Run run : runs) {
            image.write(run.program, run.mode);
            image = image.after(run.program);
        }
        file.progress().tries(0);
        Child.Answer answer = ready().ask("tries " + runs.size(), HANG_NANOS);
        if (answer.end() == Child.End.ANSWERED && isLawful(answer)) {
            return null;
        }
        Run broken = runs.get((int) file.progress().tries());
        Violation violation = answer.end() == Child.End.ANSWERED ? violation(answer) : ending(answer, broken.program);
        endChild();
        return new Failure(violation, broken.number, broken.program, broken.mode);
    }

    private record Run(long number, Operations program, Mode mode) {
    }

    @Override
    public Operations history(long first, long last) {
        return tries.history(first, last);
    }

    @Override
    public void trust() {
        // it suspects nothing
    }

    @Override
    public long[] takeCoverage() {
        long[] taken = coverage.counters().clone();
        coverage.clear();
        return taken;
    }
}
