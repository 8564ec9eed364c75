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
        assertThatThrownBy(() -> Program.parse("thread 9: exit")).hasMessageContaining("line 1");
    }
}
