package dev.banos.libc.getopt;

import static dev.banos.libc.getopt.LongOption.Argument.NONE;
import static dev.banos.libc.getopt.LongOption.Argument.OPTIONAL;
import static dev.banos.libc.getopt.LongOption.Argument.REQUIRED;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.CharBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the comparison with the C library does not reach: the Java-shaped edge, and what C leaves undefined. */
class GetoptTest {
    private static final List<LongOption> OPTIONS = List.of(
            LongOption.of("verbose", NONE, 'v'), LongOption.of("version", NONE, 'V'),
            LongOption.of("file", REQUIRED, 'f'), LongOption.of("colour", OPTIONAL, 'c'), LongOption.of("color", OPTIONAL, 'c'));

    private final StringBuilder messages = new StringBuilder();
    private final Getopt getopt = new Getopt(messages, name -> null);

    @Test
    void operandsMoveBehindTheOptionsInTheCallersArray() {
        String[] args = {"one", "-v", "two", "--file", "three", "four"};
        ArgumentVector argv = ArgumentVector.ofMain("banos", args);

        assertThat(getopt.getoptLong(argv, "v", OPTIONS)).isEqualTo('v');
        assertThat(getopt.getoptLong(argv, "v", OPTIONS)).isEqualTo('f');
        assertThat(getopt.optarg()).isEqualTo("three");
        assertThat(getopt.longindex()).isEqualTo(2);
        assertThat(getopt.getoptLong(argv, "v", OPTIONS)).isEqualTo(Getopt.END);
        assertThat(argv.from(getopt.optind())).containsExactly("one", "two", "four");
        assertThat(args).containsExactly("-v", "--file", "three", "one", "two", "four");
    }

    @Test
    void messagesAreTheCLibrarysToTheLetter() {
        ArgumentVector argv = ArgumentVector.of("prog", "--x", "--ver", "--verbose=yes", "--file", "--col", "-x", "-f");
        while (getopt.getoptLong(argv, "f:", OPTIONS) != Getopt.END) {
            assertThat(messages.toString()).endsWith("\n");
        }
        assertThat(messages).hasToString("""
                prog: unrecognized option '--x'
                prog: option '--ver' is ambiguous; possibilities: '--verbose' '--version'
                prog: option '--verbose' doesn't allow an argument
                prog: invalid option -- 'x'
                prog: option requires an argument -- 'f'
                """);
    }

    @Test
    void oneDashMakesEachCandidateCount() {
        assertThat(getopt.getoptLongOnly(ArgumentVector.of("prog", "-col"), "", OPTIONS)).isEqualTo(Getopt.UNKNOWN);
        assertThat(messages).hasToString("prog: option '-col' is ambiguous; possibilities: '-colour' '-color'\n");
    }

    @Test
    void parsesRunSideBySide() {
        Getopt other = new Getopt(messages, name -> null);
        ArgumentVector argv = ArgumentVector.of("prog", "-ab");
        ArgumentVector others = ArgumentVector.of("prog", "-xy");
        assertThat(getopt.getopt(argv, "ab")).isEqualTo('a');
        assertThat(other.getopt(others, "xy")).isEqualTo('x');
        assertThat(getopt.getopt(argv, "ab")).isEqualTo('b');
        assertThat(other.getopt(others, "xy")).isEqualTo('y');
    }

