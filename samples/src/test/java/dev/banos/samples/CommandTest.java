package dev.banos.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.testing.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a person meets at the command line: output, one line on standard error, exit statuses. */
class CommandTest {
    private static final String HELLO = "drivers/x86-64/hello.o";
    private static final String RING = "drivers/x86-64/ring.o";
    private static final String STATS = "drivers/x86-64/stats.o";

    @TempDir
    Path folder;

    @Test
    void installsCallsAndUninstallsInOrder() {
        Run run = Run.of("install", "--any-user", HELLO, "--call", "int hello(const char *)", "you", "--call=int hello_count(void)");
        assertThat(run).isEqualTo(new Run(0, "hello: installed\nhello, you\n1\n1\nhello: uninstalled\n", ""));
    }

    /** Names of files are whatever who made them likes: what unpacks an archive may leave some that command a terminal. */
    @Test
    void namesOfFilesCommandNoTerminal() throws Exception {
        assertThat(Run.of("info", "nowhere\u001b[31m.o").err()).startsWith("banos info: nowhere?[31m.o: ").hasLineCount(1);
        Path named = Files.copy(Path.of(RING), folder.resolve("ring\u001b[31m.o"));
        assertThat(Run.of("info", named.toString()).out()).contains("ring?[31m.o: x86-64 driver").doesNotContain("\u001b");
        assertThat(Run.of("symbols", named.toString()).out()).contains("ring?[31m.o").doesNotContain("\u001b");
        assertThat(Run.of("install", "-v", "--any-user", named.toString()).err()).contains("ring?[31m.o").doesNotContain("\u001b");
    }

    @Test
    void aDriverUsesAnothersExports() {
        Run run = Run.of("install", "--any-user", RING, STATS, "--call", "int ring_put(long)", "-3",
                "--call", "int ring_put(long)", "10", "--call", "double stats_mean(void)", "--call", "long stats_max(void)");
        assertThat(run).isEqualTo(new Run(0, "0\n0\n3.5\n10\n", ""));
    }

    @Test
    void theOrderOfTheFilesDoesNotMatter() {
        Run run = Run.of("install", "--any-user", STATS, RING, "--call", "int ring_put(long)", "5", "--call", "double stats_mean(void)");
        assertThat(run).isEqualTo(new Run(0, "0\n5.0\n", ""));
    }

    @Test
    void verboseShowsThePhasesOfEachLoad() {
        Run run = Run.of("install", "-v", "--any-user", RING, STATS);
        assertThat(run.status()).isZero();
        assertThat(run.err()).contains(RING, STATS, "relocate", " ms ", "in the GOT").hasLineCount(18);
        assertThat(run.out()).isEmpty();
    }

    @Test
    void objectsThatNeedEachOtherAreCalledTogether() throws Exception {
        assumeTrue(ChildProcess.isInstalled("gcc"), "skipped: gcc is not installed");
        Path even = compiled("even", "int odd(unsigned n); int even(unsigned n) { return n == 0 || odd(n - 1); }");
        Path odd = compiled("odd", "int even(unsigned n); int odd(unsigned n) { return n != 0 && even(n - 1); }");
        Run run = Run.of("install", "--any-user", "--object", even.toString(), odd.toString(), "--call", "int even(unsigned)", "7");
        assertThat(run).isEqualTo(new Run(0, "0\n", ""));
        assertThat(Run.of("install", "--any-user", "--object", even.toString()).err()).contains("even.o", "odd").hasLineCount(1);
        assertThat(Run.of("install", "--any-user", even.toString()).err()).contains("even.o", "--object").hasLineCount(1);
    }

    private Path compiled(String name, String code) throws IOException, InterruptedException {
        Path source = Files.writeString(folder.resolve(name + ".c"), code);
        Path object = folder.resolve(name + ".o");
        ChildProcess.run(List.of("gcc", "-c", source.toString(), "-o", object.toString())).succeeded();
        return object;
    }

