package dev.banos.samples.gunzip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.samples.command.CommandEnd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can go wrong between the last byte of the output and the end of the compressed file. */
class HalfFileTest {
    private static final FileTime LONG_AGO = FileTime.fromMillis(1_000_000_000_000L);
    private static final String REFUSED = "Disk quota exceeded";

    @TempDir
    Path folder;

    private Path output;
    private PosixFileAttributes compressed;

    private final ByteArrayOutputStream said = new ByteArrayOutputStream();
    private Report report;

    @BeforeEach
    void theCompressedFile() throws IOException, CommandEnd {
        PrintStream err = new PrintStream(said);
        report = new Report(Orders.read(new String[0], err, err), InputStream.nullInputStream(), err, false);
        output = folder.resolve("a");
        Path file = Files.writeString(folder.resolve("a.gz"), "");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxrwxrwx"));
        compressed = Files.readAttributes(file, PosixFileAttributes.class);
    }

    @Test
    void whatOnlyTheCloseReportsIsAFailedWrite() throws IOException {
        HalfFile half = new HalfFile(output, () -> new RefusedAtTheEnd(
                FileChannel.open(output, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)));
        try (half) {
            half.write(ByteBuffer.allocate(1));
            assertThatThrownBy(() -> half.finish(compressed, LONG_AGO, report))
                    .isInstanceOfSatisfying(Complaint.class, complaint -> assertThat(complaint.isLast()).isTrue())
                    .hasMessage("\n" + output + ": " + REFUSED);
        }
        assertThat(output).doesNotExist();
    }

    @Test
    void theCompressedFileStaysWhileTheOutputIsOpen() throws IOException {
        boolean[] gone = {false};
        try (HalfFile half = new HalfFile(output)) {
            assertThatThrownBy(() -> half.becomeWhole(() -> gone[0] = true)).isInstanceOf(IllegalStateException.class);
            assertThat(gone[0]).isFalse();
            half.finish(compressed, LONG_AGO, report);
            half.becomeWhole(() -> gone[0] = true);
        }
        assertThat(gone[0]).isTrue();
        assertThat(output).exists();
    }

    /** As on file systems that have no modes: a file of the kernel's stands for them. */
    @Test
    void whereTheModeCannotBeSetTheContentStaysAndItIsSaid() throws IOException {
        Path modeless = Path.of("/proc/self/comm").toRealPath().getParent().resolve("comm");
        try (HalfFile half = new HalfFile(modeless, () -> FileChannel.open(modeless, StandardOpenOption.WRITE))) {
            half.finish(compressed, LONG_AGO, report);
            half.becomeWhole(() -> { });
        }
        assertThat(said.toString()).contains("gunzip: " + modeless + ": Operation not permitted");
        assertThat(report.status()).isEqualTo(Complaint.WARNING);
    }

    @Test
    void whatALinkInItsPlaceLeadsToStaysAsItIs() throws IOException {
        Path secret = Files.writeString(folder.resolve("secret"), "nobody else's");
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
        FileTime written = Files.getLastModifiedTime(secret);
        try (HalfFile half = new HalfFile(output)) {
            Files.delete(output);
            Files.createSymbolicLink(output, secret);
            assertThatThrownBy(() -> half.finish(compressed, LONG_AGO, report)).isInstanceOf(Complaint.class)
                    .hasMessage(output + ": is no longer the file that was made");
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(secret))).isEqualTo("rw-------");
        assertThat(Files.getLastModifiedTime(secret)).isEqualTo(written);
    }

    /** A file whose close fails, as over a network. */
    private record RefusedAtTheEnd(FileChannel made) implements WritableByteChannel {
        @Override
        public int write(ByteBuffer bytes) throws IOException {
            return made.write(bytes);
        }

        @Override
        public boolean isOpen() {
            return made.isOpen();
        }

        @Override
        public void close() throws IOException {
            if (isOpen()) {
                made.close();
                throw new IOException(REFUSED);
            }
        }
    }
}
