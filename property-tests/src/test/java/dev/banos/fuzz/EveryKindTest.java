package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.fuzz.generation.Mutator;
import dev.banos.fuzz.generation.Settings;
import dev.banos.fuzz.mutants.CToy;
import dev.banos.fuzz.mutants.Fault;
import dev.banos.fuzz.mutants.ToyAllocator;
import dev.banos.fuzz.program.Coverage;
import dev.banos.fuzz.program.Mode;
import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.ProgramImage;
import dev.banos.fuzz.program.ProgramText;
import dev.banos.fuzz.program.WorkFile;
import dev.banos.fuzz.shrinking.Shrinker;
import dev.banos.testing.ChildProcess;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.spi.ToolProvider;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Each kind of operation, with numbers at the ends of their ranges, goes all the ways that a program goes. */
@Timeout(300)
class EveryKindTest {
    private static final List<String> LINES = List.of("b0 = malloc(100)", "b0 = calloc(4, 25)", "b0 = realloc(b0, 70000)",
            "b0 = aligned_alloc(4096, 100)", "free(b0)", "check(b0)", "free_twice(b0)", "free(b0 + 16)", "free(foreign 3)",
            "thread 1: exit", "close", "misaligned(24)");

    private static final List<String> AT_THE_ENDS = List.of("b0 = malloc(0)", "b0 = malloc(18446744073709551615)",
            "b0 = calloc(9223372036854775808, 2)", "b0 = calloc(1, 0)", "b0 = realloc(b0, 0)", "b0 = realloc(b0, 18446744073709551615)",
            "b0 = aligned_alloc(1, 100)", "b0 = aligned_alloc(2097152, 0)", "b0 = aligned_alloc(2199023255552, 10)",
            "b0 = aligned_alloc(9223372036854775808, 10)",
            "free(b0 + 0)", "free(b0 + 18446744073709551615)", "free(foreign 18446744073709551615)", "exit", "thread 7: exit",
            "thread 1: close", "misaligned(3)", "thread 7: misaligned(18446744073709551615)");

    private static final int MUTATIONS = 100;
    private static final int LONGEST = 100;
    private static final int ROUNDS = 50;
    private static final String METHOD_OF_TEST = "holds";

    @TempDir
    Path folder;

    static Stream<String> lines() {
        return Stream.concat(LINES.stream(), AT_THE_ENDS.stream());
    }

    static Stream<Target> targets() {
        return Stream.of(Target.of("toy", () -> new ToyAllocator(Fault.NONE)), Target.of("banos:own"), Target.of("banos:confined"),
                Target.of("glibc"));
    }

    /** The operation between others on its block, and with a block of another thread. */
    private static Operations around(String line) {
        return ProgramText.parse("thread 1: b1 = malloc(200)\nb0 = malloc(64)\n" + line + "\ncheck(b0)\nfree(b0)\n" + line
                + "\nb0 = malloc(300)\nthread 1: b1 = realloc(b1, 300)\n");
    }

    private static Operations aroundAll() {
        StringBuilder text = new StringBuilder();
        lines().forEach(line -> text.append(around(line)));
        return ProgramText.parse(text.toString());
    }

    private static void assertSame(Operations one, Operations other) {
        assertThat(other).hasToString(one.toString());
        assertThat(other.salt()).as("of the contents that it writes").isEqualTo(one.salt());
        for (int i = 0; i < one.length(); i++) {
            assertThat(List.of(other.what(i), other.slot(i), other.size(i))).isEqualTo(List.of(one.what(i), one.slot(i), one.size(i)));
        }
    }

    @Test
    void everyKindHasALine() {
        assertThat(IntStream.range(0, Operations.KINDS)).containsExactlyElementsOf(
                LINES.stream().map(line -> ProgramText.parse(line).kind(0)).toList());
    }

    @ParameterizedTest
    @MethodSource("lines")
    void isThatOfItsTextOfItsImageAndOfItsTrace(String line) throws IOException {
        assertThat(ProgramText.parse(line)).hasToString(line + "\n");
        Operations program = around(line);
        assertSame(program, ProgramText.parse(program.toString()));
        try (Arena scope = Arena.ofConfined()) {
            ProgramImage image = WorkFile.map(folder.resolve("work"), scope).image();
            image.write(program, Mode.FREELY);
            assertSame(program, image.read());
        }
        Path file = folder.resolve("t.mtrace.gz");
        Trace trace = new Program(program).toTrace();
        trace.write(file);
        assertSame(Program.of(trace).operations(), Program.of(Trace.read(file)).operations());
    }

