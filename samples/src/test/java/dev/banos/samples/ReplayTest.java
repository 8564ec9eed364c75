package dev.banos.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.fuzz.Program;
import dev.banos.testing.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The recorded trace runs on Banos and on the C library, and Banos gives back what it took. */
class ReplayTest {
    private static final Path TRACE = Path.of("traces/git.mtrace.gz");
    private static final long OPERATIONS = 160_223;
    private static final long PEAK_LIVE_BYTES = 12_699_671;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"banos", "glibc"})
    void replaysAndVerifies(String target) {
        Run run = Run.of("replay", "--json", "--target", target, TRACE.toString());
        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(number(run, "operations")).isEqualTo(OPERATIONS);
        assertThat(number(run, "peakLiveBytes")).isEqualTo(PEAK_LIVE_BYTES);
        assertThat(number(run, "peak")).isGreaterThan(number(run, "before"));
    }

    @Test
    void residentSizeReturnsAfterTheFrees() {
        Run run = Run.of("replay", "--json", TRACE.toString());
        assertThat((double) number(run, "afterTrim")).isLessThan(1.10 * number(run, "before"));
    }

    @Test
    void printsForPeople() {
        assertThat(Run.of("replay", TRACE.toString()).out())
                .contains("target     banos", "160,223 operations", "verified", " ns an operation", "footprint", "resident");
    }

    @Test
    void anEmptyTraceIsNotMeasured() throws IOException {
        Path empty = folder.resolve("empty.mtrace.gz");
        Program.parse("").toTrace().write(empty);
        Run replay = Run.of("replay", empty.toString());
        assertThat(replay).isEqualTo(new Run(1, "", "banos replay: " + empty + ": it holds no operations\n"));
        Path page = folder.resolve("map.html");
        assertThat(Run.of("heapmap", empty.toString(), "-o", page.toString()).err()).contains("it holds no operations").hasLineCount(1);
        assertThat(page).doesNotExist();
    }

    @Test
    void aTraceOfOneCallIsNotRepeatedForEver() throws IOException {
        Path one = folder.resolve("one.mtrace.gz");
        Program.parse("b0 = malloc(100)").toTrace().write(one);
        Run run = Run.of("replay", "--json", one.toString());
        assertThat(run.status()).as(run.err()).isZero();
        assertThat(number(run, "rounds")).isBetween(11L, 1L << 20);
    }

    @Test
    void emptyBlocksHaveNoRatio() throws IOException {
        Path empty = Files.createDirectory(folder.resolve("a\u001b[7m")).resolve("z\u001b[7m.mtrace.gz");
        Program.parse("b0 = malloc(0)\nfree(b0)").toTrace().write(empty);
        Run run = Run.of("replay", empty.toString());
        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.out()).contains("footprint", "z?[7m.mtrace.gz").doesNotContain("Infinity", "NaN", "times the live bytes", "\u001b");

        Run map = Run.of("heapmap", empty.toString(), "-o", folder.resolve("m\u001b[7m.html").toString());
        assertThat(map.out()).contains("m?[7m.html").doesNotContain("\u001b");
    }

    @Test
    void aDamagedTraceIsNamed() throws IOException {
        byte[] whole = Files.readAllBytes(TRACE);
        Path damaged = Files.write(folder.resolve("half.mtrace.gz"), Arrays.copyOf(whole, whole.length / 2));
        Run run = Run.of("replay", damaged.toString());
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).contains(damaged.toString()).hasLineCount(1);
    }

    /** The names of files stay on their line, the program has its own. */
    @Test
    void aBrokenLawIsShownInLines() throws Exception {
        assumeTrue(ChildProcess.isInstalled("gcc"), "skipped: gcc is not installed");
        Path source = Files.writeString(folder.resolve("one.c"), """
                static char block[4096] __attribute__((aligned(64))); /* for everybody */
                void *p_malloc(unsigned long n) { (void)n; return block; }
                void *p_calloc(unsigned long n, unsigned long m) { (void)n; (void)m; return block; }
                void *p_realloc(void *p, unsigned long n) { (void)n; return p; }
                void p_free(void *p) { (void)p; }
                """);
        Path object = folder.resolve("one.o");
        ChildProcess.run(List.of("gcc", "-c", source.toString(), "-o", object.toString())).succeeded();
        Path trace = folder.resolve("t\u001b[7m.mtrace.gz");
        Program.parse("b0 = malloc(100)\nb1 = malloc(200)\nfree(b0)").toTrace().write(trace);
        Run run = Run.of("replay", "--target", object + ":p_", trace.toString());
        assertThat(run.status()).as(run.err()).isEqualTo(1);
        assertThat(run.err()).contains("t?[7m.mtrace.gz: ", " breaks a law: ").containsPattern("(?m)^ +b0 = malloc\\(100\\)").doesNotContain("\u001b");
    }

    private static long number(Run run, String name) {
        Matcher number = Pattern.compile("\"" + name + "\": (\\d+)").matcher(run.out());
        assertThat(number.find()).as(name + " in " + run.out()).isTrue();
        return Long.parseLong(number.group(1));
    }
}
