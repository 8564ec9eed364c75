package dev.banos.fuzz.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.ProgramText;
import java.util.List;
import org.junit.jupiter.api.Test;

class KernelsTest {
    @Test
    void theyAreShortUseTwoThreadsAndTheSizesAskedForMost() {
        Operations program = ProgramText.parse("b0 = malloc(100)\nb1 = malloc(101)\nb2 = calloc(1, 101)\nb3 = malloc(9)\nb4 = malloc(18446744073709551615)\n");
        List<Operations> kernels = Kernels.of(program);
        assertThat(kernels).isNotEmpty().allSatisfy(kernel -> {
            assertThat(kernel.length()).isLessThanOrEqualTo(8);
            assertThat(kernel.isThreaded()).isTrue();
        });
        assertThat(kernels.getFirst().toString()).contains("malloc(101)");
        assertThat(kernels.toString()).contains("malloc(9)").doesNotContain("18446744073709551615");
    }
}
