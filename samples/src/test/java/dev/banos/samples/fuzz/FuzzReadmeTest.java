package dev.banos.samples.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.samples.OwnJvm;
import dev.banos.testing.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every {@code banos fuzz} in the module's README runs as it is written, and leaves nothing but the report folder. */
class FuzzReadmeTest {
    private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
    private static final String COMMAND = "    samples/banos fuzz";
    private static final String REPORT = "findings";
    private static final int LINES = 200;

    @TempDir
    Path folder;

    @Test
    void itsCommandsRunAsWritten() throws Exception {
        assumeTrue(Files.exists(Path.of("/usr/lib/x86_64-linux-gnu/libjemalloc.so.2")), "no jemalloc (Debian: libjemalloc2)");
        assumeTrue(Files.exists(Path.of("/usr/bin/musl-gcc")), "no musl-gcc (Debian: musl-tools)");
        Files.createSymbolicLink(folder.resolve("samples"), ROOT.resolve("samples"));
        Files.createDirectory(folder.resolve("tmp"));
        List<String> commands;
        try (Stream<String> lines = Files.lines(ROOT.resolve("property-tests/README.md"))) {
            commands = lines.filter(line -> line.startsWith(COMMAND)).map(String::strip).toList();
        }
        assertThat(commands).hasSizeGreaterThan(5);
        for (String command : commands) {
            requireRuns(command, Set.of(0, 1));
        }
        assertThat(names(folder)).containsOnly("samples", "tmp", REPORT);
        assertThat(names(folder.resolve("tmp"))).isEmpty();
    }

    /** The allocator in Java that it shows compiles in ten lines or so, and is found to give no memory back. */
    @Test
    void itsAllocatorInJavaIsFuzzedAsWritten() throws Exception {
        String readme = Files.readString(ROOT.resolve("property-tests/README.md"));
        Matcher source = Pattern.compile("```java\\n(.*?public class MyAllocator .*?)```", Pattern.DOTALL).matcher(readme);
        assertThat(source.find()).isTrue();
        Path file = Files.writeString(folder.resolve("MyAllocator.java"), source.group(1));
        Files.createDirectory(folder.resolve("tmp"));
        int compiled = ToolProvider.getSystemJavaCompiler().run(null, null, null, "-cp", OwnJvm.classPath(), "-d",
                folder.resolve("classes").toString(), file.toString());
        assertThat(compiled).isZero();
        Matcher command = Pattern.compile("    CLASSPATH=classes (samples/banos fuzz --target class:MyAllocator.*)").matcher(readme);
        assertThat(command.find()).isTrue();
        assertThat(requireRuns(command.group(1), Set.of(1))).contains("class:MyAllocator breaks a law: memory comes back after the frees");
    }

    private String requireRuns(String command, Set<Integer> statuses) throws Exception {
        List<String> words = OwnJvm.banos(List.of("-XX:-UsePerfData", "-Djava.io.tmpdir=" + folder.resolve("tmp")),
                folder.resolve("classes"));
        words.addAll(List.of(command.split(" ")).subList(1, command.split(" ").length));
        ChildProcess fuzzer = ChildProcess.run(new ProcessBuilder(words).directory(folder.toFile()));
        assertThat(fuzzer.status()).as("%s%n%s", command, fuzzer.output()).isIn(statuses);
        assertThat(fuzzer.output().lines()).as(command).hasSizeBetween(1, LINES);
        return fuzzer.output();
    }

    private static List<String> names(Path of) throws IOException {
        try (Stream<Path> files = Files.list(of)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
