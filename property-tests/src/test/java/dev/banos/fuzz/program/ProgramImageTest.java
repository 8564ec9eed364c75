package dev.banos.fuzz.program;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

class ProgramImageTest {
    /** Rather than the first million of its operations. */
    @Test
    void aProgramThatNoImageHoldsIsRefused() {
        Operations program = new Operations(0);
        for (int i = 0; i <= ProgramImage.LARGEST_LENGTH; i++) {
            program.add(Operations.CHECK, 0, 0, 0, 0);
        }
        try (Arena scope = Arena.ofConfined()) {
            ProgramImage image = new ProgramImage(scope.allocate(ProgramImage.BYTES));
            assertThatThrownBy(() -> image.write(program, Mode.LOCKSTEP)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("a program of 1048577 operations: at most 1048576 can be run");
        }
    }
}
