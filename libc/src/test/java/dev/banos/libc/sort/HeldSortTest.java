package dev.banos.libc.sort;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A sort that the end of the stack breaks off: one of shared segments, in an upcall, would end the process. */
class HeldSortTest {
    private static final String INTERPRETER = "-Xint";
    private static final String FIRST_COMPILER = "-XX:TieredStopAtLevel=1";
    private static final String BOTH_COMPILERS = "-XX:+TieredCompilation";

    @ParameterizedTest
    @ValueSource(strings = {INTERPRETER, FIRST_COMPILER, BOTH_COMPILERS})
    void theProcessOutlivesASortAtTheEndOfTheStack(String compiler) throws IOException, InterruptedException {
        assertThat(said(HeldSortChild.STACK, compiler)).isEqualTo(HeldSortChild.SURVIVED);
    }

    @ParameterizedTest
    @ValueSource(strings = {INTERPRETER, FIRST_COMPILER, BOTH_COMPILERS})
    void theProcessOutlivesASortAtTheEndOfTheHeap(String compiler) throws IOException, InterruptedException {
        assertThat(said(HeldSortChild.HEAP, compiler, "-Xmx16m")).isEqualTo(HeldSortChild.SURVIVED);
    }

    /** Between the two steps that change the order and change it back, the data is other numbers. The interpreter would take minutes. */
    @ParameterizedTest
    @ValueSource(strings = {FIRST_COMPILER, BOTH_COMPILERS})
    void nativeNumbersStayTheSameAtTheEndOfTheStack(String compiler) throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of(compiler), NumbersAtTheEndChild.class).output().strip()).isEqualTo(NumbersAtTheEndChild.SAME);
    }

    private static String said(String end, String... flags) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of("-XX:+UseSerialGC", "-XX:-CreateCoredumpOnCrash"));
        all.addAll(List.of(flags));
        return ChildJvm.run(all, HeldSortChild.class, end).output().strip();
    }
}
