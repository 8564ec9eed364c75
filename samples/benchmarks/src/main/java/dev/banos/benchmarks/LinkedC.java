package dev.banos.benchmarks;

import dev.banos.loader.InstallPolicy;
import dev.banos.loader.LinkedLibrary;
import dev.banos.loader.ObjectLinker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** C code of a benchmark, compiled by the machine's gcc and linked into this process; no file is left. */
final class LinkedC {
    private LinkedC() {
    }

    /** @param options of gcc, beside those for a fast object */
    static LinkedLibrary of(String code, String... options) {
        try {
            Path folder = Files.createTempDirectory("banos-benchmark");
            Path source = folder.resolve("benchmark.c");
            Path object = folder.resolve("benchmark.o");
            try {
                Files.writeString(source, code);
                compile(source, object, options);
                return ObjectLinker.create(InstallPolicy.anyUser()).add(object).link();
            } finally {
                Files.deleteIfExists(object);
                Files.deleteIfExists(source);
                Files.delete(folder);
            }
        } catch (IOException failed) {
            throw new IllegalStateException("gcc is needed", failed);
        }
    }

    private static void compile(Path source, Path object, String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of("gcc", "-O2", "-fPIC", "-c", source.toString(), "-o", object.toString()));
        command.addAll(List.of(options));
        Process gcc = new ProcessBuilder(command).inheritIO().start();
        try {
            if (gcc.waitFor() != 0) {
                throw new IllegalStateException("gcc failed with " + gcc.exitValue());
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }
}
