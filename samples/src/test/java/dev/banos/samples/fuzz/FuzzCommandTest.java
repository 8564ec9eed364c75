package dev.banos.samples.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.samples.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FuzzCommandTest {
    private static final String FINDING = """
            # target: libmimalloc.so.2:mi_
            # law: ERRNO
            # operation: 0
            # details: b0: errno not set
            # seed: 1
            # try: 0
            # mode: LOCKSTEP
            # rounds: 1
            # original: 1
            # reproduced: true
            b0 = malloc(18446744073709551615)
            """;

    @TempDir
    Path folder;

    private static Run run(String... args) {
        return Run.of(Stream.concat(Stream.of("fuzz"), Stream.of(args)).toArray(String[]::new));
    }

    @ParameterizedTest
    @CsvSource({
        "--target nope, unknown target nope; a target is one of",
        "--target absent.so, absent.so: cannot be loaded",
        "--target class:java.lang.Object, does not implement dev.banos.fuzz.AllocatorUnderTest",
        "--tries x, --tries x: not a number", "--tries 0, --tries 0: not from 1 on",
        "--threads 9, --threads 9: not from 1 to 8",
        "--time soon, --time soon: give a number with ms",
        "--time 0s, --time 0s: no program would run",
        "--shrink never, --shrink never: give a number with ms",
        "--merge --replay f.program folder, --merge and --replay: give one of them",
        "--target preload:./x.so:p_, preload:./x.so:p_: give preload:LIB.so",
        "--shard 4/4, --shard 4/4: give I/N",
        "--from /absent.mtrace.gz, /absent.mtrace.gz: no such file",
        "--merge /absent, /absent: no readable folder",
        "--replay /absent.program, /absent.program: not a finding",
        "--target preload:/absent.so, preload:/absent.so: cannot be loaded",
        "--report /dev/null, /dev/null: is no folder",
        "--report /dev/null/findings, cannot be written",
        "--trace-out /absent/t.mtrace.gz, cannot be written",
        "--trace-out /tmp, /tmp: is a folder",
        "--frobnicate, unrecognized option '--frobnicate'",
        "surplus, unexpected argument surplus"})
    void wrongUsageIsOneLineAndStatus2(String line, String message) {
        Run run = run(line.split(" "));
        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).startsWith("banos fuzz: ").contains(message).hasLineCount(1);
        assertThat(run.out()).isEmpty();
    }

    @Test
    void namesCommandNoTerminal() throws IOException {
        Path report = folder.resolve("r\u001b[7m");
        Path found = Files.createDirectory(folder.resolve("found"));
        Files.writeString(found.resolve("f.program"), FINDING);
        Run run = run("--merge", found.toString(), "--report", report.toString());
        assertThat(run.out()).contains("written to " + folder.resolve("r?[7m")).doesNotContain("\u001b");
    }

    @Test
    void damagedTracesAreOneLine() throws IOException {
        Path trace = Files.writeString(folder.resolve("t.mtrace.gz"), "no trace");
        Run run = run("--from", trace.toString());
        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).contains("t.mtrace.gz: not a whole gzip file").hasLineCount(1);
    }

    @Test
    void aLawfulTargetIsStatus0() {
        Run run = run("--target", "banos", "--tries", "64", "--threads", "2");
        assertThat(run.status()).as(run.toString()).isZero();
        assertThat(run.out()).contains("64 tries").endsWith("no law broke\n");
    }

    @Test
    void aFindingIsReplayedAsItWasFound() throws IOException {
        Path finding = Files.writeString(folder.resolve("f.program"), FINDING);
        assertThat(run("--replay", finding.toString(), "--target", "glibc")).isEqualTo(new Run(0, "no law broke\n", ""));
        Files.writeString(finding, Files.readString(finding).replace("LOCKSTEP", "SIDEWAYS"));
        Run damaged = run("--replay", finding.toString());
        assertThat(damaged.status()).isEqualTo(2);
        assertThat(damaged.err()).contains("f.program: not a finding").hasLineCount(1);
    }

    @Test
    void helpGoesToStandardOutput() {
        Run run = run("--help");
        assertThat(run.status()).isZero();
        assertThat(run.out()).startsWith("usage: banos fuzz").contains("--keep-going");
    }

    @Test
    void nothingIsLeftBehind() throws IOException {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        run("--target", "glibc", "--tries", "10");
        assertThat(ofOurs(temporary)).isEmpty();
    }

    private static List<Path> ofOurs(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().startsWith("banos-fuzz-" + ProcessHandle.current().pid())).toList();
        }
    }
}
