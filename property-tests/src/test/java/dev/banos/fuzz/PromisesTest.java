package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.fuzz.generation.Generator;
import dev.banos.fuzz.program.Operations;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromisesTest {
    /** Programs are made for any promises that can be given. */
    @ParameterizedTest
    @ValueSource(longs = {0, 8, 16, 4096, 1L << 40, 1L << 62})
    void programsKeepToTheLargestAlignment(long largest) {
        Generator generator = new Generator(Promises.ofC().withLargestAlignment(largest).withCheckedAlignments().repertoire(), 500, 1);
        for (int seed = 0; seed < 50; seed++) {
            Operations program = generator.generate(seed, false);
            for (int i = 0; i < program.length(); i++) {
                if (program.kind(i) == Operations.ALIGNED && program.size(i) >>> 40 == 0) {
                    assertThat(1L << program.log2(i)).isLessThanOrEqualTo(largest);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 4, 24, -8, Long.MIN_VALUE, Long.MAX_VALUE})
    void aLargestAlignmentThatIsNoneIsNamed(long largest) {
        assertThatThrownBy(() -> Promises.ofC().withLargestAlignment(largest)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("largestAlignment=" + largest);
    }

    @Test
    void theyArriveAsTheyWereSent() {
        Promises promises = Promises.ofC().withCheckedFrees().withUnmappingFrom(1).withoutErrno().withLargestAlignment(0);
        assertThat(PromisesText.parse(PromisesText.print(promises))).isEqualTo(promises);
    }
}
