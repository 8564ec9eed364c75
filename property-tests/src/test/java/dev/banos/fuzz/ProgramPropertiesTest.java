package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class ProgramPropertiesTest {
    private static final Promises EVERYTHING = Promises.ofC().withCheckedFrees();

    @Provide
    Arbitrary<Program> programs() {
        return Programs.of(EVERYTHING, 300, Program.LARGEST_THREADS);
    }

    @Property(tries = 200)
    void whatIsPrintedIsParsed(@ForAll("programs") Program program) {
        assertThat(Program.parse(program.toString())).hasToString(program.toString());
    }

    @Property(tries = 200)
    void everyProgramHasATraceThatKeepsTheRulesOfSlots(@ForAll("programs") Program program) {
        Trace trace = program.toTrace();
        assertThat(trace.operations()).isLessThanOrEqualTo(program.length());
        assertThat(Program.of(trace).toTrace().operations()).isEqualTo(trace.operations());
    }

    @Property(tries = 100)
    void equalSeedsMakeEqualPrograms(@ForAll long seed) {
        String first = new Generator(EVERYTHING, 500, 4).generate(seed, false).toString();
        assertThat(new Generator(EVERYTHING, 500, 4).generate(seed, false)).hasToString(first);
    }

    @Property(tries = 100)
    void programsKeepToTheirLengthAndThreads(@ForAll long seed) {
        Program program = new Generator(EVERYTHING, 100, 1).generate(seed, false);
        assertThat(program.isThreaded()).isFalse();
        assertThat(program.length()).isBetween(1, 100 + 2048); // the last action may be a long one
    }

    @Example
    void aLineThatIsNoOperationIsNamedWithItsNumber() {
        assertThatThrownBy(() -> Program.parse("b0 = malloc(1)\n\n# a comment\nfrob(b0)")).isInstanceOf(TraceException.class)
                .hasMessage("line 4: no operation: frob(b0)");
        assertThatThrownBy(() -> Program.parse("b0 = aligned_alloc(3, 1)")).hasMessageContaining("line 1");
        assertThatThrownBy(() -> Program.parse("thread 9: exit")).hasMessageContaining("line 1").hasMessageContaining("9 is not below 8");
    }

    /** Rather than another program than the one that was meant. */
    @Example
    void aCallHasItsArguments() {
        assertThatThrownBy(() -> Program.parse("b0 = calloc(8)"))
                .hasMessage("line 1: no operation: b0 = calloc(8) (it takes two arguments)");
        assertThatThrownBy(() -> Program.parse("b0 = malloc(8, 9)")).hasMessageContaining("(it takes one argument)");
        assertThatThrownBy(() -> Program.parse("b1 = realloc(b0, 8)"))
                .hasMessageContaining("(a realloc of a block has its name: b1)");
    }

    /** Of the last programs, as many as an image holds: what fails is among them. */
    @Example
    void aHistoryEndsWithItsLastProgram() {
        Settings settings = new Settings(5, ProgramImage.LARGEST_LENGTH / Settings.EPOCH, 1, null);
        Tries tries = new Tries(settings, EVERYTHING);
        Program history = tries.history(0, 1023);
        assertThat(history.length()).isLessThanOrEqualTo(ProgramImage.LARGEST_LENGTH).isGreaterThan(ProgramImage.LARGEST_LENGTH / 2);
        assertThat(history.toString()).contains(tries.history(1023, 1023).toString());
    }
}
