package dev.banos.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The script that starts the command, in a checkout of its own whose path has blanks. Its Maven is a stand-in that counts
 * its calls; the classes are those of this build.
 */
class CommandScriptTest {
    private static final List<String> MODULES = List.of("bindings", "native-mem", "libc", "loader", "property-tests", "samples");
    private static final Path ROOT = Path.of("").toAbsolutePath().getParent();

    @TempDir
    Path folder;

    private Path clone;
    private Path script;
    private Path programs;
    private final Map<String, String> environment = new HashMap<>();

    private record Result(int status, String out, String err) {
    }

    @BeforeEach
    void makeCheckout() throws IOException {
        clone = Files.createDirectories(folder.resolve("a folder with blanks/banos"));
        copy(Path.of("pom.xml"));
        for (String module : MODULES) {
            copy(Path.of(module, "pom.xml"));
            copyAll(Path.of(module, "target/classes"));
            Files.createDirectories(clone.resolve(module).resolve("src/main"));
        }
        copy(Path.of("samples/jdk.sh"));
        copy(Path.of("samples/banos"));
        script = clone.resolve("samples/banos");
        age(clone);
        programs = Files.createDirectories(folder.resolve("programs"));
        program("mvn", "echo called >> '" + folder.resolve("maven-calls") + "'");
        environment.put("PATH", programs + ":/usr/bin:/bin");
        environment.put("JAVA_HOME", System.getProperty("java.home"));
    }

    /** The JVM's own files would have their numbers: its library of classes was copied to the output. */
    @Test
    void closedStreamsAreNoOthers() throws Exception {
        Files.write(folder.resolve("data.gz"), new byte[] {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0});
        run(clone, script, "--version");
        assertThat(start(folder, List.of("/bin/sh", "-c", "'" + script + "' gunzip -cf <&-")))
                .isEqualTo(new Result(1, "", "banos gunzip: standard input: Bad file descriptor\n"));
        assertThat(start(folder, List.of("/bin/sh", "-c", "'" + script + "' --version >&-")).err()).contains("standard output: cannot be written");
        assertThat(start(folder, List.of("/bin/sh", "-c", "'" + script + "' gunzip -t data.gz <&- >&- 2>&-"))).isEqualTo(new Result(0, "", ""));
    }

