package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.testing.ChildJvm;
import dev.banos.testing.OnX8664;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a debugger, a profiler and a reader of crash reports see of a driver from outside the process. */
@OnX8664
class OutsideViewTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"gcc -O0 -g", "gcc -O0 -g -fno-pic", "gcc -O1 -g -gz -ffunction-sections", "clang -O0 -g"})
    void gdbStopsInADriverAndShowsLinesAndVariables(String compiler) throws Exception {
        CCompiler.requireProgram("gdb");
        String[] words = compiler.split(" ");
        Path driver = CCompiler.object(folder, "steps.c", words[0], List.of(words).subList(1, words.length).toArray(String[]::new));
        int line = 1 + Files.readAllLines(CCompiler.SOURCES.resolve("steps.c")).indexOf("    return both.left + counter; /* the line to stop at */");
        Path commands = Files.writeString(folder.resolve("commands"), """
                set pagination off
                set confirm off
                set debuginfod enabled off
                set breakpoint pending on
                handle SIGSEGV nostop noprint pass
                break steps.c:%d
                run
                backtrace 2
                info locals
                print counter
                continue
                """.formatted(line));
        String seen = DebuggedProgram.run(List.of("gdb", "-nx", "-batch", "-x", commands.toString(), "--args"),
                List.of("-Dbanos.loader.gdb=true"), driver);
        assumeTrue(!seen.contains("ptrace: Operation not permitted"), "skipped: this system lets nobody trace");
        assertThat(seen).contains("hit Breakpoint 1, inner_step (value=42)", "#1 ", " in outer_step (value=",
                "both = {left = 42, right = 84}", "$1 = 91", " 134\n", "exited normally");
    }

    @Test
    void perfFindsEachFunctionInItsMap() throws Exception {
        Path driver = CCompiler.object(folder, "steps.c", "gcc", "-O2");
        String pid = DebuggedProgram.run(List.of("-Dbanos.loader.perf=true"), driver).split(" ")[0];
        Path file = Path.of("/tmp", "perf-" + pid + ".map");
        try {
            assertThat(Files.readAllLines(file)).anyMatch(line -> line.matches("[0-9a-f]+ [0-9a-f]+ outer_step"))
                    .anyMatch(line -> line.matches("[0-9a-f]+ [0-9a-f]+ inner_step")).noneMatch(line -> line.contains("counter"));
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /** Whoever calls a replaceable driver runs through them. */
    @Test
    void bothMapsNameTheStubsOfReplaceableExports() throws Exception {
        Path driver = CCompiler.object(folder, "steps.c", "gcc", "-O2");
        Path map = folder.resolve("modules.map");
        String pid = DebuggedProgram.run(List.of("-Dreplaceable=true", "-Dbanos.loader.perf=true", "-Dbanos.loader.map=" + map), driver)
                .split(" ")[0];
        Path perf = Path.of("/tmp", "perf-" + pid + ".map");
        try {
            assertThat(Files.readAllLines(perf)).filteredOn(line -> line.matches("[0-9a-f]+ [0-9a-f]+ stub of outer_step")).hasSize(1);
        } finally {
            Files.deleteIfExists(perf);
        }
        List<String> lines = Files.readAllLines(map);
        assertThat(lines).filteredOn(line -> line.matches("[0-9a-f]{16} [0-9a-f]{16} stub of outer_step")).hasSize(1);
        List<String> whole = lines.stream().filter(line -> line.contains(" the replaceable exports of driver steps (")).toList();
        assertThat(whole).hasSize(2).first().asString().contains(" loaded ");
        assertThat(whole.getLast()).contains(" unloaded ").startsWith(whole.getFirst().substring(0, 34));
    }

    @Test
    void theMapNamesTheAddressOfACrash() throws Exception {
        Path driver = CCompiler.object(folder, "steps.c", "gcc", "-O1", "-DCRASH");
        Path map = folder.resolve("modules.map");
        Path report = folder.resolve("report.log");
        DebuggedProgram.run(List.of("-Dbanos.loader.map=" + map, "-XX:ErrorFile=" + report, "-XX:-CreateCoredumpOnCrash"), driver);
        Matcher crash = Pattern.compile("SIGSEGV \\(0xb\\) at pc=0x([0-9a-f]{16})").matcher(Files.readString(report));
        assertThat(crash.find()).isTrue();
        String found = CCompiler.run(List.of("awk", "-v", "a=" + crash.group(1), "$1\"\" <= a\"\" && a\"\" < $2\"\"", map.toString()));
        assertThat(found.lines()).hasSize(2).first().asString().contains(" loaded ", " driver steps (" + driver + ")");
        assertThat(found.lines()).last().asString().endsWith(" inner_step");
    }

    @Test
    void theMapTellsOfUnloading() throws Exception {
        Path driver = CCompiler.object(folder, "steps.c", "gcc", "-O2");
        Path map = folder.resolve("modules.map");
        DebuggedProgram.run(List.of("-Dbanos.loader.map=" + map), driver);
        List<String> lines = Files.readAllLines(map);
        assertThat(lines).allMatch(line -> line.matches("[0-9a-f]{16} [0-9a-f]{16} .*"));
        assertThat(lines.getFirst()).contains(" loaded ");
        assertThat(lines.getLast()).contains(" unloaded ");
        assertThat(lines).anyMatch(line -> line.endsWith(" counter"));
    }

    @Test
    void aMapThatCannotBeWrittenIsReportedAndDriversWork() throws Exception {
        Path driver = CCompiler.object(folder, "steps.c", "gcc", "-O2");
        String said = DebuggedProgram.run(List.of("-Dbanos.loader.map=" + folder), driver);
        assertThat(said).containsOnlyOnce("banos: the map of modules " + folder + " cannot be written").contains(" 134\n");
    }

    /** Assembly need not say what is a function, nor where it ends; a label within a function is none. */
    @Test
    void theMapHasFunctionsOfAssembly() throws Exception {
        Path object = CCompiler.compile(folder, "gcc", "bare.s", """
                .text
                .globl bare
                bare: nop
                nop
                ret
                .type typed,@function
                typed: nop
                ret
                .type sized,@function
                sized: nop
                within: nop
                ret
                .size sized,.-sized
                last: nop
                ret
                """);
        Path map = folder.resolve("modules.map");
        String said = ChildJvm.run(List.of("-Dbanos.loader.map=" + map), Explained.class, object.toString()).output();
        List<String> lines = said.lines().toList();
        assertThat(lines).hasSize(10).filteredOn(line -> line.endsWith(" bare")).hasSize(3);
        for (String line : lines) {
            String[] words = line.split(" ");
            String found = CCompiler.run(List.of("awk", "-v", "a=" + words[0], "$1\"\" <= a\"\" && a\"\" < $2\"\"", map.toString()));
            assertThat(found.lines()).as(line + found).hasSize(3).element(1).asString().endsWith(" " + words[1].replace("within", "sized"));
        }
    }

    /** What each byte of its code is, as the loader explains it. */
    static final class Explained {
        private Explained() {
        }

        public static void main(String[] args) {
            try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(Path.of(args[0])).link()) {
                long start = library.symbol("bare").address();
                for (long address = start; address < start + 10; address++) {
                    System.out.printf("%016x %s%n", address, Loader.explain(address).orElseThrow().symbol().orElse("none").split("[+]")[0]);
                }
            }
        }
    }
}
