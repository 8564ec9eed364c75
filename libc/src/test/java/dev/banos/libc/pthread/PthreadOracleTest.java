package dev.banos.libc.pthread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.libc.oracle.COracle;
import dev.banos.libc.pthread.PthreadProgram.Call;
import dev.banos.libc.pthread.PthreadRun.Way;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random programs of a few threads leave the same trace on the C library's threads and on ours. {@link PthreadModel} says what is
 * in no program. {@code -Dbanos.pthread.programs=N} asks for more, {@code -Dbanos.pthread.seed=S} for those that begin with seed S.
 */
class PthreadOracleTest {
    private static final int PROGRAMS = Integer.getInteger("banos.pthread.programs", 300);
    private static final long FIRST_SEED = Long.getLong("banos.pthread.seed", new Random().nextInt(1_000_000_000));

    @TempDir
    static Path directory;

    @Test
    void tracesAreThoseOfTheCLibrary() throws IOException, InterruptedException {
        try (COracle oracle = COracle.start(PthreadOracleTest.class, "pthread_oracle.c", directory)) {
            assumeTrue(oracle != null, "no C compiler (cc) or no glibc of 2.36 or later here: nothing to compare with");
            for (long seed = FIRST_SEED; seed < FIRST_SEED + PROGRAMS; seed++) {
                PthreadProgram program = PthreadProgram.random(new Random(seed));
                for (Way way : Way.values()) {
                    if (differs(oracle, program, way)) {
                        report(oracle, seed, shortest(oracle, program, way), way);
                    }
                }
            }
        }
    }

    @Test
    void programsHoldEveryCall() {
        Set<Call> seen = EnumSet.noneOf(Call.class);
        for (int seed = 0; seed < 50; seed++) {
            PthreadProgram.random(new Random(seed)).steps().forEach(step -> seen.add(step.call()));
        }
        assertThat(seen).containsExactlyInAnyOrder(Call.values());
    }

    private static boolean differs(COracle oracle, PthreadProgram program, Way way) throws IOException, InterruptedException {
        return !PthreadRun.trace(program, way).equals(oracle.trace(program.request()));
    }

    /** Leaves out steps, the last first, as long as the traces still differ. */
    private static PthreadProgram shortest(COracle oracle, PthreadProgram program, Way way)
            throws IOException, InterruptedException {
        for (int step = program.steps().size() - 1; step >= 0; step--) {
            PthreadProgram shorter = program.without(step);
            if (shorter.steps().size() < program.steps().size() && differs(oracle, shorter, way)) {
                return shortest(oracle, shorter, way);
            }
        }
        return program;
    }

    private static void report(COracle oracle, long seed, PthreadProgram program, Way way)
            throws IOException, InterruptedException {
        List<String> ours = PthreadRun.trace(program, way);
        List<String> theirs = oracle.trace(program.request());
        assertThat(ours).as("seed=%d way=%s, the shortest program that differs:%n%s", seed, way, program).isEqualTo(theirs);
        throw new AssertionError("seed=" + seed + " way=" + way + " differs only at times:\n" + program);
    }
}
