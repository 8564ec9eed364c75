package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Test;

class ReportTest {
    private static Finding finding(long tryNumber, String program, int originalLength) {
        return new Finding("toy", 7, tryNumber, Program.parse(program), new Violation(Law.ERRNO, 0, "details"), "LOCKSTEP", 1,
                originalLength, true);
    }

    @Test
    void aTryIsNamedByWhatMakesItAgain() {
        assertThat(finding(18, "b0 = malloc(8)\nfree(b0)\n", 863).toString().lines())
                .contains("  seed 7, try 18; 2 operations, shrunk from 863");
    }

    @Test
    void whatNeedsTheProgramsBeforeItWasNotShrunkFromFewer() {
        assertThat(finding(18, "b0 = malloc(8)\nfree(b0)\n", 1).toString().lines())
                .contains("  seed 7, try 18; 2 operations with those of the programs before it; the one that failed had 1");
    }

    @Test
    void anEmptyProgramBlamesTheInstance() {
        assertThat(finding(18, "", 5).toString().lines())
                .contains("   -> with no call at all: while one instance after the other is made and closed");
    }

    /** By a line of the allocator under test; its text for people, which is the same for each run of a seed, has no stack. */
    @Test
    void whatAnAllocatorThrowsIsFoundByItsStack() {
        try (AllocatorUnderTest broken = withoutCalloc()) {
            assertThatThrownBy(() -> Program.parse("b0 = calloc(1, 1)\n").requireLawful(broken)).isInstanceOf(AssertionError.class)
                    .hasMessageContaining("in this run: java.lang.UnsupportedOperationException").hasMessageContaining("ReportTest.refuse(");
        }
        Finding found = Campaign.inProcess(Target.of("broken", ReportTest::withoutCalloc)).withTries(50).run().getFirst();
        assertThat(found.toString()).contains("threw java.lang.UnsupportedOperationException").doesNotContain("ReportTest");
        assertThat(Report.withAddresses(found)).contains("ReportTest.refuse(");
    }

    private static AllocatorUnderTest withoutCalloc() {
        AllocatorUnderTest banos = Target.parse("banos:own");
        return (AllocatorUnderTest) Proxy.newProxyInstance(ReportTest.class.getClassLoader(), new Class<?>[] {AllocatorUnderTest.class},
                (_, method, arguments) -> {
                    if (method.getName().equals("calloc")) {
                        refuse();
                    }
                    try {
                        return method.invoke(banos, arguments);
                    } catch (InvocationTargetException thrown) {
                        throw thrown.getCause();
                    }
                });
    }

    private static void refuse() {
        throw new UnsupportedOperationException();
    }

    /** It was made by no seed. */
    @Test
    void aProgramOfTheCorpusHasNoNumber() {
        assertThat(finding(-1, "b0 = malloc(8)\n", 1).toString().lines())
                .contains("  a program that broke something before; 1 operation");
    }
}
