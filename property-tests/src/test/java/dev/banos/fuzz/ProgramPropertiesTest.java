package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.fuzz.program.Operations;
import java.lang.foreign.Arena;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class ProgramPropertiesTest {
    private static final Promises EVERYTHING = Promises.ofC().withCheckedFrees();

    @Provide
    Arbitrary<Program> programs() {
        return Programs.of(EVERYTHING, 300, Operations.LARGEST_THREADS);
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

    /** Rather than another program than the one that was meant. */
    @Example
    void onlyAFreeHasAnOffset() {
        assertThatThrownBy(() -> Program.parse("check(b0 + 4)"))
                .hasMessage("line 1: no operation: check(b0 + 4) (check takes a whole block, only free an offset into one)");
        assertThatThrownBy(() -> Program.parse("free_twice(b0 + 4)")).hasMessageContaining("free_twice takes a whole block");
        assertThat(Program.parse("free(b0 + 4)")).hasToString("free(b0 + 4)\n");
    }

    @Example
    void noAllocatorIsAskedForTheAlignmentZero() {
        assertThatThrownBy(() -> Program.parse("misaligned(0)")).hasMessageContaining("need not know the alignment 0");
    }

    @Example
    void aCommentMayHoldAnything() {
        assertThat(Program.parse("# a\rb\u2028c\u0085d\nfree(b0) # e\u2028f\r\n")).hasToString("free(b0)\n");
    }

    /** Where the product is beyond what the format holds, or beyond 2^64. */
    @Example
    void aTraceHoldsNoCallThatWasNotMade() {
        Program program = Program.parse("b0 = calloc(9223372036854775808, 2)\nb1 = calloc(1099511627776, 16777216)\n"
                + "b2 = calloc(65536, 65536)\nb3 = aligned_alloc(2199023255552, 8)\nb4 = calloc(2, 2147483647)\n");
        Trace trace = program.toTrace();
        assertThat(trace.operations()).isEqualTo(1);
        assertThat(trace.size(0)).isEqualTo(2 * 2147483647L);
    }
}
