package dev.banos.fuzz;

import dev.banos.fuzz.generation.Generator;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;

/** Programs as values of jqwik, for properties of your own. */
public final class Programs {
    private Programs() {
    }

    /**
     * The fuzzer's programs, biased towards what breaks allocators.
     *
     * @param promises wrong frees and alignments are generated as far as these allow
     * @param maxOperations how many calls a program makes at most
     * @param maxThreads in how many threads it may run at most
     * @return programs from seeds; jqwik does not shrink them
     */
    @SuppressWarnings("exports") // its user requires jqwik; whoever does not is not made to
    public static Arbitrary<Program> of(Promises promises, int maxOperations, int maxThreads) {
        return Arbitraries.longs().map(seed -> new Program(
                new Generator(promises.repertoire(), maxOperations, maxThreads).generate(seed, false)));
    }
}
