package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.fuzz.text.Quoted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReportFolderTest {
    /** Of a string in a class file. */
    private static final int LARGEST_STRING = 0xffff;

    @TempDir
    Path folder;

    private String junitTest(Program program) throws IOException {
        return junitTest(finding("glibc", program));
    }

    private String junitTest(Finding finding) throws IOException {
        new ReportFolder(folder).write(finding);
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

    /** A report may come from elsewhere: no word of it becomes code, and what it says is read back as it was. */
    @ParameterizedTest
    @ValueSource(strings = {"./lib.so.1*/ __attribute__((constructor)) static void p(void) { } /*", "./lib.so:x(void); void p",
        "./x*\\\n/ __attribute__((constructor)) static void p(void) { } /*.so", "preload:./a b.so", "preload:./x*\\\n/ void p(void) { } /*.so", "./a b'$(id).so",
        "class:a\"); evil(\"", "class:a\\u0022b\\", "./l\nb.so", "./\u202e\u001b]0;x\u0007.so", "class:dev.some.Allocator"})
    void aTargetIsNoCode(String target) throws Exception {
        Finding finding = new Finding(target, 1, 0, Program.parse("b0 = malloc(8)\n"),
                new Violation(Law.CONTENTS, 0, "a */ b\r# mode: RACED\u2028free(b0)\n\u001b[2J\\n"), "LOCKSTEP", 1, 1, true);
        ReportFolder report = new ReportFolder(folder);
        report.write(finding);

        assertThat(report.read()).singleElement().satisfies(read -> {
            assertThat(read.target()).isEqualTo(target);
            assertThat(read.violation()).isEqualTo(finding.violation());
            assertThat(read.mode()).isEqualTo("LOCKSTEP");
            assertThat(read.toString()).doesNotContain("\u001b", "\r", "\u202e");
        });
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(any -> any.toString().endsWith(".c")).toList()) {
                String code = Files.readString(file).replace("\\\n", "").replaceAll("(?s)/\\*.*?\\*/", "");
                assertThat(code).doesNotContain("constructor", "void p(").contains("#define MALLOC malloc\n");
            }
        }
        assertThat(junitTest(finding)).containsAnyOf("Target.parse(" + Quoted.literal(target) + ")", "Target.of(" + Quoted.literal(target) + ")");
    }

    @ParameterizedTest
    @CsvSource({"./a.so:x_, true", "./a.so.2, true", "a.o, true", "glibc, true", "musl, true", "preload:./a.so, true",
        "preload:./a b.so, false", "preload:, false",
        "class:com.soft.Alloc, false", "class:a.so, false", "banos, false", "./a.so:x y, false", "toy, false"})
    void onlyFunctionsOfCAreCalledFromC(String target, boolean possible) {
        assertThat(CProgram.isPossible(finding(target, Program.parse("b0 = malloc(8)\n")))).isEqualTo(possible);
    }

    @ParameterizedTest
    @CsvSource({"./a b.so, cc -g THIS.c './a b.so' -lpthread && ./a.out", "libx.so.2:x_, cc -g THIS.c -l:libx.so.2 -lpthread && ./a.out",
        "-o/x.so, cc -g THIS.c ./-o/x.so -lpthread && ./a.out", "@x.o, cc -g THIS.c ./@x.o -lpthread && ./a.out",
        "-x.so, cc -g THIS.c -l:-x.so -lpthread && ./a.out", "preload:./a;b.so, cc -g THIS.c -lpthread && LD_PRELOAD='./a;b.so' ./a.out", "./p/x.o:y_, cc -g THIS.c ./p/x.o -lpthread && ./a.out"})
    void aCommandNamesTheTargetToTheShell(String target, String command) {
        assertThat(CProgram.of(finding(target, Program.parse("b0 = malloc(8)\n")))).contains(command + "\n");
    }

    @ParameterizedTest
    @CsvSource({"'law: CONTENTS', 'law: NOTHING', '# law: NOTHING is none of [OVERLAP'", "'mode: LOCKSTEP', 'mode: x', '# mode: x is none of [LOCKSTEP'",
        "'seed: 1', 'seed: one', '# seed: one is no number'", "'rounds: 1', 'rounds: 0', '# rounds: 0 is not from 1 to 2147483647'"})
    void aDamagedFactIsNamed(String fact, String damaged, String message) throws IOException {
        new ReportFolder(folder).write(finding("glibc", Program.parse("b0 = malloc(8)\n")));
        try (Stream<Path> files = Files.list(folder)) {
            Path file = files.filter(any -> any.toString().endsWith(".program")).findFirst().orElseThrow();
            Files.writeString(file, Files.readString(file).replace("# " + fact + "\n", "# " + damaged + "\n"));
            assertThatThrownBy(() -> ReportFolder.readFinding(file)).isInstanceOf(TraceException.class)
                    .hasMessageContaining(file + ": not a finding (" + message);
        }
    }

    @Test
    void aProgramThatIsTooLongToRunIsNamed() throws IOException {
        int operations = (1 << 20) + 1;
        String facts = "target: glibc,law: CONTENTS,operation: 0,details: ,seed: 1,try: 0,mode: LOCKSTEP,rounds: 1,original: 1,reproduced: true";
        Path file = Files.writeString(folder.resolve("long.program"), "# " + facts.replace(",", "\n# ") + "\n" + "free(b0)\n".repeat(operations));
        assertThatThrownBy(() -> ReportFolder.readFinding(file)).isInstanceOf(TraceException.class)
                .hasMessage(file + ": not a finding (a program of " + operations + " operations: at most 1048576 can be run)");
        Program program = Program.parse("free(b0)\n".repeat(operations));
        assertThatThrownBy(() -> Campaign.of("glibc").withCorpus(List.of(program))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at most 1048576 can be run");
    }

    private static Finding finding(String target, Program program) {
        return new Finding(target, 1, 0, program, new Violation(Law.CONTENTS, 0, ""), "LOCKSTEP", 1, program.length(), true);
    }
}