    @Test
    void anArchiveIsCalledWithoutALinker() {
        Path zlib = Path.of("/usr/lib/x86_64-linux-gnu/libz.a");
        assumeTrue(Files.exists(zlib), "skipped: zlib1g-dev is not installed");
        Run run = Run.of("install", "--any-user", "--object", zlib.toString(),
                "--call", "unsigned long crc32(unsigned long, const char *, unsigned)", "0", "123456789", "9");
        assertThat(run).isEqualTo(new Run(0, 0xcbf43926L + "\n", ""));
        Run absent = Run.of("install", "--any-user", "--object", zlib.toString(), "--call", "int nobody(void)");
        assertThat(absent.status()).isEqualTo(1);
        assertThat(absent.err()).contains("libz.a", "nobody").hasLineCount(1);
    }

    @Test
    void aFullRingSaysSo() {
        Run run = Run.of("install", "--any-user", RING, "--call", "int ring_resize(size_t)", "1",
                "--call", "int ring_put(long)", "7", "--call", "int ring_put(long)", "8", "--call", "long ring_take(void)",
                "--call", "long ring_take(void)", "--call", "int ring_resize(size_t)", "0x7fffffffffffffff");
        assertThat(run).isEqualTo(new Run(0, "0\n0\n-28\n7\n0\n-12\n", ""));
    }