    @ParameterizedTest
    @MethodSource("targets")
    void isMutatedToWhatALawfulAllocatorServes(Target target) {
        try (Session session = new Session(target, Settings.ofOneProgram())) {
            Mutator mutator = new Mutator(aroundAll(), session.promises().repertoire(), LONGEST, Operations.LARGEST_THREADS);
            for (int seed = 0; seed < MUTATIONS; seed++) {
                Operations mutated = mutator.mutate(seed).copy();
                assertSame(mutated, ProgramText.parse(mutated.toString()));
                assertThat(session.replay(mutated, Mode.LOCKSTEP)).as("%s on %s", mutated, target).isNull();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("targets")
    void isReplayedInEachMode(Target target) {
        List<Operations> programs = Stream.concat(LINES.stream().map(EveryKindTest::around), Stream.of(aroundAll())).toList();
        try (Session session = new Session(target, Settings.ofOneProgram())) {
            for (Operations program : programs) {
                for (Mode mode : Mode.values()) {
                    Violation violation = mode == Mode.RACED ? session.race(program, ROUNDS) : session.replay(program, mode);
                    assertThat(violation).as("%s in mode %s on %s", program, mode, target).isNull();
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("lines")
    void isShrunkToItself(String line) {
        int kind = ProgramText.parse(line).kind(0);
        Operations program = aroundAll();
        for (Mode mode : List.of(Mode.LOCKSTEP, Mode.FREELY, Mode.REPEATED)) {
            Runner runner = new BrokenBy(kind);
            Shrinker<Violation> shrinker = new Shrinker<>(new Replay(runner, mode), program, runner.replay(program, mode), mode, Shrinker.LONGEST);
            shrinker.shrink();
            assertThat(shrinker.program().length()).as(shrinker.program().toString()).isEqualTo(1);
            assertThat(shrinker.program().kind(0)).isEqualTo(kind);
            assertSame(shrinker.program(), ProgramText.parse(shrinker.program().toString()));
        }
    }

    /** A law breaks at the first operation of the kind. */
    private record BrokenBy(int kind) implements Runner {
        @Override
        public @Nullable Violation replay(Operations program, Mode mode) {
            IntPredicate isOfKind = i -> program.kind(i) == kind;
            return IntStream.range(0, program.length()).filter(isOfKind)
                    .mapToObj(i -> new Violation(Law.CONTENTS, i, "")).findFirst().orElse(null);
        }

        @Override
        public @Nullable Failure tries(long first, int count) {
            throw new UnsupportedOperationException();
        }

        @Override
        public @Nullable Violation race(Operations program, int rounds) {
            return replay(program, Mode.RACED);
        }

        @Override
        public int roundsOfRace() {
            return 0;
        }

        @Override
        public Operations history(long first, long last) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void waive(Law law) {
        }

        @Override
        public void trust() {
        }

        @Override
        public long[] takeCoverage() {
            return new long[Coverage.COUNTERS];
        }

        @Override
        public void close() {
        }
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void isKeptInTheProgramInC(Mode mode) throws Exception {
        Path library = CToy.build(folder, 0);
        Finding finding = new Finding(library + CToy.PREFIX, 1, 0, new Program(aroundAll()), new Violation(Law.CONTENTS, 0, ""), mode.name(), 10, 1, true);
        Path source = Files.writeString(folder.resolve("report.c"), CProgram.of(finding));
        Path program = folder.resolve("report");
        CToy.compile(List.of("-g", "-Wall", "-Wextra", "-Werror", "-o", program.toString(), source.toString(), library.toString(), "-lpthread"));
        assertThat(ChildProcess.run(List.of(program.toString())).succeeded()).isEqualTo("no law broke\n");
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void isKeptInTheTestInJava(Mode mode) throws Exception {
        for (String line : LINES) {
            runTest(new Finding("class:" + Correct.class.getName(), 1, 0, new Program(around(line)), new Violation(Law.CONTENTS, 0, ""), mode.name(),
                    ROUNDS, 1, true));
        }
    }

    /** A single allocator cannot be closed and go on; a race closes nothing. */
    @ParameterizedTest
    @EnumSource(value = Mode.class, mode = EnumSource.Mode.EXCLUDE, names = "RACED")
    void theTestInJavaClosesWhatItsProgramCloses(Mode mode) {
        Finding finding = new Finding("class:" + Forgetful.class.getName(), 1, 0, Program.parse("b0 = malloc(100000)\nclose\n"),
                new Violation(Law.UNMAPPED_AFTER_FREE, 1, ""), mode.name(), ROUNDS, 2, true);
        assertThatThrownBy(() -> runTest(finding)).isInstanceOf(AssertionError.class).hasMessageContaining("still mapped");
    }

    public static class Correct extends ToyAllocator {
        public Correct() {
            super(Fault.NONE);
        }
    }

    public static class Forgetful extends ToyAllocator {
        public Forgetful() {
            super(Fault.CLOSE_FORGETS_LIVE_MAPPINGS);
        }
    }

    private void runTest(Finding finding) throws Exception {
        Path report = Files.createTempDirectory(folder, "report");
        new ReportFolder(report).write(finding);
        Path source;
        try (Stream<Path> files = Files.list(report)) {
            source = files.filter(file -> file.toString().endsWith("Test.java")).findFirst().orElseThrow();
        }
        assertThat(ToolProvider.findFirst("javac").orElseThrow().run(System.out, System.err, "-proc:none", "-cp", JvmRunner.classPath(),
                "-d", report.toString(), source.toString())).isZero();
        String name = source.getFileName().toString().replace(".java", "");
        try (URLClassLoader loader = new URLClassLoader(new URL[] {report.toUri().toURL()}, getClass().getClassLoader())) {
            var constructor = loader.loadClass(name).getDeclaredConstructor();
            Method test = loader.loadClass(name).getDeclaredMethod(METHOD_OF_TEST);
            constructor.setAccessible(true);
            test.setAccessible(true);
            try {
                test.invoke(constructor.newInstance());
            } catch (InvocationTargetException thrown) {
                if (thrown.getCause() instanceof Error broken) {
                    throw broken;
                }
                throw thrown;
            }
        }
    }
}
