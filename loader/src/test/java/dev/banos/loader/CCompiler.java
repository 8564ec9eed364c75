package dev.banos.loader;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The host's C compilers. A test that asks for one that is not there is skipped, and says so. */
public final class CCompiler {
    public static final Path SOURCES = Path.of("src/test/c");
    private static final Path HEADERS = Path.of("src/main/include");

    private CCompiler() {
    }

    /** Compiles a file of {@link #SOURCES} to a relocatable object. */
    public static Path object(Path folder, String source, String compiler, String... flags) {
        Path output = folder.resolve(source.replace('.', '-') + "-" + Math.abs(List.of(flags).hashCode()) + compiler + ".o");
        compile(SOURCES.resolve(source), output, compiler, withC(flags));
        return output;
    }

    /** Compiles C given as text. */
    public static Path text(Path folder, String name, String code, String... flags) {
        try {
            Path source = Files.writeString(folder.resolve(name + ".c"), code);
            Path output = folder.resolve(name + ".o");
            compile(source, output, "gcc", withC(flags));
            return output;
        } catch (IOException failed) {
            throw new AssertionError(failed);
        }
    }

    /** Compiles and links an ordinary program. */
    public static Path program(Path folder, String source, String compiler, String... flags) {
        Path output = folder.resolve(source + "." + compiler + ".program");
        compile(SOURCES.resolve(source), output, compiler, List.of(flags));
        return output;
    }

    public static String run(List<String> command) {
        return run(command, 0);
    }

    private static void compile(Path source, Path output, String compiler, List<String> flags) {
        requireProgram(compiler);
        List<String> command = new ArrayList<>(List.of(compiler, "-I", HEADERS.toString(), "-o", output.toString()));
        command.add(source.toString());
        command.addAll(flags); // behind the source, for the libraries among them
        run(command, 0);
    }

    public static void requireProgram(String name) {
        assumeTrue(hasProgram(name), () -> "skipped: " + name + " is not installed");
    }

    public static boolean hasProgram(String name) {
        return List.of(System.getenv("PATH").split(":")).stream()
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
    }

    private static List<String> withC(String... flags) {
        List<String> all = new ArrayList<>(List.of(flags));
        all.add("-c");
        return all;
    }

    private static String run(List<String> command, int status) {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(1, TimeUnit.MINUTES) || process.exitValue() != status) {
                throw new AssertionError(command + " failed:\n" + output);
            }
            return output;
        } catch (IOException failed) {
            throw new AssertionError(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError(interrupted);
        }
    }
}
