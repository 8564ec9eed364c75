package dev.banos.fuzz;

import dev.banos.fuzz.child.Child;
import dev.banos.fuzz.generation.Settings;
import dev.banos.fuzz.generation.Tries;
import dev.banos.fuzz.program.Coverage;
import dev.banos.fuzz.program.Mode;
import dev.banos.fuzz.program.Operations;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A child that is a JVM and runs {@link ChildMain}: for every target that this process could load, too. */
final class JvmRunner extends ChildRunner {
    /** A system property: where the child finds classes that this process got in another way. */
    private static final String EXTRA_PATH = "banos.fuzz.classpath";
    private static final String SURPLUS_FOR_THREAD_LOCALS = "glibc.rtld.optional_static_tls=65536";

    private final List<String> arguments;
    private final Tries tries;
    private boolean settled;
    /** In its tries, perhaps. */
    private boolean torn;
    private boolean trusted;
    /** Asked for before its child was ended. */
    private long @Nullable [] lastCoverage;

    JvmRunner(Target target, Settings settings, String example) {
        super(target);
        arguments = List.of(work.toString(), target.spec(), Long.toString(settings.seed()),
                Integer.toString(settings.maxOperations()), Integer.toString(settings.maxThreads()), example);
        ready();
        tries = new Tries(settings, promises().repertoire());
    }

    @Override
    Child newChild() {
        Child child = new Child(folder, file.progress(), settled, TargetException::new);
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-Xms64m", "-Xmx512m", "-XX:-UsePerfData",
                "-XX:-CreateCoredumpOnCrash", "-XX:-StackTraceInThrowable", "-Xshare:auto", "-XX:ErrorFile=" + child.crashReport(),
                "-Djava.io.tmpdir=" + folder)); // what a crash leaves behind goes with the folder
        if (settled) {
            command.add("-XX:TieredStopAtLevel=1"); // compile little and start fast
        }
        command.addAll(List.of("-cp", classPath(), ChildMain.class.getName(), child.mark()));
        command.addAll(arguments);
        waived.forEach(law -> command.add(law.name()));
        if (trusted) {
            command.add(ChildMain.TRUSTED);
        }
        child.start(command, Map.of("GLIBC_TUNABLES", SURPLUS_FOR_THREAD_LOCALS));
        return child;
    }

    /** Everything that this process can load, as one class path: the child needs no modules. */
    static String classPath() {
        String paths = String.join(File.pathSeparator, System.getProperty("jdk.module.path", ""),
                System.getProperty("java.class.path", ""), System.getProperty(EXTRA_PATH, ""), rootOf(ChildMain.class));
        return Stream.of(paths.split(File.pathSeparator)).filter(path -> !path.isEmpty()).distinct()
                .flatMap(path -> Files.isDirectory(Path.of(path)) ? Stream.of(path, path + "/*") : Stream.of(path))
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static String rootOf(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
        } catch (java.net.URISyntaxException impossible) {
            throw new IllegalStateException("location of " + type, impossible);
        }
    }

    /** A target that cannot be renewed within its process, or that tore a hole in it, needs a new process. */
    @Override
    boolean isSpoiledBy(Law broken) {
        return !target.isRenewable() || broken == Law.UNMAPS_ITS_OWN;
    }

    @Override
    public boolean renew() {
        if (target.isRenewable()) {
            return false;
        }
        endChild();
        return true;
    }

    /**
     * Many tries are worth compiling for, a few replays are not. A child that is already there does for them, too, unless a law broke
     * in it: what a free tore out of the process is then missing in each replay.
     */
    @Override
    void settle() {
        if (!settled && torn || isWornOut()) {
            endChild();
        }
        settled = true;
    }

    private boolean isWornOut() {
        Child running = child();
        return running != null && running.isWornOut();
    }

    private void unsettle() {
        if (settled) {
            settled = false;
            endChild();
        }
        if (isWornOut()) {
            endChild();
        }
    }

    @Override
    public @Nullable Failure tries(long first, int count) {
        file.progress().tries(first);
        notHungYet();
        unsettle();
        torn = false;
        Child.Answer answer = ready().ask("tries " + first + " " + count, HANG_NANOS);
        if (answer.end() != Child.End.ANSWERED) {
            Mode mode = file.image().mode();
            Operations program = file.image().read();
            return new Failure(ending(answer, program), file.progress().tries(), program, mode);
        }
        if (isLawful(answer)) {
            return null;
        }
        Failure failure = new Failure(violation(answer), Long.parseLong(answer.words()[4]), file.image().read(),
                Mode.valueOf(answer.words()[5]), answer.words()[1].equals(ChildMain.SUSPECTED));
        lastCoverage = takeCoverage();
        giveUpState(failure.violation().law());
        torn = !failure.violation().law().isOfAnswers();
        return failure;
    }

    @Override
    public void trust() {
        trusted = true;
        endChild();
    }

    @Override
    public Operations history(long first, long last) {
        return tries.history(first, last);
    }

    @Override
    public long[] takeCoverage() {
        if (lastCoverage != null) {
            long[] taken = lastCoverage;
            lastCoverage = null;
            return taken;
        }
        if (child() == null) {
            return new long[Coverage.COUNTERS]; // it went with the child
        }
        Child.Answer answer = ready().ask("coverage", HANG_NANOS);
        if (answer.end() != Child.End.ANSWERED) {
            endChild();
            return new long[Coverage.COUNTERS];
        }
        return Arrays.stream(answer.words()[2].split(" ")).mapToLong(Long::parseLong).toArray();
    }
}
