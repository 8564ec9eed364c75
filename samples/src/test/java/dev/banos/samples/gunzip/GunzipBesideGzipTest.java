package dev.banos.samples.gunzip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.testing.ChildProcess;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same files are given to gzip's own gunzip, where the system has it: status, output, messages and what is left must agree. */
class GunzipBesideGzipTest {
    private static final byte[] TEXT = "hello hello\n".repeat(20).getBytes(StandardCharsets.US_ASCII);
    /** What a folder that the commands were run in is called in what they said. */
    private static final String FOLDER = "FOLDER/";
    /** A link to itself, which JUnit complains of. */
    private static final String LOOP = "loop.gz";
    private static final String DANGLING = "dangling";

    private static final int MUTANTS = 400;
    private static final long MUTANTS_SEED = 1;

    @TempDir
    Path folder;

    private Path input = Path.of("/dev/null");
    private byte[] inputBytes = new byte[0];

    private record Outcome(int status, String output, String messages, TreeMap<String, String> files) {
    }

    @BeforeAll
    static void requireGunzip() {
        assumeTrue(ChildProcess.isInstalled("gunzip"), "this system has no gunzip to compare with");
    }

    /** Each line is a command line; the letters are the files that {@link #fill} makes. */
    @ParameterizedTest
    @ValueSource(strings = {
        "-v good.gz", "-kv good.gz", "-cv good.gz", "-ckv good.gz", "-tv good.gz named.gz", "-c good.gz named.gz",
        "-Nv named.gz", "-N outside.gz", "-Nn named.gz", "-Nkv good.gz", "-Nv named.gz named.gz",
        "-q taken.gz", "-v taken.gz", "-fv taken.gz", "-f taken.gz good.gz", "-Nf named.gz",
        "plain.gz", "-f plain.gz good.gz", "-cf plain.gz good.gz", "-cfv plain.gz", "-t plain.gz",
        "garbage.gz", "-v garbage.gz", "-qv garbage.gz", "-q garbage.gz", "-tv garbage.gz", "-v padded.gz", "padded.gz",
        "crc.gz good.gz", "-v crc.gz good.gz", "-tv crc.gz good.gz", "-c crc.gz good.gz", "length.gz", "cut.gz good.gz",
        "-tv cut.gz good.gz", "block.gz good.gz", "-tv block.gz good.gz", "method.gz good.gz", "secret.gz good.gz",
        "flags.gz good.gz", "-v nothing.gz", "-fc nothing.gz", "-f nothing.gz good.gz",
        "other", "-q other", "-f other", "absent", "-q absent good.gz", "-S .foo suffixed", "-S .foo suffixed.foo good.gz",
        "-v empty.gz two.gz noise.gz", "link.gz", "-f link.gz", "-c link.gz", "-v twin.gz", "-kv twin.gz", "-f twin.gz",
        "archive.tgz", "LARGE.GZ", "-kv LARGE.GZ", "Archive.Taz", "odd-GZ", ".tgz", "sub/.gz", "loose", "-S .foo loose", "under",
        "-S .FOO suffixed.foo", "-S .foo -S .bar suffixed.foo", "-S .foo -v good", "-c loop.gz", "loop.gz",
        "-f loop.gz", "-r sublink", "-r sublink.gz", "-k sublink.gz", "-rf sublink", "-c sublink", "-N accented.gz", "-Nv accented.gz",
        "checked.gz good.gz", "-v checked.gz", "-N named.gz checked.gz", "unchecked.gz good.gz", "-tv unchecked.gz good.gz", "-cf unchecked.gz",
        "-v extra.gz", "extra.gz", "-tv extra.gz good.gz", "-v extracut.gz", "-Nv later.gz", "-N later.gz", "-v both.gz", "both.gz good.gz", "-tv both.gz good.gz",
        "-v crccut.gz", "-v stored.gz", "owned.gz", "-k owned.gz", "-f owned.gz",
        "user.gz", "-f user.gz", "group.gz", "-kf group.gz", "sticky.gz", "-f sticky.gz", "-c user.gz",
        "good.gz/", "-c good.gz/ other", "-t good.gz/", "-f good.gz/", "-r good.gz/", "other/", "good/", "sub/", "-c sub/", "absent/",
        "--suffix= -S .foo suffixed.foo", "-S .foo --suffix= suffixed.foo", "dangling", "-f dangling", "-c dangling", "-r dangling", "-t dangling good.gz",
        "half.gz good.gz", "-tv half.gz", "-cf half.gz good.gz", "-cf garbage.gz good.gz", "-cf padded.gz", "-tf plain.gz",
        "badsecond.gz good.gz", "-c badsecond.gz", "-t badsecond.gz good.gz", "longsecond.gz", "-tv longsecond.gz", "blocksecond.gz good.gz",
        "-t blocksecond.gz", "-cf blocksecond.gz", "-v longcomment.gz", "-v longname.gz", "-v longextra.gz",
        "-v sub", "-q sub", "-rv sub", "-r sub", "-kr sub good.gz", "-rt sub", "-rtv sub", "-rtq sub", "-rt good.gz", "-rt other", "-rtc sub", "good", "-dv good.gz", "-S /x good.gz"})
    void gzipDoesTheSame(String line) throws IOException, InterruptedException {
        String[] args = line.split(" ");
        Path ours = Files.createDirectory(folder.resolve("ours"));
        Path theirs = Files.createDirectory(folder.resolve("theirs"));
        fill(ours);
        fill(theirs);
        if (line.endsWith(LOOP)) {
            Files.createSymbolicLink(ours.resolve(LOOP), Path.of(LOOP));
            Files.createSymbolicLink(theirs.resolve(LOOP), Path.of(LOOP));
        }
        if (line.contains(DANGLING)) {
            Files.createSymbolicLink(ours.resolve(DANGLING), Path.of("nowhere"));
            Files.createSymbolicLink(theirs.resolve(DANGLING), Path.of("nowhere"));
        }

        assertThat(ours(ours, args)).isEqualTo(theirs(theirs, args));
    }

