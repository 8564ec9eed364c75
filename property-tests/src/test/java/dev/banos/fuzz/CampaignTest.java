package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.fuzz.mutants.Fault;
import dev.banos.fuzz.mutants.ToyAllocator;
import dev.banos.fuzz.program.Coverage;
import dev.banos.fuzz.program.Mode;
import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.ProgramText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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
    void withNoTimeToShrinkAFindingKeepsAllThatItDidUntilItFailed() {
        Finding shrunk = campaign(Fault.ERRNO_NOT_SET).withTries(200).run().getFirst();
        Finding cut = campaign(Fault.ERRNO_NOT_SET).withTries(200).withShrinkTime(Duration.ZERO).run().getFirst();
        assertThat(cut.tryNumber()).isEqualTo(shrunk.tryNumber());
        assertThat(cut.reproduced()).isTrue();
        assertThat(cut.violation().law()).isEqualTo(Law.ERRNO);
        assertThat(cut.program().length()).isGreaterThan(shrunk.program().length());
    }

    @Test
    void aCampaignSaysWhetherTimeEndedItsSearchForAShorterProgram() {
        Campaign whole = campaign(Fault.ERRNO_NOT_SET).withTries(200);
        Campaign cut = campaign(Fault.ERRNO_NOT_SET).withTries(200).withShrinkTime(Duration.ZERO);
        assertThat(whole.run()).hasSameSizeAs(cut.run());
        assertThat(whole.isCutShort()).isFalse();
        assertThat(cut.isCutShort()).isTrue();
    }

    @Test
    void aNegativeTimeToShrinkIsRefused() {
        Campaign campaign = campaign(Fault.ERRNO_NOT_SET);
        assertThatThrownBy(() -> campaign.withShrinkTime(Duration.ofSeconds(-1)))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("time=PT-1S is negative");
    }

    /** A false alarm is what fails once and not again; three of them must not hide the leak that is there. */
    @Test
    void falseAlarmsHideNoFinding() {
        Scripted runner = new Scripted(Law.FOOTPRINT, false);
        runner.alarms = 4;
        assertThat(runner.campaign().run()).singleElement().satisfies(finding -> {
            assertThat(finding.violation().law()).isEqualTo(Law.FOOTPRINT);
            assertThat(finding.tryNumber()).isEqualTo(4);
        });
    }

    @Test
    void aSuspicionIsAFindingOnlyIfAReplayInOrderConfirmsIt() {
        Scripted innocent = new Scripted(Law.UNMAPS_ITS_OWN, true);
        innocent.alarms = Integer.MAX_VALUE;
        assertThat(innocent.campaign().run()).isEmpty();
        assertThat(innocent.trusted).isTrue();
        assertThat(innocent.tries).as("tries until it was trusted").isEqualTo(1);

        Scripted guilty = new Scripted(Law.UNMAPS_ITS_OWN, true);
        assertThat(guilty.campaign().run()).singleElement()
                .satisfies(finding -> assertThat(finding.violation().law()).isEqualTo(Law.UNMAPS_ITS_OWN));
        assertThat(guilty.trusted).isFalse();
    }

    /** Each of its tries breaks the law, or is suspected to; alone, a program breaks it once there were enough false alarms. */
    private static final class Scripted implements Runner {
        private static final Operations PROGRAM = ProgramText.parse("b0 = malloc(1)\n");
        private final Violation violation;
        private final boolean suspects;
        private int alarms;
        private int tries;
        private boolean trusted;
        private Runnable replayed = () -> { };

        Scripted(Law law, boolean suspects) {
            violation = new Violation(law, 0, "");
            this.suspects = suspects;
        }

        Campaign campaign() {
            return new Campaign(Target.of("glibc"), (settings, example) -> this).withTries(64);
        }

        @Override
        public Failure tries(long first, int count) {
            if (trusted) {
                return null;
            }
            tries++;
            return new Failure(violation, first, PROGRAM, Mode.LOCKSTEP, suspects);
        }

        @Override
        public Violation replay(Operations program, Mode mode) {
            replayed.run();
            return tries > alarms ? violation : null;
        }

        @Override
        public Violation race(Operations program, int rounds) {
            return null;
        }

        @Override
        public int roundsOfRace() {
            return 0;
        }

        @Override
        public Operations history(long first, long last) {
            return PROGRAM;
        }

        @Override
        public void waive(Law law) {
            throw new IllegalStateException("law=" + law);
        }

        @Override
        public void trust() {
            trusted = true;
        }

        @Override
        public long[] takeCoverage() {
            return new long[Coverage.COUNTERS];
        }

        @Override
        public void close() {
            // it holds nothing
        }
    }

    @Test
    void anExceptionOfACloseIsAFinding() {
        Campaign campaign = Campaign.inProcess(Target.of("unclosable", () -> new ToyAllocator(Fault.NONE) {
            @Override
            public void close() {
                super.close();
                throw new IllegalStateException("cannot close");
            }
        })).withTries(200);
        assertThat(campaign.run()).singleElement().satisfies(finding -> {
            assertThat(finding.violation().law()).isEqualTo(Law.NO_EXCEPTION);
            assertThat(finding.violation().details()).isEqualTo("closing it threw java.lang.IllegalStateException: cannot close");
            assertThat(finding.program().length()).isZero();
        });
    }

    @Test
    void someProgramsAreTriedHoweverLittleTimeThereIs() {
        Campaign campaign = campaign(Fault.NONE).withTime(Duration.ofNanos(1));
        assertThat(campaign.run()).isEmpty();
        assertThat(campaign.statistics().tries()).isPositive();
    }

    /** To shrink it takes minutes, in which a signal may end the process. */
    @Test
    void whatIsStoppedWhileItIsShrunkIsAFindingAllTheSame() {
        Scripted runner = new Scripted(Law.OVERLAP, false);
        Campaign campaign = runner.campaign();
        List<Finding> meanwhile = new ArrayList<>();
        runner.replayed = () -> {
            campaign.stop();
            meanwhile.addAll(campaign.findings());
        };
        assertThat(campaign.run()).isEqualTo(meanwhile.subList(0, 1)).singleElement().satisfies(finding -> {
            assertThat(finding.violation().law()).isEqualTo(Law.OVERLAP);
            assertThat(finding.reproduced()).isFalse();
        });
    }

    @Test
    void anyTimeIsAccepted() {
        Campaign campaign = campaign(Fault.NONE).withTries(1).withTime(Duration.ofHours(999_999_999));
        assertThat(campaign.run()).isEmpty();
        assertThat(campaign.statistics().tries()).isEqualTo(1);
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
