package dev.banos.samples.gunzip;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.samples.OwnJvm;
import dev.banos.samples.command.Progress;
import dev.banos.testing.ChildProcess;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What gzip's own gunzip does with files, suffixes, statuses and messages. */
class GunzipTest {
    private static final byte[] TEXT = "some text, some text\n".repeat(50_000).getBytes(StandardCharsets.US_ASCII);

    // Of RFC 1952.
    private static final int HEADER_BYTES = 10;
    private static final int FLAGS = 3;
    private static final byte HAS_NAME = 1 << 3;

    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private static byte[] gzip(byte[] data) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(data);
        } catch (IOException impossible) {
            throw new AssertionError(impossible);
        }
        return bytes.toByteArray();
    }

    private static byte[] join(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private Path file(String name, byte[] content) throws IOException {
        return Files.write(folder.resolve(name), content);
    }

    private int run(byte[] input, Object... args) {
        return runAtTerminal(false, input, args);
    }

    private int runAtTerminal(boolean interactive, byte[] input, Object... args) {
        out.reset();
        err.reset();
        String[] strings = Arrays.stream(args).map(Object::toString).toArray(String[]::new);
        return Gunzip.run(strings, new ByteArrayInputStream(input), new PrintStream(out), new PrintStream(err), interactive);
    }

    private int run(Object... args) {
        return run(new byte[0], args);
    }

    private String message() {
        return err.toString(StandardCharsets.UTF_8).replace(folder + "/", "").strip();
    }

    @Test
    void aFileIsReplacedAndKeepsModeAndTime() throws IOException {
        Path file = file("a.txt.gz", gzip(TEXT));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000_000_000L));

        assertThat(run(file)).isZero();

        Path expanded = folder.resolve("a.txt");
        assertThat(expanded).hasBinaryContent(TEXT);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(expanded))).isEqualTo("rw-r-----");
        assertThat(Files.getLastModifiedTime(expanded).toMillis()).isEqualTo(1_000_000_000_000L);
        assertThat(file).doesNotExist();
        assertThat(message()).isEmpty();
    }

    @Test
    void optionsKeepTheFile() throws IOException {
        Path file = file("a.gz", gzip(TEXT));
        assertThat(run("-t", file)).isZero();
        assertThat(out.size()).isZero();
        assertThat(run("-c", file, file)).isZero();
        assertThat(out.toByteArray()).isEqualTo(join(TEXT, TEXT));
        assertThat(folder.resolve("a")).doesNotExist();
        assertThat(run("--keep", file)).isZero();
        assertThat(folder.resolve("a")).hasBinaryContent(TEXT);
        assertThat(file).exists();
    }

    @Test
    void standardInputIsExpanded() {
        assertThat(run(gzip(TEXT))).isZero();
        assertThat(out.toByteArray()).isEqualTo(TEXT);
        assertThat(run(gzip(TEXT), "-")).isZero();
        assertThat(out.toByteArray()).isEqualTo(TEXT);
    }

    @Test
    void membersAndPaddingAreOneFile() {
        byte[] two = join(gzip(TEXT), gzip(new byte[] {1, 2, 3}));
        assertThat(run(join(two, new byte[1_000]))).isZero();
        assertThat(out.toByteArray()).isEqualTo(join(TEXT, new byte[] {1, 2, 3}));
    }

    @Test
    void suffixesTellTheName() throws IOException {
        run(file("a.tgz", gzip(TEXT)));
        assertThat(folder.resolve("a.tar")).hasBinaryContent(TEXT);
        file("b.gz", gzip(TEXT));
        assertThat(run(folder.resolve("b"))).isZero();
        assertThat(folder.resolve("b")).hasBinaryContent(TEXT);
        assertThat(run(file("c.foo", gzip(TEXT)))).isEqualTo(2);
        assertThat(message()).isEqualTo("banos gunzip: c.foo: unknown suffix -- ignored");
        assertThat(run(folder.resolve("d"))).isEqualTo(1);
        assertThat(message()).isEqualTo("banos gunzip: d.gz: No such file or directory");
    }

    @Test
    void warningsAreStatus2() throws IOException {
        assertThat(run(folder)).isEqualTo(2);
        assertThat(message()).endsWith("is a directory -- ignored");
        Path file = file("a.gz", gzip(TEXT));
        file("a", new byte[1]);
        assertThat(run(file)).isEqualTo(2);
        assertThat(message()).isEqualTo("banos gunzip: a already exists;\tnot overwritten");
        assertThat(folder.resolve("a")).hasSize(1);
        Path garbage = file("b.gz", join(gzip(TEXT), new byte[] {0, 1}));
        assertThat(run(garbage)).isEqualTo(2);
        assertThat(message()).isEqualTo("banos gunzip: b.gz: decompression OK, trailing garbage ignored");
        assertThat(folder.resolve("b")).hasBinaryContent(TEXT);
        Files.createLink(folder.resolve("other"), file);
        assertThat(run(file)).isEqualTo(2);
        assertThat(message()).contains("other link");
    }

    @Test
    void errorsAreStatus1AndLeaveNothingBehind() throws IOException {
        byte[] good = gzip(TEXT);
        requireError("unexpected end of file", Arrays.copyOf(good, good.length - 1));
        requireError("unexpected end of file", new byte[0]);
        requireError("not in gzip format", TEXT);
        good[good.length - 1] ^= 1;
        requireError("invalid compressed data--length error", good);
        good[good.length - 1] ^= 1;
        good[good.length - 5] ^= 1;
        requireError("invalid compressed data--crc error", good);
        byte[] wrongBlock = gzip(TEXT);
        wrongBlock[10] |= 6;
        requireError("invalid compressed data--format violated", wrongBlock);
        assertThat(run("-Z")).isEqualTo(1);
    }

    private void requireError(String message, byte[] content) throws IOException {
        Path file = file("x.gz", content);
        assertThat(run(file)).isEqualTo(1);
        assertThat(message()).isEqualTo("banos gunzip: x.gz: " + message);
        assertThat(folder.resolve("x")).doesNotExist();
        assertThat(file).exists();
    }

    @Test
    void whoSitsAtTheTerminalIsAskedBeforeAFileIsOverwritten() throws IOException {
        Path file = file("a.gz", gzip(TEXT));
        file("a", new byte[1]);
        assertThat(runAtTerminal(true, "no\n".getBytes(StandardCharsets.US_ASCII), file)).isEqualTo(2);
        assertThat(message()).isEqualTo(
                "banos gunzip: a already exists; do you wish to overwrite (y or n)? \tnot overwritten");
        assertThat(folder.resolve("a")).hasSize(1);
        assertThat(runAtTerminal(true, "yes\n".getBytes(StandardCharsets.US_ASCII), file)).isZero();
        assertThat(folder.resolve("a")).hasBinaryContent(TEXT);
        assertThat(file).doesNotExist();
        assertThat(runAtTerminal(true, gzip(TEXT))).isEqualTo(1);
        assertThat(message()).startsWith("banos gunzip: compressed data not read from a terminal.");
        assertThat(runAtTerminal(true, gzip(TEXT), "-f")).isZero();
        assertThat(out.toByteArray()).isEqualTo(TEXT);
    }

    /** gzip would go on and then delete what it could not read. */
    @Test
    void aLaterMemberOfAnotherMethodStopsOnlyItsOwnFile() throws IOException {
        byte[] other = gzip(TEXT);
        other[2] = 7;
        Path file = file("a.gz", join(gzip(TEXT), other));
        assertThat(run(file, file("b.gz", gzip(TEXT)))).isEqualTo(1);
        assertThat(message()).isEqualTo("banos gunzip: a.gz: unknown method 7 -- not supported");
        assertThat(folder.resolve("a")).doesNotExist();
        assertThat(file).exists();
        assertThat(folder.resolve("b")).hasBinaryContent(TEXT);
    }

    @Test
    void whereNobodyGetsTheOutputTheRestIsNotExpanded() throws IOException {
        AtomicInteger writes = new AtomicInteger();
        OutputStream full = new OutputStream() {
            @Override
            public void write(int octet) throws IOException {
                write(new byte[1], 0, 1);
            }

            @Override
            public void write(byte[] bytes, int from, int count) throws IOException {
                writes.incrementAndGet();
                throw new IOException("no space");
            }
        };
        Path file = file("a.gz", gzip(new byte[1 << 22]));
        int status = Gunzip.run(new String[] {"-c", file.toString(), file.toString()}, InputStream.nullInputStream(),
                new PrintStream(full), new PrintStream(err), false);
        assertThat(status).isEqualTo(1);
        assertThat(writes).hasValue(1);
        assertThat(message()).isEmpty();
    }

    @Test
    void whereTheOutputCannotBeMadeItIsNamed() throws IOException {
        byte[] content = gzip(TEXT);
        byte[] header = Arrays.copyOf(content, 10);
        header[3] = 8; // a name follows
        String longName = "n".repeat(300);
        byte[] named = join(join(header, (longName + '\0').getBytes(StandardCharsets.ISO_8859_1)), Arrays.copyOfRange(content, 10, content.length));
        assertThat(run("-N", file("a.gz", named))).isEqualTo(1);
        assertThat(message()).isEqualTo("banos gunzip: " + longName + ": File name too long");
        assertThat(folder.resolve("a.gz")).exists();
    }

    @Test
    void aNameThatIsNoTextIsNotSaidToBeAbsent() {
        assertThat(run("caf\uFFFD.gz")).isEqualTo(1);
        assertThat(message()).isEqualTo(
                "banos gunzip: caf\uFFFD.gz: a name that is not in this locale's encoding; give the file as standard input");
    }

    /** The system says of no write which file it was, and the next file would fare no better. */
    @Test
    void whereTheDiskIsFullTheOutputIsNamed() throws IOException, InterruptedException {
        Path large = file("large.gz", gzip(new byte[1 << 23]));
        List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -f 4096; exec \"$@\"", "sh"));
        command.addAll(OwnJvm.banos(List.of()));
        command.addAll(List.of("gunzip", large.toString(), file("small.gz", gzip(TEXT)).toString()));
        ChildProcess gunzip = ChildProcess.run(command);
        assertThat(gunzip.status()).isEqualTo(1);
        assertThat(gunzip.output()).endsWith("\nbanos gunzip: " + folder.resolve("large") + ": File too large\n");
        assertThat(large).exists();
        assertThat(folder.resolve("large")).doesNotExist();
        assertThat(folder.resolve("small.gz")).exists();
    }

    @Test
    void aFolderIsNeverOverwritten() throws IOException {
        Path file = file("a.gz", gzip(TEXT));
        Files.createDirectory(folder.resolve("a"));
        assertThat(run("-f", file)).isEqualTo(1);
        assertThat(message()).isEqualTo("banos gunzip: a: Is a directory");
        assertThat(file).exists();
        assertThat(folder.resolve("a")).isDirectory();
    }

    /** gzip 1.12 deletes both. */
    @Test
    void aFileThatStoresItsOwnNameStays() throws IOException {
        Path file = file("a.gz", gzip("a.gz", TEXT));
        assertThat(run("-fN", file)).isEqualTo(1);
        assertThat(message()).isEqualTo("banos gunzip: a.gz and a.gz are the same file");
        assertThat(file).hasBinaryContent(gzip("a.gz", TEXT));
    }

    /** Another name of the same content is another file. */
    @Test
    void aLinkOfTheFileIsOverwritten() throws IOException {
        Path file = file("a.gz", gzip("b", TEXT));
        Files.createLink(folder.resolve("b"), file);
        assertThat(run("-fN", file)).isZero();
        assertThat(folder.resolve("b")).hasBinaryContent(TEXT);
        assertThat(file).doesNotExist();
    }

    @Test
    void aWrongSecondMemberKeepsTheFile() throws IOException {
        byte[] second = gzip(new byte[0]);
        second[second.length - 5] ^= 1;
        Path file = file("a.gz", join(gzip(TEXT), second));
        assertThat(run(file)).isEqualTo(1);
        assertThat(message()).isEqualTo("banos gunzip: a.gz: invalid compressed data--crc error");
        assertThat(file).exists();
        assertThat(folder.resolve("a")).doesNotExist();
    }

    /** Whoever made the archive named what is in it, and the file as well. */
    @Test
    void namesCommandNoTerminal() throws IOException {
        Path file = file("a\u001b[31m.gz", gzip("stored\u001b[2J\u009b1m", TEXT));
        assertThat(run("-N", "-k", "-v", file)).isZero();
        assertThat(message()).startsWith("a?[31m.gz:\t").contains(" created ").endsWith("stored?[2J?1m").hasLineCount(1);
        assertThat(folder.resolve("stored\u001b[2J\u009b1m")).hasBinaryContent(TEXT);
        assertThat(run("-N", "-k", file)).isEqualTo(2);
        assertThat(message()).isEqualTo("banos gunzip: stored?[2J?1m already exists;\tnot overwritten");
        assertThat(run("-t", file("b\n\u001b[31m.gz", new byte[] {1, 2, 3}))).isEqualTo(1);
        assertThat(message()).isEqualTo("banos gunzip: b??[31m.gz: not in gzip format");
        assertThat(run("-S", "\u001b" + "x".repeat(30))).isEqualTo(1);
        assertThat(message()).startsWith("banos gunzip: invalid suffix '?x").hasLineCount(1);
        Progress.shown("c\u001b[31m", 10, new PrintStream(err)).advance(1);
        assertThat(message()).contains("c?[31m");
    }

    private static byte[] gzip(String storedName, byte[] data) {
        byte[] name = (storedName + "\0").getBytes(StandardCharsets.UTF_8);
        byte[] anonymous = gzip(data);
        byte[] header = Arrays.copyOf(anonymous, HEADER_BYTES);
        header[FLAGS] = HAS_NAME;
        return join(join(header, name), Arrays.copyOfRange(anonymous, HEADER_BYTES, anonymous.length));
    }

    @Test
    void theProgressBarGrowsAndGoes() {
        try (Progress progress = Progress.shown("big.gz", 200, new PrintStream(err))) {
            progress.advance(100);
            assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("\r\u001B[?7l[" + "#".repeat(20) + " ".repeat(20) + "] 50% big.gz\u001B[?7h");
            progress.hide();
            assertThat(err.toString(StandardCharsets.UTF_8)).endsWith("50% big.gz\u001B[?7h\r\u001B[K");
            progress.advance(0);
            assertThat(err.toString(StandardCharsets.UTF_8)).endsWith("] 50% big.gz\u001B[?7h");
        }
        assertThat(err.toString(StandardCharsets.UTF_8)).endsWith("\r\u001B[K");
    }
}
