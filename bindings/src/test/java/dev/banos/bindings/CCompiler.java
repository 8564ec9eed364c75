package dev.banos.bindings;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.testing.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The host's C compiler as an oracle: it turns a C program into what that program prints. */
final class CCompiler {
    private CCompiler() {
    }

    /** Skips the calling test where there is no {@code cc}; a program that does not compile fails it. */
    static List<String> linesPrintedBy(String program, Path folder) throws IOException, InterruptedException {
        assumeTrue(ChildProcess.isInstalled("cc"), "no C compiler (cc) on the PATH");
        Path source = Files.writeString(folder.resolve("oracle.c"), program);
        Path binary = folder.resolve("oracle");
        ChildProcess.run(List.of("cc", "-std=gnu11", "-o", binary.toString(), source.toString())).succeeded();
        return ChildProcess.run(List.of(binary.toString())).succeeded().lines().toList();
    }
}
