package dev.banos.loader;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.testing.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The host's C compilers. A test that asks for one that is not there is skipped, and says so. */
public final class CCompiler {
    public static final Path SOURCES = Path.of("src/test/c");
    /** Where Debian has this machine's libraries, or what the environment says. */
    public static final Path LIBRARIES = Path.of(System.getenv().getOrDefault("BANOS_LIBRARIES",
            "aarch64".equals(System.getProperty("os.arch")) ? "/usr/lib/aarch64-linux-gnu" : "/usr/lib/x86_64-linux-gnu"));
    private static final Path HEADERS = Path.of("src/main/include");

    private CCompiler() {
    }

    /** Compiles a file of {@link #SOURCES} to a relocatable object. */
    public static Path object(Path folder, String source, String compiler, String... flags) {
        Path output = folder.resolve(source.replace('.', '-') + "-" + Math.abs(List.of(flags).hashCode()) + compiler + ".o");
        compile(SOURCES.resolve(source), output, compiler, withC(List.of(flags)));
        return output;
    }

    /** Compiles C given as text. */
    public static Path text(Path folder, String name, String code, String... flags) {
        Path output = folder.resolve(name + ".o");
        compile(written(folder.resolve(name + ".c"), code), output, "gcc", withC(List.of(flags)));
        return output;
    }

    /**
     * Compiles code given as text.
     *
     * @param command a compiler and its flags
     * @param file a name whose end says which language the code is of
     */
    public static Path compile(Path folder, String command, String file, String code) {
        List<String> words = List.of(command.split(" "));
        Path output = folder.resolve(file + ".o");
        compile(written(folder.resolve(file), code), output, words.getFirst(), withC(words.subList(1, words.size())));
        return output;
    }

    private static Path written(Path source, String code) {
        try {
            return Files.writeString(source, code);
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
        try {
            return ChildProcess.run(command).succeeded();
        } catch (IOException failed) {
            throw new AssertionError(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError(interrupted);
        }
    }

    private static void compile(Path source, Path output, String compiler, List<String> flags) {
        requireProgram(compiler);
        List<String> command = new ArrayList<>(List.of(compiler, "-I", HEADERS.toString(), "-o", output.toString()));
        command.add(source.toString());
        command.addAll(flags); // behind the source, for the libraries among them
        run(command);
    }

    public static void requireProgram(String name) {
        assumeTrue(ChildProcess.isInstalled(name), () -> "skipped: " + name + " is not installed");
    }

    private static List<String> withC(List<String> flags) {
        List<String> all = new ArrayList<>(flags);
        all.add("-c");
        return all;
    }
}