    /** What stands behind the bar is standard input; then the next file is a good one. */
    @ParameterizedTest
    @ValueSource(strings = {
        "-v|good.gz", "-tv|good.gz", "-tv|garbage.gz", "-tv|padded.gz", "-f|garbage.gz", "-f|padded.gz", "-f|nothing.gz",
        "-f|plain.gz", "-f|half.gz", "-t|half.gz", "- good.gz|plain.gz", "- good.gz|method.gz", "- good.gz|good.gz",
        "-c - good.gz|cut.gz", "-c good.gz - two.gz|two.gz"})
    void gzipDoesTheSameWithStandardInput(String line) throws IOException, InterruptedException {
        String[] args = line.substring(0, line.indexOf('|')).split(" ");
        Path ours = Files.createDirectory(folder.resolve("ours"));
        Path theirs = Files.createDirectory(folder.resolve("theirs"));
        fill(ours);
        fill(theirs);
        input = theirs.resolve(line.substring(line.indexOf('|') + 1));
        inputBytes = Files.readAllBytes(input);
        Outcome expected = theirs(theirs, args);

        assertThat(ours(ours, args)).isEqualTo(expected);
    }

    /** In members at random, but the same each time. Before an error gzip may have written other bytes, and call it another. */
    @Test
    void gzipRefusesTheSameMutants() throws IOException, InterruptedException {
        Path ours = Files.createDirectory(folder.resolve("ours"));
        Path theirs = Files.createDirectory(folder.resolve("theirs"));
        byte[] second = named(gzip(Arrays.copyOf(TEXT, 40)), "x", 7);
        byte[] members = joined(joined(joined(gzip(TEXT), gzip(new byte[0])), second), gzip(new byte[] {1, 2, 3}));
        Random random = new Random(MUTANTS_SEED);
        for (int i = 0; i < MUTANTS; i++) {
            int at = random.nextInt(members.length);
            byte[] mutant = random.nextInt(8) == 0 ? Arrays.copyOf(members, at) : changed(members, at, 1 << random.nextInt(Byte.SIZE));
            write(ours, "mutant.gz", mutant);
            write(theirs, "mutant.gz", mutant);
            String[] args = {random.nextBoolean() ? "-kf" : "-cv", "mutant.gz"};
            Outcome expected = theirs(theirs, args);
            Outcome actual = ours(ours, args);
            assertThat(actual.status()).as("mutant %d of seed %d, at %d", i, MUTANTS_SEED, at).isEqualTo(expected.status());
            assertThat(actual.files()).as("files after mutant %d", i).isEqualTo(expected.files());
            if (expected.status() == 0) {
                assertThat(actual.output()).as("mutant %d", i).isEqualTo(expected.output());
            }
        }
    }

