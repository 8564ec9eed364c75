package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.fuzz.mutants.Fault;
import dev.banos.fuzz.mutants.ToyAllocator;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A fuzzer is worth what it finds: each fault of a small allocator is found and shrunk, and its correct twin passes. */
class JavaMutantsTest {
    private static final int SHORT = 8;
    private static final int THREADS = 3;
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private static Campaign campaign(Fault fault) {
        ToyAllocator.takeBackForgotten();
        return Campaign.inProcess(Target.of(fault.name(), () -> new ToyAllocator(fault))).withSeed(1).withThreads(THREADS);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void everyFaultIsFoundAndShrunk(Fault fault) {
        List<Finding> findings = campaign(fault).withTime(MINUTE).run();
        assertThat(findings).hasSize(1);
        Finding finding = findings.getFirst();
        assertThat(fault.laws()).as(finding.toString()).contains(finding.violation().law());
        assertThat(finding.reproduced()).as(finding.toString()).isTrue();
        assertThat(finding.program().length()).as(finding.toString()).isLessThanOrEqualTo(SHORT);
        assertThat(finding.toString().lines().count()).as("one screen").isLessThan(30);
        if (finding.violation().law() != Law.FOOTPRINT) {
            requireTheSameAgain(fault, finding);
        }
    }

    @ParameterizedTest
    @Tag("campaign")
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void equalSeedsGiveEqualFindings(Fault fault) {
        for (long seed = 2; seed < 5; seed++) {
            requireTheSameAgain(fault, campaign(fault).withSeed(seed).withTime(MINUTE).run().getFirst());
        }
    }

    private static void requireTheSameAgain(Fault fault, Finding finding) {
        assertThat(campaign(fault).withSeed(finding.seed()).withTime(MINUTE).run()).singleElement()
                .hasToString(finding.toString());
    }

    @Test
    void eachLawIsBrokenBySomeFault() {
        EnumSet<Law> broken = EnumSet.noneOf(Law.class);
        Stream.of(Fault.values()).forEach(fault -> broken.addAll(fault.laws()));
        IntStream.rangeClosed(1, CMutantsTest.FAULTS).forEach(fault -> broken.addAll(CMutantsTest.laws(fault)));
        assertThat(broken).containsExactlyInAnyOrder(Law.values());
    }

    @Test
    void anAlignmentIsTheNumberThatTheProgramHas() {
        try (ToyAllocator toy = new ToyAllocator(Fault.BAD_ALIGNMENT_SERVED)) {
            assertThatThrownBy(() -> Program.parse("misaligned(18446744073709551615)\n").requireLawful(toy))
                    .isInstanceOf(AssertionError.class).hasMessageContaining("the alignment 18446744073709551615 was served");
        }
    }

    @Test
    void theCorrectTwinPasses() {
        assertThat(campaign(Fault.NONE).withTime(Duration.ofSeconds(3)).run()).isEmpty();
    }
}
