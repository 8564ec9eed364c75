package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.fuzz.mutants.Fault;
import dev.banos.fuzz.mutants.ToyAllocator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CampaignTest {
    private static final Path STATUS = Path.of("/proc/self/statm");
    private static final long PAGE = 4096;
    private static final long ROOM = 48L << 20;

    private static Campaign campaign(Fault fault) {
        return Campaign.inProcess(Target.of(fault.name(), () -> new ToyAllocator(fault))).withSeed(1);
    }

    @Test
    void afterAWrongErrnoACampaignThatKeepsGoingLooksForOtherThings() {
        Campaign campaign = campaign(Fault.ERRNO_NOT_SET).keepGoing().withTries(200);
        assertThat(campaign.run()).singleElement().satisfies(finding -> assertThat(finding.violation().law()).isEqualTo(Law.ERRNO));
        assertThat(campaign.statistics().tries()).isEqualTo(200);
    }

    @Test
    void eachFindingIsToldAtOnceAndNoneOnceItIsStopped() {
        List<Finding> told = new ArrayList<>();
        Campaign campaign = campaign(Fault.ERRNO_NOT_SET).keepGoing().withTries(200);
        campaign.withFindingListener(finding -> {
            assertThat(campaign.findings()).containsExactly(finding);
            told.add(finding);
            campaign.stop();
        });
        assertThat(campaign.run()).isEqualTo(told).hasSize(1);
        assertThat(campaign.statistics().tries()).isLessThan(200);
    }

    @Test
    void shardsShareTheTriesOfOneSeed() {
        long together = 0;
        for (int shard = 0; shard < 4; shard++) {
            Campaign campaign = campaign(Fault.NONE).withShard(shard, 4).withTries(16);
            assertThat(campaign.run()).isEmpty();
            together += campaign.statistics().tries();
        }
        assertThat(together).isEqualTo(64);
    }

    /** Four times the work takes no more memory. */
    @Test
    void theFuzzersOwnFootprintIsBounded() throws IOException {
        run(300);
        long before = residentBytes();
        run(1200);
        assertThat(residentBytes() - before).isLessThan(ROOM);
    }

    private static void run(long tries) {
        List<Finding> findings = Campaign.inProcess(Target.of("banos:own")).withSeed(3).withThreads(2).withTries(tries).run();
        assertThat(findings).as(findings.toString()).isEmpty();
    }

    private static long residentBytes() throws IOException {
        System.gc();
        return Long.parseLong(Files.readString(STATUS).split(" ")[1]) * PAGE;
    }
}
