package dev.banos.samples.gunzip;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.samples.OwnJvm;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who stops gunzip in the midst of a file finds that file, and not half of what it holds. */
class GunzipInterruptedTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    /** Expanding them all would take seconds. */
    private static final int MEMBERS = 64;
    private static final int MEMBER_BYTES = 1 << 24;

    @TempDir
    Path folder;

    @Test
    void aSignalLeavesNoHalfFile() throws Exception {
        Path file = folder.resolve("large.gz");
        Path half = folder.resolve("large");
        byte[] member = gzip(new byte[MEMBER_BYTES]);
        for (int i = 0; i < MEMBERS; i++) {
            Files.write(file, member, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
        List<String> command = OwnJvm.banos(List.of());
        command.addAll(List.of("gunzip", file.toString()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(folder.resolve("output").toFile()).start();
        try {
            awaitBytes(half, process);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(half))).as("who may read what is not whole yet")
                    .isEqualTo("rw-------");
            process.destroy();
            assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as(Files.readString(folder.resolve("output"))).isEqualTo(128 + 15);
        assertThat(file).exists();
        assertThat(half).doesNotExist();
    }

    private static byte[] gzip(byte[] data) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(data);
        }
        return bytes.toByteArray();
    }

    private static void awaitBytes(Path half, Process process) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (process.isAlive() && System.nanoTime() < end && !(Files.exists(half) && Files.size(half) > 0)) {
            Thread.sleep(1);
        }
    }
}