    @Test
    void theFirstRunBuildsAndLaterOnesOnlyWhenASourceIsNewer() throws Exception {
        Result first = run(clone, script, "--version");
        assertThat(first.status()).as(first.err()).isZero();
        assertThat(first.out()).startsWith("banos ");
        assertThat(first.err()).startsWith("banos: building").hasLineCount(1);

        assertThat(run(clone, script, "info", "absent.o")).isEqualTo(new Result(1, "", "banos info: absent.o: no such file\n"));
        assertThat(run(folder, script, "frobnicate").status()).isEqualTo(2);
        assertThat(mavenCalls()).isEqualTo(1);

        Path source = Files.writeString(clone.resolve("libc/src/main/New.java"), "");
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(2)));
        assertThat(run(clone, script, "--version").status()).isZero();
        assertThat(mavenCalls()).isEqualTo(2);
    }

    @Test
    void aFailedBuildShowsItsErrorsAndIsTriedAgain() throws Exception {
        program("mvn", "echo the compiler is unhappy; exit 1");
        Result failed = run(clone, script, "--version");
        assertThat(failed.status()).isEqualTo(1);
        assertThat(failed.err()).contains("the compiler is unhappy", "banos: the build failed");
        assertThat(failed.out()).isEmpty();
        program("mvn", "exit 0");
        assertThat(run(clone, script, "--version").status()).isZero();
    }

    @Test
    void worksThroughSymbolicLinksFromAnyFolder() throws Exception {
        copyAll(Path.of("samples/drivers/x86-64"));
        Files.createSymbolicLink(folder.resolve("link"), script);
        Path linkToLink = Files.createSymbolicLink(programs.resolve("banos"), Path.of("../link"));
        Files.copy(clone.resolve("samples/drivers/x86-64/hello.o"), folder.resolve("my hello.o"));
        Result result = run(folder, linkToLink, "install", "--any-user", "my hello.o", "--call", "int hello(const char *)", "a  b *");
        assertThat(result.out()).isEqualTo("hello: installed\nhello, a  b *\n1\nhello: uninstalled\n");
        assertThat(clone.resolve("samples/target/banos/cache.aot")).as("its trial run succeeded").exists();
    }

    /**
     * Without a locale, as in services and containers, or with one that this machine does not have, as the far end of ssh may name.
     * The shell makes the names: the locale of this JVM may have none like them.
     */
    @ParameterizedTest
    @ValueSource(strings = {"LANG=", "LC_ALL=POSIX", "LANG=xx_YY.UTF-8", "LC_CTYPE=xx_YY"})
    void namesBeyondAsciiAreFoundInTheLocaleC(String locale) throws Exception {
        String[] variable = locale.split("=", 2);
        environment.put(variable[0], variable[1]);
        run(clone, script, "--version");
        Result result = start(folder, List.of("/bin/sh", "-c", """
                name=$(printf 'f\\303\\274r')
                cp -r '%s' "$name" && cp '%s' "$name/$name.o" && cd "$name"
                sh samples/banos --version
                sh '%s' install --any-user "$name.o"
                mv "$name.o" hello.o
                sh '%s' install --any-user hello.o""".formatted(clone, ROOT.resolve("samples/drivers/x86-64/hello.o"), script, script)));
        assertThat(result.out()).matches("banos .*\\n(hello: installed\\nhello: uninstalled\\n){2}");
    }

    @Test
    void anOldJavaHomeIsPassedOver() throws Exception {
        environment.put("JAVA_HOME", fakeJdk("17.0.15").toString());
        environment.put("JAVA25_HOME", System.getProperty("java.home"));
        assertThat(run(clone, script, "--version").status()).isZero();
    }

    @Test
    void withoutAJdkItSaysWhatToInstall() throws Exception {
        Path jdk = clone.resolve("samples/jdk.sh"); // this machine has a JDK 25: ask for one that nobody has
        Files.writeString(jdk, Files.readString(jdk).replace("-ge 25", "-ge 999"));
        Result result = run(clone, script, "--version");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).startsWith("banos: needs JDK 25").contains("JAVA25_HOME");
        assertThat(mavenCalls()).isZero();
    }

    @Test
    void withoutMavenItSaysWhatToInstall() throws Exception {
        Files.delete(programs.resolve("mvn"));
        for (String name : List.of("sh", "dirname", "readlink", "find", "head", "mkdir", "rm", "mv", "cat", "flock")) {
            program(name, "exec /usr/bin/" + name + " \"$@\"");
        }
        environment.put("PATH", programs.toString());
        Result result = run(clone, script, "--version");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).startsWith("banos: needs Maven").hasLineCount(1);
    }

    @Test
    void cflagsNeedsNeitherJavaNorABuild() throws Exception {
        environment.put("JAVA_HOME", "/nowhere");
        assertThat(run(folder, script, "cflags").out()).isEqualTo("-I" + clone.toRealPath() + "/loader/src/main/include\n");
        assertThat(run(clone, script, "cflags").out()).as("no blank for a shell to split at").isEqualTo("-Iloader/src/main/include\n");
        assertThat(mavenCalls()).isZero();
    }

    @Test
    void theScriptsOwnWordsExplainThemselvesToo() throws Exception {
        for (String word : List.of("cflags", "jdk", "java")) {
            Result help = run(folder, script, word, "--help");
            assertThat(help.status()).isZero();
            assertThat(help.out()).startsWith("usage: banos " + word);
            Result wrong = word.equals("java") ? run(folder, script, word) : run(folder, script, word, "more");
            assertThat(wrong.status()).as(word).isEqualTo(2);
            assertThat(wrong.err()).startsWith("banos " + word + ": ").contains("see banos " + word + " --help").hasLineCount(1);
        }
        assertThat(mavenCalls()).isZero();
    }

    /** As {@code head} does, the reader of a pipe may go when it has seen enough; a full disk is another matter. */
    @Test
    void aPipeWhoseReaderHasGoneIsNoComplaint() throws Exception {
        run(clone, script, "--version");
        String command = "sh '" + script + "' install --any-user '" + ROOT.resolve("samples/drivers/x86-64/hello.o") + "'";
        Result gone = start(clone, List.of("/bin/sh", "-c", command + " | true"));
        assertThat(gone.err()).isEmpty();
        Result full = start(clone, List.of("/bin/sh", "-c", command + " > /dev/full"));
        assertThat(full.status()).isEqualTo(1);
        assertThat(full.err()).isEqualTo("banos: standard output: cannot be written (No space left on device)\n");
    }

    @Test
    void isPlainShell() throws Exception {
        for (String checker : List.of("dash -n", "shellcheck -x")) {
            List<String> command = new ArrayList<>(List.of(checker.split(" ")));
            assumeTrue(Files.isExecutable(Path.of("/usr/bin", command.getFirst())), command.getFirst() + " is not installed");
            Stream.of("samples/banos", "samples/jdk.sh", "samples/benchmarks/run").forEach(
                    file -> command.add(ROOT.resolve(file).toString()));
            Result result = start(ROOT, command);
            assertThat(result.out() + result.err()).isEmpty();
        }
    }

    private Result run(Path where, Path program, String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("/bin/sh", program.toString()));
        command.addAll(List.of(args));
        return start(where, command);
    }

    private Result start(Path where, List<String> command) throws IOException, InterruptedException {
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(command).directory(where.toFile())
                .redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        Process process = builder.start();
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
        return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    private long mavenCalls() throws IOException {
        Path calls = folder.resolve("maven-calls");
        return Files.exists(calls) ? Files.readAllLines(calls).size() : 0;
    }

    private void program(String name, String text) throws IOException {
        Path program = programs.resolve(name);
        Files.writeString(program, "#!/bin/sh\n" + text + "\n", StandardCharsets.UTF_8);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Path fakeJdk(String version) throws IOException {
        Path jdk = Files.createDirectories(folder.resolve("jdk-" + version));
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
        Path compiler = Files.writeString(Files.createDirectories(jdk.resolve("bin")).resolve("javac"), "");
        Files.setPosixFilePermissions(compiler, PosixFilePermissions.fromString("rwxr-xr-x"));
        return jdk;
    }

    private void copyAll(Path relative) throws IOException {
        try (Stream<Path> files = Files.walk(ROOT.resolve(relative))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                copy(ROOT.relativize(file));
            }
        }
    }

    private void copy(Path relative) throws IOException {
        Path copy = clone.resolve(relative);
        Files.createDirectories(copy.getParent());
        Files.copy(ROOT.resolve(relative), copy);
    }

    /** What was written this second must not look newer than the build that follows. */
    private static void age(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.toList()) {
                Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(10)));
            }
        }
    }
}
