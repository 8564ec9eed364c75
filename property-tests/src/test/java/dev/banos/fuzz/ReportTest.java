package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

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

    /** It was made by no seed. */
    @Test
    void aProgramOfTheCorpusHasNoNumber() {
        assertThat(finding(-1, "b0 = malloc(8)\n", 1).toString().lines())
                .contains("  a program that broke something before; 1 operation");
    }
}