    @Test
    void whatIsMissingIsNamedTogether() {
        Run run = Run.of("install", "--any-user", STATS);
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).startsWith("banos install: " + STATS).contains("ring_at", "ring_size").hasLineCount(1);
    }

    @Test
    void aCallOfAnUnknownExportNamesTheKnownOnes() {
        Run run = Run.of("install", "--any-user", HELLO, "--call", "int nobody(void)");
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).contains("nobody", "hello_count").hasLineCount(1);
        assertThat(run.out()).endsWith("hello: uninstalled\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "frobnicate", "--frobnicate", "install", "install hello.o --frob", "install hello.o --call",
        "install hello.o --call int_add", "install --object", "info", "info --frob x.o", "symbols --frob", "link", "sign x.o", "sign --key x.pem", "link x.o --base 0",
        "link x.o --base 1 --output-dir target", "link x.o --base 12monkeys", "link x.o y/x.o", "link --define x", "replay", "replay a b",
        "replay --target nonsense drivers/x86-64/hello.o"})
    void wrongUsageIsStatus2AndOneLine(String line) {
        Run run = Run.of(line.isEmpty() ? new String[0] : line.split(" "));
        assertThat(run.status()).as(run.err()).isEqualTo(2);
        assertThat(run.err()).startsWith("banos").hasLineCount(1);
        assertThat(run.out()).isEmpty();
    }

    @Test
    void aCallWithTooFewArgumentsIsWrongUsageBeforeAnythingIsInstalled() {
        Run run = Run.of("install", "--any-user", HELLO, "--call", "int add(int, int)", "1");
        assertThat(run).isEqualTo(new Run(2, "",
                "banos install: --call 'int add(int, int)': arguments expected: 2, given: 1\n"));
    }

    @Test
    void anArgumentTooManyIsNotTakenForAFile() {
        Run run = Run.of("install", "--any-user", HELLO, "--call", "int hello(const char *)", "you", "twice");
        assertThat(run).isEqualTo(new Run(2, "", "banos install: twice: no such file, and hello takes 1 argument\n"));
        assertThat(Run.of("install", "--any-user", "--call", "int hello_count(void)", HELLO).status()).as("a file may stand there").isZero();
    }

    @Test
    void whatAnObjectMissesIsSaidWithTheRemedyOfTheWord() {
        assertThat(Run.of("link", "--base=0", "--output-dir", folder.toString(), STATS).err()).contains("ring_at", "--define", "--phony-imports");
        assertThat(Run.of("install", "--any-user", "--object", STATS).err()).contains("ring_at", "object or archive", "--library");
        assertThat(Run.of("install", "--any-user", STATS).err()).contains("ring_at", "install the driver");
    }

    @Test
    void aSharedLibraryIsLoadedForDriversAsForObjects() {
        assertThat(Run.of("install", "--any-user", "--library", "libm.so.6", HELLO).status()).isZero();
        assertThat(Run.of("install", "--any-user", HELLO, "--library", "libnowhere.so").err())
                .startsWith("banos install: libnowhere.so: cannot be loaded (");
    }

    /** Its constructor would run, with all rights of the process. */
    @Test
    void noSharedLibraryIsLoadedForFilesThatAreNotPermitted() throws Exception {
        assumeTrue(ChildProcess.isInstalled("gcc"), "skipped: gcc is not installed");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/openssl")), "skipped: openssl is not installed");
        Path mark = folder.resolve("mark");
        Path source = Files.writeString(folder.resolve("marks.c"), "#include <stdio.h>\n__attribute__((constructor)) static void mark(void)"
                + " { FILE *file = fopen(\"" + mark + "\", \"w\"); if (file) fclose(file); }");
        String library = folder.resolve("libmarks.so").toString();
        ChildProcess.run(List.of("gcc", "-shared", "-fPIC", "-o", library, source.toString())).succeeded();
        String key = folder.resolve("key.pem").toString();
        String publicKey = folder.resolve("public.pem").toString();
        ChildProcess.run(List.of("openssl", "genpkey", "-algorithm", "ed25519", "-out", key)).succeeded();
        ChildProcess.run(List.of("openssl", "pkey", "-in", key, "-pubout", "-out", publicKey)).succeeded();
        String ring = Files.copy(Path.of(RING), folder.resolve("ring.o")).toString();
        String stats = Files.copy(Path.of(STATS), folder.resolve("stats.o")).toString();
        Run.of("sign", "--key", key, ring);

        for (String kind : List.of("--any-user", "--object")) {
            Run refused = Run.of("install", "--any-user", kind, "--library", library, "--require-signature", publicKey, ring, stats);
            assertThat(refused.status()).as(kind).isEqualTo(1);
            assertThat(refused.err()).contains("stats.o", "not permitted").hasLineCount(1);
            assertThat(mark).as(kind).doesNotExist();
        }
        Run.of("sign", "--key", key, stats);
        assertThat(Run.of("install", "--any-user", "--library", library, "--require-signature", publicKey, ring, stats))
                .isEqualTo(new Run(0, "", ""));
        assertThat(mark).exists();
    }

    @Test
    void whereNothingCanBeWrittenIsSaidOnceAndWhy() {
        String trace = "traces/git.mtrace.gz";
        assertThat(Run.of("heapmap", trace, "-o", folder.resolve("absent/map.html").toString()).err())
                .endsWith("map.html: cannot be written (no such file or folder)\n");
        assertThat(Run.of("link", "--base=0", "--output-dir", "/proc/banos/out", STATS).err())
                .isEqualTo("banos link: /proc/banos/out: cannot be made (no such file or folder)\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"install --any-user", "info", "symbols"})
    void aFileThatIsMissingOrNoObjectIsNamed(String words) throws IOException {
        Path text = Files.writeString(folder.resolve("text.o"), "no object at all");
        for (Path file : new Path[] {text, folder.resolve("absent.o")}) {
            Run run = Run.of((words + " " + file).split(" "));
            assertThat(run.status()).isEqualTo(1);
            assertThat(run.err()).contains(file.toString()).hasLineCount(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"info", "fuzz --tries 1 --report", "fuzz --merge"})
    void aNameThatNoFileCanHaveIsOneLineToo(String words) {
        Run run = Run.of((words + " a\0b.o").split(" "));
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).contains("b.o", "locale").hasLineCount(1);
    }

    @Test
    void installingIsAPrivilege() {
        assumeTrue(!"root".equals(System.getProperty("user.name")), "the superuser may install drivers");
        Run run = Run.of("install", HELLO);
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).contains(HELLO, "--any-user").hasLineCount(1);
    }

    @Test
    void infoShowsWhatADriverHolds() {
        assertThat(Run.of("info", STATS).out()).contains("stats", "1.0.0", "stats_mean", "ring_at", ".banos-driver", "R_X86_64_");
        assertThat(Run.of("info", "--json", STATS, RING).out().lines())
                .hasSize(2).allSatisfy(line -> assertThat(line).startsWith("{").endsWith("}"));
    }

    @Test
    void infoShowsWhatAnObjectOrAnArchiveHolds() {
        Path zlib = Path.of("/usr/lib/x86_64-linux-gnu/libz.a");
        assumeTrue(Files.exists(zlib), "skipped: zlib1g-dev is not installed");
        assertThat(Run.of("info", zlib.toString()).out()).contains("libz.a(crc32.o)", "x86-64 object\n", "  defines   crc32\n",
                "  imports   memcpy\n", " AX ", "R_X86_64_PLT32");
    }

    @Test
    void signedDriversAreInstalledAndOthersAreNot() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/openssl")), "skipped: openssl is not installed");
        String key = folder.resolve("key.pem").toString();
        String publicKey = folder.resolve("public.pem").toString();
        ChildProcess.run(List.of("openssl", "genpkey", "-algorithm", "ed25519", "-out", key)).succeeded();
        ChildProcess.run(List.of("openssl", "pkey", "-in", key, "-pubout", "-out", publicKey)).succeeded();
        String ring = Files.copy(Path.of(RING), folder.resolve("ring.o")).toString();
        Run unsigned = Run.of("install", "--any-user", "--require-signature", publicKey, ring);
        assertThat(unsigned.status()).isEqualTo(1);
        assertThat(unsigned.err()).contains("ring.o.sig", "banos sign").hasLineCount(1);
        assertThat(Run.of("sign", "--key", key, ring)).isEqualTo(new Run(0, "", ""));
        assertThat(Run.of("install", "--any-user", "--require-signature", publicKey, ring)).isEqualTo(new Run(0, "", ""));
        assertThat(Run.of("sign", "--key", publicKey, ring).err()).contains("public.pem", "PRIVATE KEY").hasLineCount(1);
    }

    @Test
    void linkWritesAnImageAndItsMap() throws IOException {
        Run run = Run.of("link", "--base", "0x10000000", "--define", "ring_at=0x10200000", "--define=ring_size=270532608",
                "--output-dir", folder.resolve("new").toString(), STATS);
        assertThat(run).isEqualTo(new Run(0, "", ""));
        assertThat(folder.resolve("new/stats.image")).isNotEmptyFile();
        assertThat(Files.readString(folder.resolve("new/stats.map.json"))).contains("ring_at", "ring_size", ".banos-driver");
    }

    @Test
    void linkNamesWhatCannotBeLinkedAndGoesOn() {
        Run run = Run.of("link", "--base=0", "--output-dir", folder.toString(), "absent.o", STATS);
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).contains("absent.o", "ring_at").hasLineCount(2);
        assertThat(Run.of("link", "--phony-imports", "--base=0", "--output-dir", folder.toString(), STATS).status()).isZero();
    }

    @Test
    void symbolsListsTheHostsAndTheDrivers() {
        assertThat(Run.of("symbols", RING).out())
                .contains("banos_dprintln ", "banos_lookup_symbol ", "banos_malloc ", "banos_pthread_self ", "ring_put ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "install --help", "info -h", "symbols --help", "sign --help", "link --help", "replay --help"})
    void helpIsPrinted(String line) {
        Run run = Run.of(line.split(" "));
        assertThat(run.status()).isZero();
        assertThat(run.out()).startsWith("usage: banos");
        assertThat(run.err()).isEmpty();
    }

    @Test
    void versionIsPrinted() {
        assertThat(Run.of("--version").out()).matches("banos \\d+\\.\\d+\\.\\d+.*\n");
    }
}
