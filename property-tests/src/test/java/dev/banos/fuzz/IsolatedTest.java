package dev.banos.fuzz;

import static dev.banos.fuzz.Law.CALLOC_IS_ZERO;
import static dev.banos.fuzz.Law.CONTENTS;
import static dev.banos.fuzz.Law.NO_CRASH;
import static dev.banos.fuzz.Law.OVERLAP;
import static dev.banos.fuzz.Law.REALLOC_KEEPS_PREFIX;
import static dev.banos.fuzz.Law.STAYS_MAPPED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.fuzz.mutants.CToy;
import dev.banos.testing.ChildProcess;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Allocators that take the place of a process's malloc, held to the laws by a program in C. */
class IsolatedTest {
    @TempDir
    Path folder;

    @Test
    void muslKeepsTheLaws() throws InterruptedException {
        assumeTrue(ChildProcess.isInstalled("musl-gcc"), "no musl-gcc (Debian: musl-tools)");
        List<Finding> findings = Campaign.of("musl").withCorpus(Corpus.programs()).withSeed(1).withThreads(3).withTries(192).run();
        assertThat(findings).as(findings.toString()).isEmpty();
    }

    @Test
    void theCorrectTwinPasses() throws Exception {
        Campaign campaign = campaign(0).withTries(192);
        List<Finding> findings = campaign.run();
        assertThat(findings).as(findings.toString()).isEmpty();
        assertThat(campaign.statistics().tries()).isEqualTo(192);
        assertThat(campaign.statistics().operations()).isGreaterThan(10_000);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 8, 9, 12, 13, 14, 15})
    void aFaultIsFoundShrunkAndFoundAgain(int fault) throws Exception {
        Finding finding = campaign(fault).run().getFirst();
        assertThat(laws(fault)).as(finding.toString()).contains(finding.violation().law());
        assertThat(finding.program().length()).as(finding.toString()).isLessThanOrEqualTo(8);
        assertThat(campaign(fault).run()).singleElement().hasToString(finding.toString());
    }

    private Campaign campaign(int fault) throws Exception {
        return Campaign.of("preload:" + CToy.buildMalloc(folder, fault)).withCorpus(Corpus.programs()).withSeed(1).withThreads(2);
    }

    /** The laws by which each fault of {@code toy.c} may show first. */
    private static Set<Law> laws(int fault) {
        return switch (fault) {
            case 8 -> Set.of(REALLOC_KEEPS_PREFIX);
            case 9 -> Set.of(OVERLAP, CONTENTS, NO_CRASH);
            case 13 -> Set.of(NO_CRASH, STAYS_MAPPED);
            case 14 -> Set.of(OVERLAP, CONTENTS, CALLOC_IS_ZERO);
            case 15 -> Set.of(NO_CRASH, Law.AVAILABILITY);
            default -> Set.of(NO_CRASH);
        };
    }

    @Test
    void aRaceIsLostAgainWhereThereIsOne() throws Exception {
        assertThat(race(11, 1_000_000)).as("lost again").isPresent();
        assertThat(race(0, 20_000)).as("the correct twin").isEmpty();
    }

    private Optional<Finding> race(int fault, int rounds) throws Exception {
        Program program = Program.parse("b0 = malloc(100)\nthread 1: free(b0)\nb1 = malloc(100)\nfree(b1)\n");
        String target = "preload:" + CToy.buildMalloc(folder, fault);
        return Campaign.of(target).replay(new Finding(target, 1, 0, program, new Violation(CONTENTS, 3, ""), "RACED", rounds, 4, true));
    }

    @Test
    void aLibraryThatCannotBePreloadedIsOneLine() {
        assumeTrue(ChildProcess.isInstalled("cc"), "no C compiler (cc) on this machine");
        assertThatThrownBy(() -> Campaign.of("preload:/absent.so").withTries(1).run()).isInstanceOf(TargetException.class)
                .hasMessageContaining("preload:/absent.so: cannot be loaded").hasMessageNotContaining("\n");
    }

    /** The C library's would stand in, and know nothing of the library's blocks. */
    @Test
    void functionsThatTheLibraryLacksAreLeftOut() throws Exception {
        Path library = CToy.buildMalloc(folder, 0, List.of("malloc", "calloc", "realloc", "free"));
        Campaign campaign = Campaign.of("preload:" + library).withCorpus(Corpus.programs()).withSeed(1).withThreads(2).withTries(96);
        List<Finding> findings = campaign.run();
        assertThat(findings).as(findings.toString()).isEmpty();
        assertThat(campaign.statistics().text()).contains("aligned 0  free");
    }

    @Test
    void aLibraryThatIsNoMallocIsOneLine() throws Exception {
        Path none = CToy.buildMalloc(folder, 0, List.of());
        assertThatThrownBy(() -> Campaign.of("preload:" + none).withTries(1).run()).isInstanceOf(TargetException.class)
                .hasMessage("preload:" + none + ": it has no function malloc, which the C library's would stand in for");
        Path half = CToy.buildMalloc(folder, 0, List.of("malloc", "calloc", "free"));
        assertThatThrownBy(() -> Campaign.of("preload:" + half).withTries(1).run()).isInstanceOf(TargetException.class)
                .hasMessageContaining("it has no function realloc");
    }

    @Test
    void whatRunsOnlyInItsOwnProcessSaysSo() {
        assertThatThrownBy(() -> Target.parse("musl")).isInstanceOf(TargetException.class)
                .hasMessage("musl: runs only in a process of its own: banos fuzz --target musl");
    }

    @Test
    void aCompilerThatIsAbsentIsNamedWithItsPackage() {
        Isolated absent = new Isolated("musl", List.of("no-such-compiler"), null);
        assertThatThrownBy(() -> absent.compile(folder)).isInstanceOf(TargetException.class)
                .hasMessage("musl: needs no-such-compiler (Debian: apt-get install musl-tools)");
    }
}
