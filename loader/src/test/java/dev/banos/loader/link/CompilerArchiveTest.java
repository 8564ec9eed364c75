package dev.banos.loader.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.loader.CCompiler;
import dev.banos.loader.InstallPolicy;
import dev.banos.loader.LinkException;
import dev.banos.loader.LinkedLibrary;
import dev.banos.loader.ObjectLinker;
import dev.banos.loader.Prototype;
import dev.banos.testing.OnX8664;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Functions that compilers call without being asked to, and where they are. */
@OnX8664
class CompilerArchiveTest {
    private static final Path SYSTEM = Path.of("/lib/x86_64-linux-gnu");

    @TempDir
    Path folder;

    private static Path archive() {
        CCompiler.requireProgram("gcc");
        return Path.of(CCompiler.run(List.of("gcc", "-print-libgcc-file-name")).strip());
    }

    private static Set<String> names(Path file, String... flags) {
        CCompiler.requireProgram("nm");
        assumeTrue(Files.exists(file), () -> "skipped: " + file + " is not installed");
        List<String> command = new ArrayList<>(List.of("nm", "--defined-only", "--format=posix", file.toString()));
        command.addAll(List.of(flags));
        return CCompiler.run(command).lines().map(line -> line.split("[@ ]")[0]).collect(Collectors.toSet());
    }

    /** What the compiler also keeps for other compilers is in both its libraries. */
    @Test
    void allThatCompilersCallIsKnown() {
        Set<String> both = new HashSet<>(names(archive()));
        both.retainAll(names(SYSTEM.resolve("libgcc_s.so.1"), "-D"));
        assertThat(both).hasSizeGreaterThan(100);
        assertThat(both).filteredOn(name -> !CompilerArchive.has(name)).isSubsetOf("__clear_cache", "__enable_execute_stack");
    }

    @Test
    void nothingOfTheCLibraryIs() {
        for (String library : List.of("libc.so.6", "libm.so.6")) {
            assertThat(names(SYSTEM.resolve(library), "-D")).hasSizeGreaterThan(500).noneMatch(CompilerArchive::has);
        }
    }

    @Test
    void whatIsMissingIsThereOnceTheArchiveIsAdded() {
        Path object = CCompiler.compile(folder, "gcc -O1", "cpu.c",
                "int f(void) { __builtin_cpu_init(); return __builtin_cpu_supports(\"sse2\") != 0; }");
        assertThatThrownBy(() -> ObjectLinker.create(InstallPolicy.anyUser()).add(object).link()).isInstanceOf(LinkException.class)
                .hasMessageContaining("__cpu_model").hasMessageContaining("gcc -print-libgcc-file-name").hasMessageNotContaining("LIB.so");
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(object).add(archive()).require("f").link()) {
            assertThat(Prototype.parse("int f(void)").call(library, List.of())).isEqualTo("1");
        }
    }

    @Test
    void amongOthersItIsNamed() {
        Path object = CCompiler.text(folder, "mixed", "void nobody(void); extern int __cpu_model; int f(void) { nobody(); return __cpu_model; }");
        assertThatThrownBy(() -> ObjectLinker.create(InstallPolicy.anyUser()).add(object).link()).isInstanceOf(LinkException.class)
                .hasMessageContaining("for __cpu_model, add the compiler's own archive").hasMessageContaining("for the others, add the object");
    }

    /** gcc multiplies without them, so that its archive would be added in vain. */
    @ParameterizedTest
    @ValueSource(strings = {"__mulosi4", "__mulodi4", "__muloti4"})
    void whatOnlyClangHasIsNotLookedForInTheArchiveOfGcc(String name) {
        assertThat(names(archive())).contains("__multi3").doesNotContain(name);
        Path object = CCompiler.text(folder, "product", "void " + name + "(void); void f(void) { " + name + "(); }");
        assertThatThrownBy(() -> ObjectLinker.create(InstallPolicy.anyUser()).add(object).link()).isInstanceOf(LinkException.class)
                .hasMessageContaining("missing import: " + name).hasMessageContaining("clang -rtlib=compiler-rt -print-libgcc-file-name")
                .hasMessageNotContaining("gcc -print");
    }

    @Test
    void eachArchiveIsNamedOnceAmongOthers() {
        Path object = CCompiler.text(folder, "both", "void __muloti4(void); void __mulodi4(void); extern int __cpu_model;"
                + " int f(void) { __muloti4(); __mulodi4(); return __cpu_model; }");
        assertThatThrownBy(() -> ObjectLinker.create(InstallPolicy.anyUser()).add(object).link()).isInstanceOf(LinkException.class)
                .hasMessageContaining("for __cpu_model, add the compiler's own archive").hasMessageNotContaining("for the others")
                .satisfies(thrown -> assertThat(thrown.getMessage().split("clang's own archive")).hasSize(2));
    }
}
