package dev.banos.libc.zip;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A call that the end of the stack or of Java's heap breaks off leaves an inflater that any thread can go on with, or make as new. */
class InflaterAtTheEndTest {
    private static final String INTERPRETER = "-Xint";
    private static final String FIRST_COMPILER = "-XX:TieredStopAtLevel=1";
    private static final String BOTH_COMPILERS = "-XX:+TieredCompilation";

    @ParameterizedTest
    @ValueSource(strings = {INTERPRETER, FIRST_COMPILER, BOTH_COMPILERS})
    void nothingElseIsDeliveredAfterTheEndOfTheStack(String compiler) throws IOException, InterruptedException {
        assertThat(said(InflaterAtTheEndChild.STACK, compiler)).isEqualTo(InflaterAtTheEndChild.SURVIVED);
    }

    /** Where C2 has compiled all of it, a call allocates nothing, and does not come to this end. */
    @ParameterizedTest
    @ValueSource(strings = {INTERPRETER, FIRST_COMPILER})
    void nothingElseIsDeliveredAfterTheEndOfTheHeap(String compiler) throws IOException, InterruptedException {
        assertThat(said(InflaterAtTheEndChild.HEAP, compiler, "-Xmx24m")).isEqualTo(InflaterAtTheEndChild.SURVIVED);
    }

    private static String said(String end, String... flags) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of("-XX:+UseSerialGC", "-XX:-CreateCoredumpOnCrash"));
        all.addAll(List.of(flags));
        return ChildJvm.run(all, InflaterAtTheEndChild.class, end).output().strip();
    }
}
