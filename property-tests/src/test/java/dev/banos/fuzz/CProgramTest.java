package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.fuzz.mutants.CToy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CProgramTest {
    /** Loses a byte when it moves a block in which one bit is set: whether it does depends on what the fuzzer wrote. */
    private static final String READS_WHAT_IT_KEEPS = """
            #include <stdint.h>
            #include <stdlib.h>
            #include <string.h>
            void *r_malloc(size_t size) { return malloc(size); }
            void *r_calloc(size_t count, size_t size) { return calloc(count, size); }
            void r_free(void *block) { free(block); }
            void *r_realloc(void *block, size_t size)
            {
                uint64_t word;
                memcpy(&word, block, sizeof word);
                char *moved = realloc(block, size);
                if (word >> 1 & 1)
                    moved[1] = 0;
                return moved;
            }
            """;

    @TempDir
    Path folder;

    @Test
    void theProgramInCWritesTheWordsThatTheFuzzerWrote() throws Exception {
        Path source = Files.writeString(folder.resolve("reads.c"), READS_WHAT_IT_KEEPS);
        Path library = folder.resolve("reads.so");
        CToy.compile(List.of("-shared", "-fPIC", "-o", library.toString(), source.toString()));
        List<Boolean> inJava = new ArrayList<>();
        List<Boolean> inC = new ArrayList<>();
        try (AllocatorUnderTest target = Target.parse(library + ":r_")) {
            for (int size = 64; size < 72; size++) {
                Program program = Program.parse("b0 = malloc(" + size + ")\nb0 = realloc(b0, 100)\n");
                inJava.add(breaks(program, target));
                inC.add(breaksInC(program, library));
            }
        }
        assertThat(inC).isEqualTo(inJava).contains(true, false);
    }

    private static boolean breaks(Program program, AllocatorUnderTest target) {
        try {
            program.requireLawful(target);
            return false;
        } catch (AssertionError broken) {
            return true;
        }
    }

    private boolean breaksInC(Program program, Path library) throws IOException, InterruptedException {
        Finding finding = new Finding(library + ":r_", 1, 0, program, new Violation(Law.REALLOC_KEEPS_PREFIX, 1, ""), "LOCKSTEP", 1,
                program.length(), true);
        Path source = Files.writeString(folder.resolve("report.c"), CProgram.of(finding));
        Path binary = folder.resolve("report");
        CToy.compile(List.of("-o", binary.toString(), source.toString(), library.toString(), "-lpthread"));
        return new ProcessBuilder(binary.toString()).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() != 0;
    }
}
