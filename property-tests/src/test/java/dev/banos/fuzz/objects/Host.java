package dev.banos.fuzz.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
        assumeTrue(isThere("cc"), "no C compiler (cc) on this machine");
    }

    static boolean isThere(String program) {
        try {
            return new ProcessBuilder(program, "--version").redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0;
        } catch (IOException absent) {
            return false;
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    Path compile(Source source) throws IOException, InterruptedException {
        Path object = folder.resolve("generated.o");
        List<String> command = new ArrayList<>(List.of("cc", "-c", "-w", "-o", object.toString()));
        command.addAll(source.flags());
        command.add(Files.writeString(folder.resolve("generated.c"), source.text()).toString());
        run(command);
        return object;
    }

    /** What the object's {@code observe()} says in a program made by that linker. */
    long observe(Path object, String linker) throws IOException, InterruptedException {
        Path main = folder.resolve("main.o");
        if (!Files.exists(main)) {
            run(List.of("cc", "-c", "-o", main.toString(), Files.writeString(folder.resolve("main.c"), MAIN).toString()));
        }
        Path program = folder.resolve("program");
        run(List.of("cc", "-no-pie", "-fuse-ld=" + linker, "-o", program.toString(), main.toString(), object.toString()));
        return Long.parseUnsignedLong(run(List.of(program.toString())));
    }

    private String run(List<String> command) throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
        int status = process.waitFor();
        String text = Files.readString(output);
        assertThat(status).as("%s: %s", command, text).isZero();
        return text;
    }
}
