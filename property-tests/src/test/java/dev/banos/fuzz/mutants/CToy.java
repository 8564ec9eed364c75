package dev.banos.fuzz.mutants;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.testing.ChildProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The C compiler of the machine, where there is one, and the small allocator in C that it builds. */
public final class CToy {
    public static final String PREFIX = ":toy_";
    private static final Path SOURCE = Path.of("src", "test", "c", "toy.c");

    private static final Path HEADERS = Path.of("..", "loader", "src", "main", "include");

    private CToy() {
    }

    /** The library with this fault; 0 is the correct one. Skips the test where there is no compiler. */
    public static Path build(Path folder, int fault) throws IOException, InterruptedException {
        return build(folder, fault, List.of("-lpthread"));
    }

    /** The same, linked with these options. */
    public static Path build(Path folder, int fault, List<String> options) throws IOException, InterruptedException {
        Path library = folder.resolve("toy" + fault + ".so");
        List<String> arguments = new ArrayList<>(List.of("-O1", "-shared", "-fPIC", "-DFAULT=" + fault, "-o", library.toString(),
                SOURCE.toAbsolutePath().toString()));
        arguments.addAll(options);
        compile(arguments);
        return library;
    }

    /** The same under the names of malloc and the others, to be preloaded. */
    public static Path buildMalloc(Path folder, int fault) throws IOException, InterruptedException {
        return buildMalloc(folder, fault, List.of("malloc", "calloc", "realloc", "posix_memalign", "malloc_usable_size", "free"));
    }

    /** Only these of its functions take the place of the C library's. */
    public static Path buildMalloc(Path folder, int fault, List<String> names) throws IOException, InterruptedException {
        Path library = folder.resolve("malloc" + fault + "-" + names.size() + ".so");
        List<String> arguments = new ArrayList<>(List.of("-O1", "-shared", "-fPIC", "-DFAULT=" + fault));
        for (String name : names) {
            arguments.add("-Dtoy_" + name + "=" + name);
        }
        arguments.addAll(List.of("-o", library.toString(), SOURCE.toAbsolutePath().toString(), "-lpthread"));
        compile(arguments);
        return library;
    }

    /** The same as an object, with what makes it a driver or without. */
    public static Path buildObject(Path folder, int fault, boolean driver) throws IOException, InterruptedException {
        Path object = folder.resolve("toy" + fault + ".o");
        compile(List.of("-O1", "-c", driver ? "-DAS_DRIVER" : "-DAS_OBJECT", "-DFAULT=" + fault, "-I" + HEADERS.toAbsolutePath(), "-o",
                object.toString(), SOURCE.toAbsolutePath().toString()));
        return object;
    }

    public static void compile(List<String> arguments) throws IOException, InterruptedException {
        compile("cc", arguments);
    }

    public static void compile(String program, List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(arguments);
        assumeTrue(ChildProcess.isInstalled(program), "no C compiler (" + program + ") on this machine");
        ChildProcess.run(command).succeeded();
    }
}
