package dev.banos.fuzz.objects;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.testing.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The host's compiler and its linkers, which know what an object means. */
final class Host {
    private static final String MAIN = """
            #include <stdio.h>
            unsigned long observe(void);
            int main(void) { printf("%lu", observe()); return 0; }
            """;

    private final Path folder;

    /** Skips the test where there is no compiler. */
    Host(Path folder) {
        this.folder = folder;
        assumeTrue(ChildProcess.isInstalled("cc"), "no C compiler (cc) on this machine");
    }

    Path compile(Source source) throws IOException, InterruptedException {
        Path object = folder.resolve("generated.o");
        List<String> command = new ArrayList<>(List.of("cc", "-c", "-w", "-o", object.toString()));
        command.addAll(source.flags());
        command.add(Files.writeString(folder.resolve("generated.c"), source.text()).toString());
        ChildProcess.run(command).succeeded();
        return object;
    }

    /** What the object's {@code observe()} says in a program made by that linker. */
    long observe(Path object, String linker) throws IOException, InterruptedException {
        Path main = folder.resolve("main.o");
        if (!Files.exists(main)) {
            Path source = Files.writeString(folder.resolve("main.c"), MAIN);
            ChildProcess.run(List.of("cc", "-c", "-o", main.toString(), source.toString())).succeeded();
        }
        Path program = folder.resolve("program");
        ChildProcess.run(List.of("cc", "-no-pie", "-fuse-ld=" + linker, "-o", program.toString(), main.toString(), object.toString())).succeeded();
        return Long.parseUnsignedLong(ChildProcess.run(List.of(program.toString())).succeeded());
    }
}
