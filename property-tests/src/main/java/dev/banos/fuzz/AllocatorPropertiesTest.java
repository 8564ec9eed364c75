package dev.banos.fuzz;

import java.util.List;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/**
 * Every law as a test of your own build. Extend this class and say how your allocator is made:
 * <pre>{@code
 *  class MyAllocatorPropertiesTest extends AllocatorPropertiesTest {
 *      @Override
 *      protected AllocatorUnderTest create() {
 *          return new MyAllocator();
 *      }
 *  }
 * }</pre>
 *
 * An allocator in C is {@code Target.parse("pool.o:p_")}, and one in C for a single thread
 * {@code Target.parse("pool.o:p_", Promises::withoutThreads)}. A crash in C ends the process of the tests: so run the allocator by
 * the command first, whose programs run in a process of their own.
 *
 * <p>The properties run in the test's own process, each on allocators that {@link #create} has just made. A failure prints the
 * shortest program that was found. jqwik is the runner: put it, and JUnit, on the test path. The fuzzer's own shrinker is used
 * instead of jqwik's, because it knows what an operation is.
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

    /** Runs programs that once broke an allocator. */
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
     * Runs programs of several threads, which hand over blocks and end; half of the programs let their threads run freely.
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
