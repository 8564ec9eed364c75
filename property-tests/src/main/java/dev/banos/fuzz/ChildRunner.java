package dev.banos.fuzz;

import dev.banos.bindings.FileTrouble;
import dev.banos.fuzz.child.Child;
import dev.banos.fuzz.program.Mode;
import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.ProgramText;
import dev.banos.fuzz.program.Progress;
import dev.banos.fuzz.program.WorkFile;
import dev.banos.fuzz.text.Quoted;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs programs in a child process, so that what the target does to it is an outcome like any other. After a crash a fresh
 * child takes over.
 */
abstract class ChildRunner implements Runner {
    static final long HANG_NANOS = TimeUnit.SECONDS.toNanos(8);
    /** Once it has hung, it is replayed many times. */
    private static final long HANG_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(1);

    final Target target;
    final Path folder;
    final Path work;
    final WorkFile file;
    final Set<Law> waived = EnumSet.noneOf(Law.class);
    private final Arena scope = Arena.ofShared();
    private final Runnable atExit = this::deleteFiles;
    private @Nullable Child child;
    @SuppressWarnings("NullAway.Init") // once a child was ready
    private Promises promises;
    private boolean hung;

    ChildRunner(Target target) {
        this.target = target;
        try {
            folder = Files.createTempDirectory("banos-fuzz-" + ProcessHandle.current().pid() + "-");
        } catch (IOException failed) {
            throw new UncheckedIOException("no folder for the child process (" + FileTrouble.cause(failed) + ")", failed);
        }
        AtExit.add(atExit);
        work = folder.resolve("work");
        file = WorkFile.map(work, scope);
    }

    /** Starts a child; it need not be ready yet. */
    abstract Child newChild();

    /** Whether after this broken law the child is of no more use. */
    abstract boolean isSpoiledBy(Law broken);

    /** From now on children replay a few programs; for those that do not care. */
    void settle() {
    }

    Child ready() {
        Child ready = child;
        if (ready == null) {
            ready = newChild();
            child = ready;
            promises = PromisesText.parse(ready.awaitReady(target.spec()));
        }
        return ready;
    }

    /** What the target promises, once a child was ready. */
    Promises promises() {
        return promises;
    }

    /** Null while none runs. */
    @Nullable Child child() {
        return child;
    }

    void notHungYet() {
        hung = false;
    }

    @Override
    public @Nullable Violation replay(Operations program, Mode mode) {
        return ask(program, mode, "replay " + mode);
    }

    @Override
    public @Nullable Violation race(Operations program, int rounds) {
        file.progress().round(0);
        return ask(program, Mode.RACED, "race " + rounds);
    }

    @Override
    public int roundsOfRace() {
        return file.progress().round();
    }

    @Nullable Violation ask(Operations program, Mode mode, String command) {
        settle();
        Child asked = ready();
        file.image().write(program, mode);
        Child.Answer answer = asked.ask(command, hung ? HANG_AGAIN_NANOS : HANG_NANOS);
        if (answer.end() != Child.End.ANSWERED) {
            return ending(answer, program);
        }
        if (isLawful(answer)) {
            return null;
        }
        Violation violation = violation(answer);
        giveUpState(violation.law());
        return violation;
    }

    static boolean isLawful(Child.Answer answer) {
        return answer.words()[1].equals(ChildMain.LAWFUL);
    }

    static Violation violation(Child.Answer answer) {
        String[] words = answer.words();
        return new Violation(Law.valueOf(words[2]), Integer.parseInt(words[3]), Quoted.fromField(words[6]),
                words.length > 7 ? Quoted.fromField(words[7]) : "");
    }

    void giveUpState(Law broken) {
        if (isSpoiledBy(broken)) {
            endChild();
        }
    }

    Violation ending(Child.Answer answer, Operations program) {
        int operation = Math.min(file.progress().operation(), program.length());
        String during = operation >= program.length() ? Report.atTheEnd(program) : "during " + ProgramText.line(program, operation);
        if (file.progress().phase() == Progress.TOUCHING && file.progress().slot() >= 0) {
            during += ", when the fuzzer touched b" + file.progress().slot();
        }
        Violation violation = switch (answer.end()) {
            case DIED -> new Violation(Law.NO_CRASH, operation, Objects.requireNonNull(child).describeDeath() + " " + during);
            case HUNG -> new Violation(Law.NO_HANG, operation, "no return " + during);
            case GREW -> new Violation(Law.BOUNDED_MEMORY, operation, "the process took far more memory than is live, " + during);
            case ANSWERED -> throw new IllegalStateException("answer=" + Arrays.toString(answer.words()));
        };
        hung |= answer.end() == Child.End.HUNG;
        endChild();
        return violation;
    }

    @Override
    public void waive(Law law) {
        waived.add(law);
        endChild();
    }

    void endChild() {
        if (child != null) {
            child.close();
            child = null;
        }
    }

    @Override
    public void close() {
        endChild();
        scope.close();
        deleteFiles();
        AtExit.remove(atExit);
    }

    private void deleteFiles() {
        deleteFolder(folder);
    }

    static void deleteFolder(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.list(folder)) {
            for (Path path : files.toList()) {
                Files.deleteIfExists(path);
            }
            Files.deleteIfExists(folder);
        } catch (IOException failed) {
            System.err.println("banos: cannot delete " + folder + ": " + failed.getMessage());
        }
    }
}
