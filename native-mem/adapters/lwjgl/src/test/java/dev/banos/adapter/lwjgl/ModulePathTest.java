package dev.banos.adapter.lwjgl;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An application of modules, {@code src/test/modular}: all that the class path forgives is refused there. */
class ModulePathTest {
    private static final Path SOURCES = Path.of("src/test/modular");

    @TempDir
    Path application;

    @Test
    void anApplicationOfModulesRuns() throws IOException, InterruptedException {
        String modules = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> entry.endsWith("/classes") || Path.of(entry).getFileName().toString().matches("(?:banos|jspecify|lwjgl)-.*"))
                .filter(entry -> !entry.endsWith("-tests.jar")).collect(Collectors.joining(File.pathSeparator));
        int refused = ToolProvider.getSystemJavaCompiler().run(null, null, null, "--module-path", modules, "-d", application.toString(),
                SOURCES.resolve("module-info.java").toString(), SOURCES.resolve("app/Main.java").toString());
        assertThat(refused).isZero();
        assertThat(run(List.of("--module-path", application + File.pathSeparator + modules, "--enable-native-access=dev.banos.bindings,org.lwjgl",
                "--add-modules=dev.banos.adapter.lwjgl,org.lwjgl.natives", "--sun-misc-unsafe-memory-access=allow",
                "-Dorg.lwjgl.system.allocator=dev.banos.adapter.lwjgl.BanosMemoryAllocator",
                "--illegal-native-access=deny", "-m", "app/app.Main"))).isEqualTo("dev.banos.adapter.lwjgl: 1 block, then 0");
    }

    private static String run(List<String> arguments) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(Stream.concat(Stream.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()),
                arguments.stream()).toList()).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes()).strip();
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }
}
