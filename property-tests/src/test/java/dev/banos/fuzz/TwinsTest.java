package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.fuzz.mutants.CToy;
import dev.banos.fuzz.mutants.Fault;
import dev.banos.fuzz.mutants.ToyAllocator;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The correct allocators of which the mutants are broken versions, side by side, ten minutes each. */
@Tag("campaign")
class TwinsTest {
    private static final Duration TEN_MINUTES = Duration.ofMinutes(10);

    @TempDir
    Path folder;

    @Test
    void theCorrectTwinsPassTenMinutes() throws Exception {
        Target java = Target.of("the toy in Java", () -> new ToyAllocator(Fault.NONE));
        String c = CToy.build(folder, 0) + CToy.PREFIX;
        List<Campaign> campaigns = Stream.of(Campaign.inProcess(java).withThreads(3), Campaign.of(c).withThreads(4))
                .map(campaign -> campaign.withSeed(5).withTime(TEN_MINUTES)).toList();
        try (ExecutorService side = Executors.newCachedThreadPool()) {
            List<Callable<List<Finding>>> runs = campaigns.stream().map(campaign -> (Callable<List<Finding>>) campaign::run).toList();
            for (Future<List<Finding>> findings : side.invokeAll(runs)) {
                assertThat(findings.get()).isEmpty();
            }
        }
        campaigns.forEach(campaign -> System.out.printf("%,d operations%n", campaign.statistics().operations()));
    }
}
