package dev.banos.samples.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.fuzz.AllocatorUnderTest;
import dev.banos.fuzz.Finding;
import dev.banos.fuzz.Promises;
import dev.banos.fuzz.ReportFolder;
import dev.banos.samples.OwnJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clusters end their jobs by a signal: what a campaign found until then is in its report folder, and said. */
class FuzzInterruptedTest {
    private static final int ENOMEM = 12;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    Path folder;

    /** Has no memory at all. */
    public static final class Empty implements AllocatorUnderTest {
        @Override
        public long malloc(long size) {
            return 0;
        }

        @Override
        public long calloc(long count, long size) {
            return 0;
        }

        @Override
        public long alignedAlloc(long alignment, long size) {
            return 0;
        }

        @Override
        public long realloc(long address, long size) {
            return 0;
        }

        @Override
        public void free(long address) {
            throw new IllegalArgumentException("address=" + address);
        }

        @Override
        public long usableSize(long address) {
            throw new IllegalArgumentException("address=" + address);
        }

        @Override
        public int errno() {
            return ENOMEM;
        }

        @Override
        public Promises promises() {
            return Promises.ofC();
        }
    }

    @Test
    void aSignalLosesNoFinding() throws Exception {
        Path report = folder.resolve("findings");
        Path temporary = Files.createDirectory(folder.resolve("tmp"));
        Path output = folder.resolve("output");
        List<String> command = OwnJvm.banos(List.of("-Djava.io.tmpdir=" + temporary));
        command.addAll(List.of("fuzz", "--target", "class:" + Empty.class.getName(), "--keep-going", "--time", "1h",
                "--report", report.toString()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
        try {
            awaitProgram(report, process);
            process.destroy();
            assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        String said = Files.readString(output);
        assertThat(said).contains("bytes was refused", ", written to " + report).endsWith("interrupted\n");
        assertThat(new ReportFolder(report).read()).anyMatch(FuzzInterruptedTest::isShrunk)
                .allMatch(finding -> isShrunk(finding) || !finding.reproduced()); // the last may have been on its way
        assertThat(files(temporary)).noneMatch(file -> file.getFileName().toString().startsWith("banos-fuzz"));
    }

    private static boolean isShrunk(Finding finding) {
        return finding.program().length() == 1;
    }

    private static void awaitProgram(Path report, Process process) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (process.isAlive() && System.nanoTime() < end
                && files(report).stream().noneMatch(file -> file.toString().endsWith(".program"))) {
            Thread.sleep(20);
        }
    }

    private static List<Path> files(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }
}
