package dev.banos.bindings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The host's C compiler as an oracle: it turns a C program into what that program prints. */
final class CCompiler {
    private CCompiler() {
    }

    /** Skips the calling test where there is no {@code cc}; a program that does not compile fails it. */
    static List<String> linesPrintedBy(String program, Path folder) throws IOException, InterruptedException {
        assumeTrue(isPresent(), "no C compiler (cc) on the PATH");
        Path source = Files.writeString(folder.resolve("oracle.c"), program);
        Path binary = folder.resolve("oracle");
        run(List.of("cc", "-std=gnu11", "-o", binary.toString(), source.toString()));
        return run(List.of(binary.toString()));
    }

    private static boolean isPresent() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, "cc")));
    }

    private static List<String> run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).describedAs("%s: %s", command.getFirst(), output).isZero();
        return output.lines().toList();
    }
}
