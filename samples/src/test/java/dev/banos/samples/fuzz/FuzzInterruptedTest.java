package dev.banos.samples.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.fuzz.AllocatorUnderTest;
import dev.banos.fuzz.Promises;
import dev.banos.fuzz.ReportFolder;
import dev.banos.samples.Banos;
import dev.banos.samples.examples.ArenaBlocks;
import java.io.File;
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
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    Path folder;

    /** Forgets errno, and nothing else. */
    public static final class Forgetful implements AllocatorUnderTest {
        private final ArenaBlocks blocks = new ArenaBlocks();

        @Override
        public long malloc(long size) {
            return blocks.malloc(size);
        }

        @Override
        public long calloc(long count, long size) {
            return blocks.calloc(count, size);
        }

        @Override
        public long alignedAlloc(long alignment, long size) {
            return blocks.alignedAlloc(alignment, size);
        }

        @Override
        public long realloc(long address, long size) {
            return blocks.realloc(address, size);
        }

        @Override
        public void free(long address) {
            blocks.free(address);
        }

        @Override
        public long usableSize(long address) {
            return blocks.usableSize(address);
        }

        @Override
        public int errno() {
            return 0;
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
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-Djava.io.tmpdir=" + temporary, "-cp", classPath(),
                Banos.class.getName(), "fuzz", "--target", "class:" + Forgetful.class.getName(), "--keep-going", "--time", "1h",
                "--report", report.toString())
                .redirectErrorStream(true).redirectOutput(output.toFile()).start();
        try {
            awaitProgram(report, process);
            process.destroy();
            assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        String said = Files.readString(output);
        assertThat(said).contains("errno not set to ENOMEM", "1 finding, written to " + report).endsWith("interrupted\n");
        assertThat(new ReportFolder(report).read()).singleElement()
                .satisfies(finding -> assertThat(finding.program().length()).isOne());
        assertThat(files(temporary)).noneMatch(file -> file.getFileName().toString().startsWith("banos-fuzz"));
    }

    private static String classPath() {
        return String.join(File.pathSeparator, System.getProperty("jdk.module.path", ""), System.getProperty("java.class.path"),
                Path.of("target", "test-classes").toAbsolutePath().toString());
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