    private Outcome ours(Path folder, String[] args) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int status = Gunzip.run(in(folder, args), new ByteArrayInputStream(inputBytes), new PrintStream(out),
                new PrintStream(err), false);
        return outcome(folder, status, out.toByteArray(), err.toByteArray());
    }

    private Outcome theirs(Path folder, String[] args) throws IOException, InterruptedException {
        Path out = Files.createTempFile("gunzip", ".out");
        Path err = Files.createTempFile("gunzip", ".err");
        try {
            List<String> command = Stream.concat(Stream.of("gunzip"), Arrays.stream(in(folder, args))).toList();
            ProcessBuilder builder = new ProcessBuilder(command).redirectInput(Redirect.from(input.toFile()))
                    .redirectOutput(out.toFile()).redirectError(err.toFile());
            builder.environment().put("LC_ALL", "C");
            builder.environment().remove("GZIP");
            return outcome(folder, builder.start().waitFor(), Files.readAllBytes(out), Files.readAllBytes(err));
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }

    /** Names become paths, for a process in Java cannot change its working directory. */
    private static String[] in(Path folder, String[] args) {
        String[] paths = args.clone();
        for (int i = 0; i < paths.length; i++) {
            boolean isName = !paths[i].startsWith("-") && (i == 0 || !paths[i - 1].equals("-S"));
            paths[i] = isName ? folder.resolve(paths[i]).toString() : paths[i];
        }
        return paths;
    }

    private static Outcome outcome(Path folder, int status, byte[] out, byte[] err) throws IOException {
        String messages = new String(err, StandardCharsets.UTF_8).replace(folder + "/", FOLDER).replace("banos gunzip:", "gzip:");
        TreeMap<String, String> files = new TreeMap<>();
        try (Stream<Path> walk = Files.walk(folder)) {
            for (Path file : (Iterable<Path>) walk::iterator) {
                files.put(folder.relativize(file).toString(), describe(file));
            }
        }
        return new Outcome(status, new String(out, StandardCharsets.ISO_8859_1), messages, files);
    }

    private static String describe(Path file) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return Files.isDirectory(file) ? "folder" : "link";
        }
        return Files.getLastModifiedTime(file).to(TimeUnit.SECONDS) + " " + Files.getAttribute(file, "unix:uid") + ":"
                + Files.getAttribute(file, "unix:gid") + " " + Files.getPosixFilePermissions(file).stream().sorted().toList()
                + " " + new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    }

    private static void fill(Path folder) throws IOException {
        byte[] good = gzip(TEXT);
        Files.createDirectory(folder.resolve("sub"));
        Files.createDirectory(folder.resolve("sub/deeper"));
        write(folder, "good.gz", good);
        write(folder, "sub/deeper/a.gz", good);
        write(folder, "named.gz", named(good, "was called", 1_000_000_000));
        write(folder, "outside.gz", named(good, "../../etc/was outside", 0));
        write(folder, "taken.gz", good);
        write(folder, "taken", TEXT);
        write(folder, "plain.gz", TEXT);
        write(folder, "garbage.gz", joined(good, "garb".getBytes(StandardCharsets.US_ASCII)));
        write(folder, "padded.gz", joined(good, new byte[700]));
        write(folder, "crc.gz", changed(good, good.length - 5, 1));
        write(folder, "length.gz", changed(good, good.length - 1, 1));
        write(folder, "cut.gz", Arrays.copyOf(good, good.length - 3));
        write(folder, "block.gz", changed(good, 10, 4));
        write(folder, "method.gz", changed(good, 2, 1));
        write(folder, "secret.gz", changed(good, 3, 0x20));
        write(folder, "flags.gz", changed(good, 3, 0x40));
        write(folder, "nothing.gz", new byte[0]);
        write(folder, "other", TEXT);
        write(folder, "suffixed.foo", good);
        write(folder, "empty.gz", gzip(new byte[0]));
        write(folder, "two.gz", joined(good, gzip(Arrays.copyOf(TEXT, 100))));
        byte[] noise = new byte[30];
        new Random(1).nextBytes(noise);
        write(folder, "noise.gz", gzip(noise));
        Files.createSymbolicLink(folder.resolve("link.gz"), folder.resolve("good.gz"));
        write(folder, "twin.gz", good);
        Files.createLink(folder.resolve("sibling"), folder.resolve("twin.gz"));
        for (String name : List.of("archive.tgz", "LARGE.GZ", "Archive.Taz", "odd-GZ", ".tgz", "sub/.gz", "loose-gz", "under_z")) {
            write(folder, name, good);
        }
        Files.createSymbolicLink(folder.resolve("sublink"), Path.of("sub"));
        Files.createSymbolicLink(folder.resolve("sublink.gz"), Path.of("sub"));
        write(folder, "accented.gz", named(good, new String("caf\u00E9".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1), 7));
        write(folder, "half.gz", joined(good, new byte[] {0x1F}));
        byte[] extra = withHeader(good, 4 | 2, new byte[] {3, 0, 'a', 'b', 'c'});
        write(folder, "checked.gz", withSum(extra, 15, 0));
        write(folder, "unchecked.gz", withSum(extra, 15, 0x0F10));
        write(folder, "extra.gz", withHeader(good, 4, new byte[] {3, 0, 'a', 'b', 'c'}));
        write(folder, "extracut.gz", Arrays.copyOf(extra, 14));
        write(folder, "later.gz", joined(named(good, "early", 1_000_000_000), named(good, "late", 1_100_000_000)));
        write(folder, "both.gz", changed(changed(good, good.length - 5, 1), good.length - 1, 1));
        write(folder, "crccut.gz", Arrays.copyOf(changed(good, good.length - 5, 1), good.length - 2));
        write(folder, "stored.gz", joined(withHeader(new byte[10], 0, new byte[0]), stored(400)));
        byte[] none = gzip(new byte[0]);
        byte[] longText = ("x".repeat(3000) + '\0').getBytes(StandardCharsets.US_ASCII);
        byte[] random = new byte[5000];
        new Random(2).nextBytes(random);
        write(folder, "longcomment.gz", withHeader(gzip(random), 16, longText));
        write(folder, "longname.gz", withHeader(gzip(random), 8, longText));
        write(folder, "longextra.gz", withHeader(gzip(random), 4, joined(new byte[] {(byte) 0xB8, 0x0B}, Arrays.copyOf(longText, 3000))));
        write(folder, "badsecond.gz", joined(good, changed(none, none.length - 5, 1)));
        write(folder, "longsecond.gz", joined(good, changed(none, none.length - 1, 1)));
        write(folder, "blocksecond.gz", joined(good, changed(good, 10, 4)));
        write(folder, "owned.gz", good);
        if (System.getProperty("user.name").equals("root")) {
            Files.setAttribute(folder.resolve("owned.gz"), "unix:uid", 1234);
            Files.setAttribute(folder.resolve("owned.gz"), "unix:gid", 5678);
        }
        writeWithMode(folder, "user.gz", good, 04755);
        writeWithMode(folder, "group.gz", good, 02755);
        writeWithMode(folder, "sticky.gz", good, 01755);
    }

    private static void write(Path folder, String name, byte[] content) throws IOException {
        Path file = Files.write(folder.resolve(name), content);
        Files.setLastModifiedTime(file, FileTime.from(1_300_000_000, TimeUnit.SECONDS));
    }

    private static void writeWithMode(Path folder, String name, byte[] content, int mode) throws IOException {
        write(folder, name, content);
        Files.setAttribute(folder.resolve(name), "unix:mode", mode);
    }

    private static byte[] gzip(byte[] data) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(data);
        }
        return bytes.toByteArray();
    }

    /** What stands behind the first ten bytes of the header. */
    private static byte[] withHeader(byte[] gzip, int flags, byte[] fields) {
        byte[] header = {0x1F, (byte) 0x8B, 8, (byte) flags, 0, 0, 0, 0, 0, 3};
        return joined(joined(header, fields), Arrays.copyOfRange(gzip, 10, gzip.length));
    }

    /** Behind so many bytes of the header their checksum, of which some bits are wrong. */
    private static byte[] withSum(byte[] gzip, int headerBytes, int wrongBits) {
        CRC32 crc = new CRC32();
        crc.update(gzip, 0, headerBytes);
        int sum = (int) crc.getValue() ^ wrongBits;
        byte[] checked = joined(Arrays.copyOf(gzip, headerBytes), new byte[] {(byte) sum, (byte) (sum >>> Byte.SIZE)});
        return joined(checked, Arrays.copyOfRange(gzip, headerBytes, gzip.length));
    }

    /** A stored block of zeros and the trailer: five bytes more than they are, which is 1.25 per cent of 400. */
    private static byte[] stored(int zeros) {
        CRC32 crc = new CRC32();
        crc.update(new byte[zeros]);
        return ByteBuffer.allocate(5 + zeros + 8).order(ByteOrder.LITTLE_ENDIAN).put((byte) 1).putShort((short) zeros).putShort((short) ~zeros)
                .position(5 + zeros).putInt((int) crc.getValue()).putInt(zeros).array();
    }

    private static byte[] named(byte[] gzip, String name, int time) {
        byte[] header = Arrays.copyOf(gzip, 10);
        header[3] |= 8;
        for (int i = 0; i < Integer.BYTES; i++) {
            header[4 + i] = (byte) (time >>> i * Byte.SIZE);
        }
        byte[] withName = joined(header, (name + '\0').getBytes(StandardCharsets.ISO_8859_1));
        return joined(withName, Arrays.copyOfRange(gzip, 10, gzip.length));
    }

    private static byte[] changed(byte[] bytes, int at, int bits) {
        byte[] changed = bytes.clone();
        changed[at] ^= (byte) bits;
        return changed;
    }

    private static byte[] joined(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
