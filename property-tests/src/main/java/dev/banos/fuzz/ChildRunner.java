package dev.banos.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Runs programs in a child process, so that what the target does to it is an outcome like any other. After a crash a fresh
 * child takes over.
 */
final class ChildRunner implements Runner {
    private static final long HANG_NANOS = TimeUnit.SECONDS.toNanos(8);
    /** Once it has hung, it is replayed many times. */
    private static final long HANG_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Target target;
    private final List<String> arguments;
    private final Path folder;
    private final Arena scope = Arena.ofShared();
    private final WorkFile file;
    private Child child;
    private boolean settled;
    private boolean hung;
    private final Set<Law> waived = EnumSet.noneOf(Law.class);
    /** Asked for before its child was ended. */
    private long[] lastCoverage;

    ChildRunner(Target target, Settings settings, String example) {
        this.target = target;
        try {
            folder = Files.createTempDirectory("banos-fuzz-" + ProcessHandle.current().pid() + "-");
        } catch (IOException failed) {
            throw new UncheckedIOException("no folder for the child process", failed);
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> deleteFolder(folder)));
        Path work = folder.resolve("work");
        file = WorkFile.map(work, scope);
        arguments = List.of(work.toString(), target.spec(), Long.toString(settings.seed()),
                Integer.toString(settings.maxOperations()), Integer.toString(settings.maxThreads()), example);
        ready();
    }

    private Child ready() {
        if (child == null) {
            child = new Child(folder, file, Stream.concat(arguments.stream(), waived.stream().map(Law::name)).toList(), settled);
            child.awaitReady();
        }
        return child;
    }

    @Override
    public Outcome tries(long first, int count) {
        file.progress().tries(first);
        hung = false;
        settle(false);
        if (child != null && child.isWornOut()) {
            endChild();
        }
        Child.Answer answer = ready().ask("tries " + first + " " + count, HANG_NANOS);
        if (answer.end() != Child.End.ANSWERED) {
            Mode mode = file.image().mode();
            Program program = file.image().read();
            return new Outcome(ending(answer, program), file.progress().tries(), program, mode);
        }
        if (answer.words()[1].equals("lawful")) {
            return Outcome.LAWFUL;
        }
        Outcome outcome = new Outcome(violation(answer), Long.parseLong(answer.words()[4]), file.image().read(),
                Mode.valueOf(answer.words()[5]));
        lastCoverage = takeCoverage();
        giveUpState(outcome.violation().law());
        return outcome;
    }

    @Override
    public Violation replay(Program program, Mode mode) {
        settle(true);
        Child asked = ready();
        file.image().write(program, mode);
        Child.Answer answer = asked.ask("replay " + mode, hung ? HANG_AGAIN_NANOS : HANG_NANOS);
        if (answer.end() != Child.End.ANSWERED) {
            return ending(answer, program);
        }
        if (answer.words()[1].equals("lawful")) {
            return null;
        }
        Violation violation = violation(answer);
        giveUpState(violation.law());
        return violation;
    }

    private static Violation violation(Child.Answer answer) {
        String[] words = answer.words();
        return new Violation(Law.valueOf(words[2]), Integer.parseInt(words[3]), ChildMain.unescape(words[6]),
                words.length > 7 ? ChildMain.unescape(words[7]) : "");
    }

    /** A target that cannot be renewed within its process, or that tore a hole in it, needs a new process. */
    private void giveUpState(Law broken) {
        if (!target.isRenewable() || broken == Law.UNMAPS_ITS_OWN) {
            endChild();
        }
    }

    /** Many tries are worth compiling for, a few replays are not. */
    private void settle(boolean now) {
        if (settled != now) {
            settled = now;
            if (!now) {
                endChild();
            }
        }
    }

    private Violation ending(Child.Answer answer, Program program) {
        int operation = Math.min(file.progress().operation(), program.length());
        String during = operation >= program.length() ? "at the end, while what is still live is checked and freed"
                : "during " + ProgramText.line(program, operation);
        if (file.progress().phase() == Progress.TOUCHING && file.progress().slot() >= 0) {
            during += ", when the fuzzer touched b" + file.progress().slot();
        }
        Violation violation = switch (answer.end()) {
            case DIED -> new Violation(Law.NO_CRASH, operation, child.describeDeath() + " " + during);
            case HUNG -> new Violation(Law.NO_HANG, operation, "no return " + during);
            case GREW -> new Violation(Law.BOUNDED_MEMORY, operation, "the process took far more memory than is live, " + during);
            case ANSWERED -> throw new IllegalStateException("answer=" + Arrays.toString(answer.words()));
        };
        hung |= answer.end() == Child.End.HUNG;
        endChild();
        return violation;
    }

    @Override
    public Program history(long first, long last) {
        ready().ask("history " + first + " " + last, HANG_NANOS);
        return file.image().read();
    }

    @Override
    public long[] takeCoverage() {
        if (lastCoverage != null) {
            long[] taken = lastCoverage;
            lastCoverage = null;
            return taken;
        }
        if (child == null) {
            return new long[Coverage.COUNTERS]; // it went with the child
        }
        Child.Answer answer = ready().ask("coverage", HANG_NANOS);
        if (answer.end() != Child.End.ANSWERED) {
            endChild();
            return new long[Coverage.COUNTERS];
        }
        return Arrays.stream(answer.words()[2].split(" ")).mapToLong(Long::parseLong).toArray();
    }

    @Override
    public void waive(Law law) {
        waived.add(law);
        endChild();
    }

    private void endChild() {
        if (child != null) {
            child.close();
            child = null;
        }
    }

    @Override
    public void close() {
        endChild();
        scope.close();
        deleteFolder(folder);
    }

    private static void deleteFolder(Path folder) {
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
