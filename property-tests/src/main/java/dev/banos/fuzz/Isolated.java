package dev.banos.fuzz;

import dev.banos.fuzz.program.ProgramImage;
import dev.banos.fuzz.text.CSource;
import dev.banos.fuzz.text.Quoted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An allocator that takes the place of a whole process's malloc, and so cannot be called from a JVM: the fuzzer compiles a
 * small program that calls it.
 * <pre>
 *  musl               musl's, linked by musl-gcc
 *  preload:LIB.so     the malloc of a shared library, which LD_PRELOAD puts in the place of the C library's
 * </pre>
 *
 * @param spec as the command line names it
 * @param compiler the program, with its options
 * @param library what is preloaded, or null
 */
record Isolated(String spec, List<String> compiler, @Nullable String library) {
    static final String MUSL = "musl";
    static final String PRELOAD = "preload:";
    private static final long COMPILE_SECONDS = 60;
    private static final String NO_SUCH_LIBRARY = "cannot be preloaded";

    static boolean isNamed(String spec) {
        return spec.equals(MUSL) || spec.startsWith(PRELOAD);
    }

    /** Whether {@link #of} gives one. */
    static boolean isUsable(String spec) {
        return spec.equals(MUSL) || spec.startsWith(PRELOAD) && isPreloadable(spec.substring(PRELOAD.length()));
    }

    static Isolated of(String spec) {
        return spec.equals(MUSL) ? new Isolated(spec, List.of("musl-gcc", "-static"), null)
                : new Isolated(spec, List.of("cc"), preloadable(spec, spec.substring(PRELOAD.length())));
    }

    /** The dynamic linker takes a list. */
    private static boolean isPreloadable(String library) {
        return !library.isEmpty() && !library.matches("(?s).*[\\s:].*");
    }

    private static String preloadable(String spec, String library) {
        if (!isPreloadable(library)) {
            throw new TargetException(spec + ": give " + PRELOAD + "LIB.so, a name without a prefix, blanks and colons");
        }
        return library;
    }

    /** How a person compiles and runs a report's C program. */
    String commandFor(String source) {
        return String.join(" ", compiler) + " -g " + source + " -lpthread && " + (library == null ? "" : "LD_PRELOAD=" + Quoted.word(library) + " ")
                + "./a.out";
    }

    Map<String, String> environment() {
        return library == null ? Map.of() : Map.of("LD_PRELOAD", library);
    }

    /** What stands above the source of a program that calls it. */
    String defines() {
        return library == null ? "" : "#define PRELOADED\n";
    }

    /** There is no calling it from here. */
    TargetException notInThisProcess() {
        return new TargetException(spec + ": runs only in a process of its own: banos fuzz --target " + spec);
    }

    /**
     * Compiles the program into that folder.
     *
     * @throws TargetException if there is no compiler
     */
    Path compile(Path folder) {
        Path program = folder.resolve("runner");
        try {
            Path source = Files.writeString(folder.resolve("runner.c"), defines() + CSource.head("", true, ProgramImage.LARGEST_LENGTH,
                    ProgramImage.LARGEST_LENGTH) + CSource.laws() + CSource.mainOfRunner());
            List<String> command = new ArrayList<>(compiler);
            command.addAll(List.of("-O2", "-o", program.toString(), source.toString(), "-lpthread"));
            Path log = folder.resolve("compiler.log");
            Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
            if (!process.waitFor(COMPILE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new TargetException(spec + ": " + compiler.getFirst() + " does not compile the program that calls it ("
                        + Files.readString(log).lines().findFirst().orElse("it said nothing") + ")");
            }
            return program;
        } catch (IOException absent) {
            throw new TargetException(spec + ": needs " + compiler.getFirst() + " (Debian: apt-get install "
                    + (library == null ? "musl-tools" : "gcc") + ")", absent);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new TargetException(spec + ": interrupted while the program that calls it was compiled", interrupted);
        }
    }

    /** The dynamic linker warns of a library that it cannot preload, and goes on without it. */
    void requireLoaded(List<String> said) {
        said.stream().filter(line -> line.contains(NO_SUCH_LIBRARY)).findFirst().ifPresent(line -> {
            String hint = library == null ? "" : SharedLibrary.hint(library);
            throw new TargetException(spec + ": cannot be loaded (" + line.strip() + ")" + hint);
        });
    }
}
