package dev.banos.libc.getopt;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.libc.getopt.CommandLine.Option;
import dev.banos.libc.oracle.COracle;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** The C library's getopt and ours leave the same trace: results, state, messages, and the vector after each call. */
class GetoptPropertiesTest {
    private static Path directory;
    private static COracle oracle;

    @BeforeContainer
    static void startOracle() throws IOException, InterruptedException {
        directory = Files.createTempDirectory("getopt");
        oracle = COracle.start(CommandLine.class, "getopt_oracle.c", directory);
    }

    @AfterContainer
    static void stopOracle() throws IOException {
        if (oracle != null) {
            oracle.close();
        }
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    @Property(tries = 10_000, edgeCases = EdgeCasesMode.NONE)
    void tracesAreThoseOfTheCLibrary(@ForAll("commandLines") CommandLine commandLine) throws IOException {
        assumeTrue(oracle != null, "no C compiler (cc) or no glibc here: nothing to compare with");
        assertThat(javaTrace(commandLine)).isEqualTo(oracle.trace(commandLine.request()));
    }

    @Property(tries = 1_000)
    void cStringsAndJavaStringsLeaveTheSameTrace(@ForAll("commandLines") CommandLine commandLine) {
        assertThat(nativeTrace(commandLine)).isEqualTo(javaTrace(commandLine));
    }

    private static List<String> javaTrace(CommandLine commandLine) {
        try (Arena scope = Arena.ofConfined()) {
            ArgumentVector argv = ArgumentVector.of(commandLine.argv().toArray(String[]::new));
            return trace(commandLine, argv, scope);
        }
    }

    private static List<String> nativeTrace(CommandLine commandLine) {
        try (Arena scope = Arena.ofConfined()) {
            int argc = commandLine.argv().size();
            MemorySegment argv = scope.allocate(ADDRESS, argc);
            for (int i = 0; i < argc; i++) {
                argv.setAtIndex(ADDRESS, i, scope.allocateFrom(commandLine.argv().get(i)));
            }
            return trace(commandLine, ArgumentVector.of(argc, argv), scope);
        }
    }

    private static List<String> trace(CommandLine commandLine, ArgumentVector argv, Arena scope) {
        StringBuilder messages = new StringBuilder();
        Getopt getopt = new Getopt(messages, name -> commandLine.posixlyCorrect() ? "" : null);
        getopt.opterr(commandLine.opterr());
        getopt.optind(0);
        MemorySegment flags = scope.allocate(JAVA_INT, CommandLine.FLAGS);
        List<LongOption> options = commandLine.options().stream().map(option -> longOption(option, flags)).toList();
        List<String> trace = new ArrayList<>();
        for (int call = 0, result = 0; call < CommandLine.MOST_CALLS && result != Getopt.END; call++) {
            if (call == commandLine.resetAfter()) {
                getopt.optind(commandLine.resetTo());
            }
            messages.setLength(0);
            result = switch (commandLine.mode()) {
                case 0 -> getopt.getopt(argv, commandLine.optstring());
                case 1 -> getopt.getoptLong(argv, commandLine.optstring(), options);
                default -> getopt.getoptLongOnly(argv, commandLine.optstring(), options);
            };
            trace.add(result + " ind=" + getopt.optind() + " opt=" + getopt.optopt() + " long=" + getopt.longindex()
                    + " flags=" + flags.getAtIndex(JAVA_INT, 0) + "," + flags.getAtIndex(JAVA_INT, 1)
                    + "," + flags.getAtIndex(JAVA_INT, 2) + "," + flags.getAtIndex(JAVA_INT, 3)
                    + " arg=" + (getopt.optarg() == null ? "null" : "=" + getopt.optarg()) + " message=" + messages.toString().strip());
            StringBuilder vector = new StringBuilder("argv=");
            argv.from(0).forEach(argument -> vector.append(argument).append('\t'));
            trace.add(vector.toString());
        }
        return trace;
    }

    private static LongOption longOption(Option option, MemorySegment flags) {
        LongOption without = LongOption.of(option.name(), LongOption.Argument.values()[option.hasArg()], option.value());
        return option.flag() < 0 ? without
                : without.storingTo(flags.asSlice(option.flag() * JAVA_INT.byteSize(), JAVA_INT.byteSize()));
    }

    @Provide
    Arbitrary<CommandLine> commandLines() {
        return Combinators.combine(
                Arbitraries.of(1, 2, 0),
                Arbitraries.frequency(Tuple.of(4, false), Tuple.of(1, true)),
                Arbitraries.frequency(Tuple.of(9, true), Tuple.of(1, false)),
                Arbitraries.integers().between(-9, 6).map(calls -> calls < 1 ? -1 : calls),
                Arbitraries.of(0, 1),
                optstrings(),
                options().list().ofMaxSize(8),
                arguments().list().ofMaxSize(8)
        ).as((mode, posix, opterr, resetAfter, resetTo, optstring, options, arguments) -> new CommandLine(
                mode, posix, opterr, resetAfter, resetTo, optstring, options,
                Stream.concat(Stream.of("prog"), arguments.stream()).toList()));
    }

    private static Arbitrary<String> optstrings() {
        Arbitrary<String> fronts = Arbitraries.of("", "", "", "", "+", "-", ":", "+:", "-:", "--", ":-", "+-", "::", ";");
        Arbitrary<String> letters = Arbitraries.of("a", "b:", "c::", "v", "f", "W;", "W", "-", "=", "x:;", "W:", "a:", "?");
        return Combinators.combine(fronts, letters.list().ofMaxSize(6)).as((front, rest) -> front + String.join("", rest));
    }

    private static Arbitrary<Option> options() {
        Arbitrary<String> names = Arbitraries.of("verbose", "version", "ver", "v", "verb", "a", "ab", "foo", "fob", "f", "W", "x=y", "-");
        return Combinators.combine(names, Arbitraries.of(0, 1, 2), Arbitraries.of(-1, -1, -1, 0, 1, 2, 3), Arbitraries.of(0, 1, 2, (int) 'v', (int) 'a'))
                .as(Option::new);
    }

    private static Arbitrary<String> arguments() {
        Arbitrary<String> typical = Arbitraries.of("operand", "x", "", "-", "--", "-a", "-b", "-bx", "-c", "-cx", "-ab", "-abc", "-v", "-W",
                "-Wfoo", "-Wver=x", "-W", "foo", "fo=x", "--foo", "--foo=", "--foo=x", "--fo", "--v", "--ver", "--vers", "--verb=x", "-ver",
                "-fo", "-foo=x", "-f", "--=", "-=", "-:", "-;", "---", "--x=y", "--unknown", "-?");
        Arbitrary<String> random = Arbitraries.strings().withChars("-abcvfW=:;oer?").ofMaxLength(6);
        return Arbitraries.frequencyOf(Tuple.of(4, typical), Tuple.of(1, random));
    }
}
