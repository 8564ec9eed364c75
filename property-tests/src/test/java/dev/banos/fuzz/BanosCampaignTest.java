package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.fault.SystemCallFaults;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A hundred million operations on each of Banos's heaps, with one thread and with many, and while system calls fail. */
@Tag("campaign")
class BanosCampaignTest {
    private static final long OPERATIONS = 100_000_000;
    private static final int TRIES = 4096;
    private static final int ONE_CALL_IN = 20;

    @AfterEach
    void everyCallSucceedsAgain() {
        SystemCallFaults.install(null);
    }

    @ParameterizedTest
    @CsvSource({"banos,1", "banos:own,1", "banos:confined,1", "banos:hardened,1", "banos:hardened,2",
        "banos,2", "banos,4", "banos,8", "banos:own,2", "banos:own,4", "banos:own,8"})
    void noLawBreaksInAHundredMillionOperations(String spec, int threads) {
        requireLawful(spec + " with " + threads + " threads", Target.of(spec), threads);
    }

    @ParameterizedTest
    @CsvSource({"banos,1", "banos:own,1", "banos:confined,1", "banos:hardened,1", "banos,2", "banos,4",
        "banos:own,2", "banos:own,4", "banos:hardened,2"})
    void noLawBreaksWhileSystemCallsFail(String spec, int threads) {
        BanosUnderFaultsTest.failOneIn(ONE_CALL_IN);
        requireLawful(spec + " with " + threads + " threads and failing system calls", BanosUnderFaultsTest.withFaults(spec), threads);
    }

    private static void requireLawful(String name, Target target, int threads) {
        long operations = 0;
        double seconds = 0;
        for (long seed = 0; operations < OPERATIONS; seed++) {
            Campaign campaign = Campaign.inProcess(target).withSeed(seed).withThreads(threads).withTries(TRIES);
            List<Finding> findings = campaign.run();
            assertThat(findings).as(findings.toString()).isEmpty();
            operations += campaign.statistics().operations();
            seconds += campaign.statistics().seconds();
        }
        System.out.printf("%s: %,d operations in %.0f s, no law broke%n", name, operations, seconds);
    }
}
