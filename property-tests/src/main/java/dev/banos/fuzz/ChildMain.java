package dev.banos.fuzz;

import dev.banos.bindings.SystemCalls;
import dev.banos.bindings.generated.rlimit;
import dev.banos.fuzz.child.Child;
import dev.banos.fuzz.generation.Settings;
import dev.banos.fuzz.program.Mode;
import dev.banos.fuzz.program.WorkFile;
import dev.banos.fuzz.text.Quoted;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The process in which a target runs and may crash. It reads commands on standard input, one a line, and answers each with
 * one line that begins with a mark; whatever the target itself prints is thereby told apart. The end of its input ends it.
 * <pre>
 *  tries FIRST COUNT     ->  lawful | broken LAW OPERATION TRY MODE DETAILS ADDRESSES | suspected LAW ...
 *  replay MODE           ->  lawful | broken LAW OPERATION -1 MODE DETAILS ADDRESSES    the program is in the work file
 *  race ROUNDS           ->  as replay
 *  coverage              ->  numbers ...
 * </pre>
 */
final class ChildMain {
    private static final int RLIMIT_CORE = 4;
    private static final int FAILED = 3;
    private static final int FIRST_LAW = 7;
    static final String LAWFUL = "lawful";
    static final String SUSPECTED = "suspected";
    private static final String BROKEN = "broken";
    /** Among the laws that are waived. */
    static final String TRUSTED = "trusted";

    private final Session session;
    private final WorkFile file;

    private ChildMain(Session session, WorkFile file) {
        this.session = session;
        this.file = file;
    }

    /** Arguments: mark, work file, target, seed, operations, threads, example (a trace, or "-"), laws that are waived, trust. */
    public static void main(String[] arguments) throws InterruptedException {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8); // in any locale
        String mark = arguments[0];
        LinkedBlockingQueue<String> commands = commands(Path.of(arguments[1]));
        withoutCoreFiles();
        try {
            ChildMain child = open(arguments);
            out.println(mark + "\tready\t" + PromisesText.print(child.session.promises()));
            while (true) {
                out.println(mark + "\t" + child.answer(commands.take().split(" ")));
            }
        } catch (TargetException | TraceException unusable) {
            out.println(mark + "\t" + Child.UNUSABLE + "\t" + Quoted.field(String.valueOf(unusable.getMessage())));
            System.exit(FAILED);
        } catch (RuntimeException | Error unexpected) {
            out.println(mark + "\t" + Child.UNUSABLE + "\t" + Quoted.field(arguments[2] + ": " + unexpected));
            System.exit(FAILED);
        }
    }

    private static ChildMain open(String[] arguments) {
        WorkFile file = WorkFile.map(Path.of(arguments[1]), Arena.global());
        Settings settings = new Settings(Long.parseLong(arguments[3]), Integer.parseInt(arguments[4]),
                Integer.parseInt(arguments[5]), Examples.read(arguments[6]));
        Session session = new Session(Target.of(arguments[2]), settings, file.progress(), file.image());
        Arrays.stream(arguments).skip(FIRST_LAW).forEach(word -> {
            if (word.equals(TRUSTED)) {
                session.trust();
            } else {
                session.waive(Law.valueOf(word));
            }
        });
        return new ChildMain(session, file);
    }

    private String answer(String[] command) {
        return switch (command[0]) {
            case "tries" -> text(session.tries(Long.parseLong(command[1]), Integer.parseInt(command[2])));
            case "replay" -> {
                Mode mode = Mode.valueOf(command[1]);
                Violation violation = session.replay(file.image().read(), mode);
                yield text(violation, mode, -1);
            }
            case "race" -> text(session.race(file.image().read(), Integer.parseInt(command[1])), Mode.RACED, -1);
            case "coverage" -> "numbers\t" + Arrays.stream(session.takeCoverage())
                    .mapToObj(Long::toString).collect(Collectors.joining(" "));
            default -> throw new IllegalArgumentException("command=" + command[0]);
        };
    }

    private String text(Runner.@Nullable Failure failure) {
        if (failure == null) {
            return LAWFUL;
        }
        file.image().write(failure.program(), failure.mode());
        return text(failure.suspected() ? SUSPECTED : BROKEN, failure.violation(), failure.mode(), failure.tryNumber());
    }

    private static String text(@Nullable Violation violation, Mode mode, long tryNumber) {
        return violation == null ? LAWFUL : text(BROKEN, violation, mode, tryNumber);
    }

    private static String text(String verdict, Violation violation, Mode mode, long tryNumber) {
        return String.join("\t", verdict, violation.law().name(), Integer.toString(violation.operation()),
                Long.toString(tryNumber), mode.name(), Quoted.field(violation.details()), Quoted.field(violation.addresses()));
    }

    /**
     * A thread of its own reads them, so that the parent's death ends this process also while the target hangs. A parent that was
     * killed has left its folder behind.
     */
    private static LinkedBlockingQueue<String> commands(Path work) {
        LinkedBlockingQueue<String> commands = new LinkedBlockingQueue<>();
        Thread reader = new Thread(() -> {
            try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    commands.add(line);
                }
                ChildRunner.deleteFolder(Objects.requireNonNull(work.toAbsolutePath().getParent()));
                Runtime.getRuntime().halt(0);
            } catch (IOException parentGone) {
                Runtime.getRuntime().halt(FAILED);
            }
        }, "fuzz-commands");
        reader.setDaemon(true);
        reader.start();
        return commands;
    }

    private static void withoutCoreFiles() {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment none = rlimit.allocate(scope);
            SystemCalls.setrlimit(scope.allocate(SystemCalls.STATE), RLIMIT_CORE, none);
        }
    }
}
