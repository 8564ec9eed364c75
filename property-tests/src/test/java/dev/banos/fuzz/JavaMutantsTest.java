package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.fuzz.mutants.Fault;
import dev.banos.fuzz.mutants.ToyAllocator;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A fuzzer is worth what it finds: each fault of a small allocator is found and shrunk, and its correct twin passes. */
class JavaMutantsTest {
    private static final int SHORT = 8;
    private static final int THREADS = 3;

    private static Campaign campaign(Fault fault) {
        return Campaign.inProcess(Target.of(fault.name(), () -> new ToyAllocator(fault))).withSeed(1).withThreads(THREADS);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void everyFaultIsFoundAndShrunk(Fault fault) {
        List<Finding> findings = campaign(fault).withTime(Duration.ofSeconds(60)).run();
        assertThat(findings).hasSize(1);
        Finding finding = findings.getFirst();
        assertThat(fault.laws()).as(finding.toString()).contains(finding.violation().law());
        assertThat(finding.reproduced()).as(finding.toString()).isTrue();
        assertThat(finding.program().length()).as(finding.toString()).isLessThanOrEqualTo(SHORT);
        assertThat(finding.toString().lines().count()).as("one screen").isLessThan(30);
    }

    @Test
    void theCorrectTwinPasses() {
        assertThat(campaign(Fault.NONE).withTime(Duration.ofSeconds(3)).run()).isEmpty();
    }

    @Test
    @Tag("campaign")
    void theCorrectTwinPassesTenMinutes() {
        assertThat(campaign(Fault.NONE).withTime(Duration.ofMinutes(10)).run()).isEmpty();
    }
}
