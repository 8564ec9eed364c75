package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportFolderTest {
    /** Of a string in a class file. */
    private static final int LARGEST_STRING = 0xffff;

    @TempDir
    Path folder;

    private String junitTest(Program program) throws IOException {
        new ReportFolder(folder).write(finding("glibc", program));
        try (Stream<Path> files = Files.list(folder)) {
            return Files.readString(files.filter(file -> file.toString().endsWith("Test.java")).findFirst().orElseThrow());
        }
    }

    @Test
    void theJunitTestHoldsTheProgram() throws IOException {
        String indent = " ".repeat(16);
        String test = junitTest(Program.parse("b0 = malloc(8)\nfree(b0)\n"));
        assertThat(test).contains("        Program program = Program.parse(\"\"\"\n" + indent + "b0 = malloc(8)\n" + indent + "free(b0)\n" + indent + "\"\"\");\n");
    }

    /** What could not be shrunk may have thousands of operations. */
    @Test
    void theJunitTestOfALongProgramCompiles() throws IOException {
        Program program = Program.parse("thread 1: b100 = aligned_alloc(4096, 100000)\n".repeat(5000));
        List<String> pieces = List.of(junitTest(program).split("\"\"\""));
        assertThat(pieces).allMatch(piece -> piece.length() < LARGEST_STRING);
        assertThat(String.join("", pieces).lines().filter(line -> line.endsWith("aligned_alloc(4096, 100000)"))).hasSize(5000);
    }

    /** Of hundreds of campaigns, too. */
    @Test
    void findingsOfDifferentKindsHaveDifferentNames() {
        Set<String> names = new HashSet<>();
        for (int calls = 1; calls <= 1000; calls++) {
            Program program = Program.parse("b0 = malloc(8)\nfree(b0)\n".repeat(calls));
            names.add(ReportFolder.name(finding("libx.so.2:x_", program)));
        }
        assertThat(names).hasSize(1000);
    }

    private static Finding finding(String target, Program program) {
        return new Finding(target, 1, 0, program, new Violation(Law.CONTENTS, 0, ""), "LOCKSTEP", 1, program.length(), true);
    }
}
