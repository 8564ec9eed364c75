package dev.banos.fuzz;

import static dev.banos.fuzz.Law.AVAILABILITY;
import static dev.banos.fuzz.Law.BOUNDED_MEMORY;
import static dev.banos.fuzz.Law.CALLOC_IS_ZERO;
import static dev.banos.fuzz.Law.CONTENTS;
import static dev.banos.fuzz.Law.FOOTPRINT;
import static dev.banos.fuzz.Law.NO_CRASH;
import static dev.banos.fuzz.Law.NO_HANG;
import static dev.banos.fuzz.Law.OVERLAP;
import static dev.banos.fuzz.Law.REALLOC_KEEPS_PREFIX;
import static dev.banos.fuzz.Law.STAYS_MAPPED;
import static dev.banos.fuzz.Law.UNMAPS_ITS_OWN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.fuzz.mutants.CToy;
import dev.banos.testing.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Faults of a shared library, where a failure may be a crash, a hang or an explosion of memory of the child process. */
class CMutantsTest {
    static final int FAULTS = 15;
    private static final int SHORT = 8;

    @TempDir
    Path folder;

    /** The laws by which each fault of toy.c may show first. */
    static Set<Law> laws(int fault) {
        return switch (fault) {
            case 1, 10 -> Set.of(UNMAPS_ITS_OWN, NO_CRASH, STAYS_MAPPED, NO_HANG, CONTENTS, FOOTPRINT);
            case 2 -> Set.of(FOOTPRINT);
            case 5 -> Set.of(NO_HANG);
            case 6 -> Set.of(BOUNDED_MEMORY);
            case 7 -> Set.of(CONTENTS, OVERLAP, NO_CRASH, NO_HANG, STAYS_MAPPED, CALLOC_IS_ZERO, REALLOC_KEEPS_PREFIX);
            case 8 -> Set.of(REALLOC_KEEPS_PREFIX);
            case 9 -> Set.of(OVERLAP, CONTENTS, NO_CRASH);
            case 11 -> Set.of(CONTENTS, OVERLAP, NO_CRASH, NO_HANG, CALLOC_IS_ZERO, REALLOC_KEEPS_PREFIX, AVAILABILITY, FOOTPRINT);
            case 13 -> Set.of(NO_CRASH, STAYS_MAPPED);
            case 14 -> Set.of(OVERLAP, CONTENTS, CALLOC_IS_ZERO);
            case 15 -> Set.of(NO_CRASH, AVAILABILITY);
            default -> Set.of(NO_CRASH);
        };
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 8, 9, 12, 13, 14, 15})
    void aFaultIsFoundAndShrunk(int fault) throws Exception {
        requireFound(fault);
    }

    @ParameterizedTest
    @Tag("campaign")
    @ValueSource(ints = {1, 2, 5, 6, 7, 10, 11})
    void aFaultThatTakesTimeToShowIsFoundAndShrunk(int fault) throws Exception {
        requireFound(fault);
    }

    private void requireFound(int fault) throws Exception {
        List<Finding> findings = Campaign.of(CToy.build(folder, fault) + CToy.PREFIX).withCorpus(Corpus.programs()).withSeed(1).withThreads(2)
                .withTime(Duration.ofSeconds(60)).run();
        assertThat(findings).hasSize(1);
        Finding finding = findings.getFirst();
        assertThat(laws(fault)).as(finding.toString()).contains(finding.violation().law());
        assertThat(finding.program().length()).as(finding.toString()).isLessThanOrEqualTo(SHORT);
    }

    @Test
    void theCorrectTwinPasses() throws Exception {
        assertThat(Campaign.of(CToy.build(folder, 0) + CToy.PREFIX).withThreads(2).withTime(Duration.ofSeconds(3)).run())
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anObjectIsATargetWhetherADriverOrNot(boolean driver) throws Exception {
        assertThat(Campaign.of(CToy.buildObject(folder, 0, driver) + CToy.PREFIX).withTries(200).run()).isEmpty();
        List<Finding> findings = Campaign.of(CToy.buildObject(folder, 8, driver) + CToy.PREFIX).withTries(2000).run();
        assertThat(findings).singleElement()
                .satisfies(finding -> assertThat(finding.violation().law()).isEqualTo(REALLOC_KEEPS_PREFIX));
    }

    @Test
    void anObjectWithoutTheFunctionsIsNamed() throws Exception {
        String object = CToy.buildObject(folder, 0, false).toString();
        assertThatThrownBy(() -> Target.parse(object + ":no_such_")).isInstanceOf(TargetException.class)
                .hasMessageContaining("it has no function no_such_malloc; nm lists").hasMessageNotContaining("\n");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 8, 9, 10, 13, 14, 15})
    void equalSeedsGiveEqualFindings(int fault) throws Exception {
        requireTheSameTwice(fault, Corpus.programs());
    }

    /** Without the one whose failure is not its own to decide: which thread is first (11). */
    @ParameterizedTest
    @Tag("campaign")
    @ValueSource(ints = {2, 5, 6, 7, 12})
    void equalSeedsGiveEqualFindingsOfWhatTakesTime(int fault) throws Exception {
        requireTheSameTwice(fault, Corpus.programs());
    }

    /** What a free tears up may be the process's own, which then ends sooner or later: by luck, unless found in a replay first. */
    @ParameterizedTest
    @ValueSource(ints = {1, 10})
    void equalSeedsGiveEqualFindingsAlsoWhereTheProcessIsTornUp(int fault) throws Exception {
        requireTheSameTwice(fault, List.of());
    }

    @ParameterizedTest
    @Tag("campaign")
    @ValueSource(ints = {1, 10})
    void equalSeedsGiveEqualFindingsWhicheverTheSeedIs(int fault) throws Exception {
        for (long seed = 100; seed < 115; seed++) {
            requireTheSameTwice(fault, List.of(), seed);
        }
    }

    private void requireTheSameTwice(int fault, List<Program> corpus) throws Exception {
        requireTheSameTwice(fault, corpus, 3);
    }

    private void requireTheSameTwice(int fault, List<Program> corpus, long seed) throws Exception {
        String target = CToy.build(folder, fault) + CToy.PREFIX;
        String once = Campaign.of(target).withCorpus(corpus).withSeed(seed).withThreads(2).run().getFirst().toString();
        assertThat(Campaign.of(target).withCorpus(corpus).withSeed(seed).withThreads(2).run()).singleElement().hasToString(once);
    }

    /** A realloc that moves a block frees where it was. */
    @Test
    void aReallocThatUnmapsTooMuchIsSeenInAReplay() throws Exception {
        Program program = Program.parse("b0 = malloc(100000)\nb0 = realloc(b0, 93)\nfree(b0)\n");
        String target = CToy.build(folder, 1) + CToy.PREFIX;
        Violation violation = new Violation(UNMAPS_ITS_OWN, 1, "");
        assertThat(Campaign.of(target).replay(new Finding(target, 1, 0, program, violation, "LOCKSTEP", 1, 3, true)))
                .hasValueSatisfying(finding -> {
                    assertThat(finding.violation().law()).isEqualTo(UNMAPS_ITS_OWN);
                    assertThat(finding.violation().details()).contains("the realloc of b0 (100000 bytes)");
                });
    }

    @Test
    void theReportHoldsAProgramInCThatShowsTheFaultWithoutJava() throws Exception {
        Path library = CToy.build(folder, 8);
        Finding finding = Campaign.of(library + CToy.PREFIX).withSeed(1).run().getFirst();
        ReportFolder report = new ReportFolder(folder.resolve("report"));
        report.write(finding);
        assertThat(report.read()).singleElement().hasToString(finding.toString());

        assertThat(runReport(library)).as("the broken library").isEqualTo(1);
        Files.copy(CToy.build(folder, 0), library, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThat(runReport(library)).as("the correct one").isZero();
    }

    /** Four operations that lose a block once in a hundred rounds or more: as found, as text, and as a program in C. */
    @Test
    void aRaceIsLostAgainByItsReport() throws Exception {
        Path library = CToy.build(folder, 11);
        Program program = Program.parse("b0 = malloc(100)\nthread 1: free(b0)\nb1 = malloc(100)\nfree(b1)\n");
        Finding finding = new Finding(library + CToy.PREFIX, 1, 0, program, new Violation(CONTENTS, 3, "b1 changed"), "RACED", 1_000_000, 4, true);
        ReportFolder report = new ReportFolder(folder.resolve("report"));
        report.write(finding);
        Finding read = report.read().getFirst();
        assertThat(read).isEqualTo(new Finding(read.target(), 1, 0, read.program(), finding.violation(), "RACED", 1_000_000, 4, true));
        assertThat(Campaign.of(finding.target()).replay(read)).hasValueSatisfying(again ->
                assertThat(laws(11)).as(again.toString()).contains(again.violation().law()));

        assertThat(runReport(library)).as("the broken library").isNotZero(); // by exit or by signal
    }

    /** Whoever reads a report has a compiler of her own. */
    @ParameterizedTest
    @ValueSource(strings = {"gcc", "clang"})
    void theProgramOfAReportIsCompiledWithoutWarning(String compiler) throws Exception {
        Program program = Program.parse("b0 = malloc(100)\nthread 1: free(b0)\n");
        new ReportFolder(folder.resolve("report")).write(new Finding(CToy.build(folder, 0) + CToy.PREFIX, 1, 0, program,
                new Violation(CONTENTS, 1, "b0 changed"), "RACED", 10, 2, true));
        CToy.compile(compiler, List.of("-Wall", "-Wextra", "-Werror", "-c", "-o", folder.resolve("report.o").toString(),
                sourceOfReport().toString()));
    }

    /** What ends a process, or would never, is told with the step, as the fuzzer tells it. */
    @ParameterizedTest
    @CsvSource({"*(volatile int *)8 = 1, -g, step 1: NO_CRASH: SIGSEGV", "abort(), -g, step 1: NO_CRASH: SIGABRT",
        "exit(0), -g, step 1: NO_CRASH: exit() was called", "for (;;), -DLOOKS_OF_A_HANG=10, step 1: NO_HANG: no return",
        "'for (;;) memset(malloc(1 << 20), 1, 1 << 20)', -DMOST_PAGES=16384, step 1: BOUNDED_MEMORY: the process took far more memory than is live"})
    void theProgramOfAReportIsNotSilent(String fault, String option, String said) throws Exception {
        Path source = Files.writeString(folder.resolve("ending.c"), """
                #include <stdlib.h>
                #include <string.h>
                void *x_malloc(size_t n) { return malloc(n); }
                void *x_calloc(size_t m, size_t n) { return calloc(m, n); }
                void *x_realloc(void *p, size_t n) { return realloc(p, n); }
                void x_free(void *p) { %s; free(p); }
                """.formatted(fault));
        Path library = folder.resolve("ending.so");
        CToy.compile(List.of("-O0", "-w", "-shared", "-fPIC", "-o", library.toString(), source.toString()));
        Program program = Program.parse("b0 = malloc(100)\nfree(b0)\n");
        new ReportFolder(folder.resolve("report")).write(new Finding(library + ":x_", 1, 0, program, new Violation(NO_CRASH, 1, ""),
                "LOCKSTEP", 1, 2, true));
        Path report = folder.resolve("reproduce");
        CToy.compile(List.of(option, "-o", report.toString(), sourceOfReport().toString(), library.toString(), "-lpthread"));
        ChildProcess ended = ChildProcess.run(List.of(report.toString()));
        assertThat(ended.output()).isEqualTo(said + "\n");
    }

    private Path sourceOfReport() throws IOException {
        try (var files = Files.list(folder.resolve("report"))) {
            return files.filter(file -> file.toString().endsWith(".c")).findFirst().orElseThrow();
        }
    }

    private int runReport(Path library) throws Exception {
        Path source = sourceOfReport();
        Path program = folder.resolve("reproduce");
        CToy.compile(List.of("-g", "-o", program.toString(), source.toString(), library.toString(), "-lpthread"));
        return ChildProcess.run(List.of(program.toString())).status();
    }
}
