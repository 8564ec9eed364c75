package dev.banos.adapter.arrow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.testing.ChildJvm;
import dev.banos.testing.ChildProcess;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs that know nothing of Banos, started with our jar on their class path. */
class DefaultAllocatorTest {
    @TempDir
    Path folder;
    private Path jar;

    /** Tests run before the jar is made, and Arrow looks at the name of a jar. */
    @BeforeEach
    void makeJar() throws IOException {
        jar = folder.resolve("banos-arrow-memory-core-1.0.jar");
        Path classes = ownClasses();
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar)); Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(new JarEntry(classes.relativize(file).toString()));
                Files.copy(file, out);
            }
        }
    }

    @Test
    void theJarAloneDecides() throws Exception {
        List<String> path = classPath();
        path.removeIf(entry -> entry.contains("arrow-memory-netty") || entry.contains("netty-"));
        path.addFirst(jar.toString());
        assertThat(run(path)).isEqualTo(PlainProgram.expected());
    }

    /** Wherever on the class path it stands. */
    @Test
    void itWinsOverArrowsNettyAllocator() throws Exception {
        List<String> path = classPath();
        assertThat(path).anyMatch(entry -> entry.contains("arrow-memory-netty"));
        path.addLast(jar.toString());
        assertThat(run(path)).isEqualTo(PlainProgram.expected());
        Collections.reverse(path);
        assertThat(run(path)).isEqualTo(PlainProgram.expected());
    }

    /** The tests' own, without the folder that our classes are in. */
    private static List<String> classPath() {
        List<String> path = new ArrayList<>(List.of(System.getProperty("java.class.path").split(File.pathSeparator)));
        assertThat(path.remove(ownClasses().toString())).isTrue();
        return path;
    }

    private static Path ownClasses() {
        return Path.of("target", "classes").toAbsolutePath();
    }

    private static String run(List<String> classPath) throws IOException, InterruptedException {
        return ChildProcess.run(ChildJvm.command(List.of(
                "--enable-native-access=ALL-UNNAMED", "--add-opens=java.base/java.nio=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow", "-cp", String.join(File.pathSeparator, classPath),
                PlainProgram.class.getName()))).succeeded().strip();
    }
}
