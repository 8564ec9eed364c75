package dev.banos.fuzz;

import java.util.List;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/**
 * Every law as a test of your own build: extend this class and say how your allocator is made.
 * <pre>{@code
 *  class MyAllocatorPropertiesTest extends AllocatorPropertiesTest {
 *      @Override
 *      protected AllocatorUnderTest create() {
 *          return new MyAllocator();
 *      }
 *  }
 * }</pre>
 *
 * An allocator of C is {@code Target.parse("pool.o:p_")}, and one of C for one thread
 * {@code Target.parse("pool.o:p_", Promises::withoutThreads)}. What crashes in C ends the process of the tests: run it by
 * the command first, whose programs run in another.
 *
 * <p>The properties run in the test's own process, each on allocators that {@link #create} has just made. A failure prints the
 * shortest program that was found. jqwik is the runner: put it, and JUnit, on the test path. jqwik does not shrink here: the
 * fuzzer's own shrinker knows what an operation is.
 */
@SuppressWarnings("exports") // its user has jqwik, which the module asks for at compile time only
public abstract class AllocatorPropertiesTest {
    private static final int TRIES_OF_A_SEED = 64;
    private static final int SEVERAL = 4;

    /** For the runner. */
    protected AllocatorPropertiesTest() {
    }

    /** {@return a new allocator, in its first state} It is closed when the property has used it. */
    protected abstract AllocatorUnderTest create();

    /** What once broke an allocator is tried first. */
    @Example
    public void recordedFailuresStayAway() {
        for (Program program : Corpus.programs()) {
            try (AllocatorUnderTest allocator = create()) {
                program.requireLawful(allocator);
            }
        }
    }

    /**
     * Runs programs of one thread, and holds each call to the laws.
     *
     * @param seed what the programs are made from
     */
    @Property(tries = 4, shrinking = ShrinkingMode.OFF, edgeCases = EdgeCasesMode.NONE)
    public void lawsHoldInOneThread(@ForAll long seed) {
        requireLawful(seed, 1);
    }

    /**
     * Blocks are handed over, threads end; half of the programs let their threads run freely.
     *
     * @param seed what the programs are made from
     */
    @Property(tries = 2, shrinking = ShrinkingMode.OFF, edgeCases = EdgeCasesMode.NONE)
    public void lawsHoldInSeveralThreads(@ForAll long seed) {
        requireLawful(seed, SEVERAL);
    }

    private void requireLawful(long seed, int threads) {
        Target target = Target.of(getClass().getSimpleName(), this::create);
        List<Finding> findings = Campaign.inProcess(target).withSeed(seed).withThreads(threads)
                .withTries(TRIES_OF_A_SEED).run();
        if (!findings.isEmpty()) {
            throw new AssertionError(Report.withAddresses(findings.getFirst()));
        }
    }
}