    @Test
    void aFlagReceivesTheValueAndTheParserReturnsZero() {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment flag = scope.allocate(JAVA_INT);
            List<LongOption> options = List.of(LongOption.of("quiet", NONE, 42).storingTo(flag));
            assertThat(getopt.getoptLong(ArgumentVector.of("prog", "--quiet"), "", options)).isZero();
            assertThat(flag.get(JAVA_INT, 0)).isEqualTo(42);
        }
    }

    @Test
    void aFlagOnTheJavaHeapOrTooSmallIsRefused() {
        MemorySegment onHeap = MemorySegment.ofArray(new int[1]);
        assertThatIllegalArgumentException().isThrownBy(() -> LongOption.of("quiet", NONE, 1).storingTo(onHeap))
                .withMessageContaining("name=quiet");
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment small = scope.allocate(2);
            assertThatIllegalArgumentException().isThrownBy(() -> LongOption.of("quiet", NONE, 1).storingTo(small));
        }
    }

    @Test
    void anArgumentInNativeMemoryIsGivenByAddress() {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment attached = scope.allocateFrom("-fäöx=1");
            MemorySegment equals = scope.allocateFrom("--file=ü");
            ArgumentVector argv = ArgumentVector.of(3, vector(scope, "prog", attached, equals));
            assertThat(getopt.getoptLong(argv, "f:", OPTIONS)).isEqualTo('f');
            assertThat(getopt.optarg()).isEqualTo("äöx=1");
            assertThat(getopt.optargAddress()).isEqualTo(attached.address() + 2);
            assertThat(getopt.getoptLong(argv, "f:", OPTIONS)).isEqualTo('f');
            assertThat(getopt.optarg()).isEqualTo("ü");
            assertThat(getopt.optargAddress()).isEqualTo(equals.address() + 7);
            assertThat(getopt.getoptLong(argv, "f:", OPTIONS)).isEqualTo(Getopt.END);
            assertThat(getopt.optargAddress()).isZero();
        }
    }

    @Test
    void pointersAreReorderedInNativeMemory() {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment operand = scope.allocateFrom("operand");
            MemorySegment option = scope.allocateFrom("-v");
            MemorySegment pointers = vector(scope, "prog", operand, option);
            ArgumentVector argv = ArgumentVector.of(3, pointers);
            assertThat(getopt.getopt(argv, "v")).isEqualTo('v');
            assertThat(getopt.getopt(argv, "v")).isEqualTo(Getopt.END);
            assertThat(pointers.getAtIndex(ADDRESS, 1).address()).isEqualTo(option.address());
            assertThat(pointers.getAtIndex(ADDRESS, 2).address()).isEqualTo(operand.address());
        }
    }

    @Test
    void charactersBeyondAsciiAreWholeInJavaAndBytesInC() {
        assertThat(getopt.getopt(ArgumentVector.of("prog", "-é"), "é")).isEqualTo('é');
        List<LongOption> options = List.of(LongOption.of("größe", REQUIRED, 'g'));
        try (Arena scope = Arena.ofConfined()) {
            ArgumentVector argv = ArgumentVector.of(3, vector(scope, "prog",
                    scope.allocateFrom("--grö=ß"), scope.allocateFrom(new String(new char[] {'-', 0xFF}))));
            getopt.optind(0);
            assertThat(getopt.getoptLong(argv, "é", options)).isEqualTo('g');
            assertThat(getopt.optarg()).isEqualTo("ß");
            assertThat(getopt.getopt(argv, "é")).as("first byte of é and of ÿ, positive").isEqualTo(0xC3);
        }
    }

    @Test
    void aParseMayStartBehindASubcommand() {
        getopt.optind(2);
        ArgumentVector argv = ArgumentVector.of("prog", "-notmine", "-v", "x");
        assertThat(getopt.getopt(argv, "v")).isEqualTo('v');
        assertThat(getopt.getopt(argv, "v")).isEqualTo(Getopt.END);
        assertThat(getopt.optind()).isEqualTo(3);
    }

    @Test
    void anEmptyVectorEndsAtOnce() {
        assertThat(getopt.getopt(ArgumentVector.of(), "v")).isEqualTo(Getopt.END);
        assertThat(getopt.optind()).isEqualTo(1);
    }

    @Test
    void anIndexOutsideTheVectorIsReported() {
        for (int outside : new int[] {-1, 3}) {
            getopt.optind(outside);
            assertThatIllegalStateException().isThrownBy(() -> getopt.getopt(ArgumentVector.of("prog", "-v"), "v"))
                    .withMessageContaining("optind=").withMessageContaining("argc=2");
            getopt.optind(0);
            getopt.getopt(ArgumentVector.of("prog", "-v"), "v");
        }
    }

    /** The C library reads behind its vector here. */
    @Test
    void noArgumentIsTakenFromBehindTheVector() {
        for (String optstring : new String[] {"ao:", "aoW;"}) {
            ArgumentVector argv = ArgumentVector.of("prog", optstring.endsWith(";") ? "-aW" : "-ao");
            getopt.optind(0);
            assertThat(getopt.getoptLong(argv, optstring, List.of())).isEqualTo('a');
            getopt.optind(2);
            assertThat(getopt.getoptLong(argv, optstring, List.of())).isEqualTo(Getopt.UNKNOWN);
        }
        assertThat(messages.toString()).contains("requires an argument -- 'o'").contains("requires an argument -- 'W'");
    }

    @Test
    void missingElementsAreReported() {
        assertThatIllegalArgumentException().isThrownBy(() -> getopt.getopt(ArgumentVector.of("prog", null), "v"))
                .withMessageContaining("argv[1]=null");
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment pointers = scope.allocate(ADDRESS, 2);
            assertThatIllegalArgumentException().isThrownBy(() -> ArgumentVector.of(3, pointers)).withMessageContaining("argc=3");
            assertThatIllegalArgumentException().isThrownBy(() -> ArgumentVector.of(2, pointers).get(1))
                    .withMessageContaining("argv[1]=NULL");
        }
    }

    @Test
    void aMessageThatCannotBeWrittenIsNotLostInSilence() {
        Getopt mute = new Getopt(new Appendable() {
            @Override
            public Appendable append(CharSequence text) throws IOException {
                throw new IOException("closed");
            }

            @Override
            public Appendable append(CharSequence text, int start, int end) throws IOException {
                return append(CharBuffer.wrap(text));
            }

            @Override
            public Appendable append(char character) throws IOException {
                return append(String.valueOf(character));
            }
        }, name -> null);
        assertThatThrownBy(() -> mute.getopt(ArgumentVector.of("prog", "-x"), "")).isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("invalid option -- 'x'");
    }

    private static MemorySegment vector(Arena scope, String program, MemorySegment... arguments) {
        MemorySegment pointers = scope.allocate(ADDRESS, arguments.length + 1);
        pointers.setAtIndex(ADDRESS, 0, scope.allocateFrom(program));
        for (int i = 0; i < arguments.length; i++) {
            pointers.setAtIndex(ADDRESS, i + 1, arguments[i]);
        }
        return pointers;
    }
}
