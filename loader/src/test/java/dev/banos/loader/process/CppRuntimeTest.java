package dev.banos.loader.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.loader.CCompiler;
import dev.banos.loader.InstallPolicy;
import dev.banos.loader.LinkException;
import dev.banos.loader.ObjectLinker;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.ChildProcess;
import dev.banos.testing.OnX8664;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which names are known to be of C++'s runtime library. */
class CppRuntimeTest {
    private static final Path LIBRARY = Path.of("/usr/lib/x86_64-linux-gnu/libstdc++.so.6");

    /** All names that the library exports, but for version names, and C functions that it shares with C's headers. */
    @Test
    void theLibrarysOwnNamesAreAllKnown() {
        assumeTrue(Files.exists(LIBRARY), () -> "skipped: " + LIBRARY + " is not installed");
        CCompiler.requireProgram("nm");
        List<String> names = CCompiler.run(List.of("nm", "-D", "--defined-only", "--format=posix", LIBRARY.toString())).lines()
                .map(line -> line.split("[@ ]")[0]).filter(name -> name.startsWith("_Z")).toList();
        assertThat(names).hasSizeGreaterThan(1000);
        // Thunks, and functions over integers of 128 bits or decimal floating point, are no names that compilers import.
        assertThat(names).filteredOn(name -> !CppRuntime.has(name)).allMatch(name -> name.matches("_ZT[hv].*|_ZT[IS]P?K?.?[a-zA-Z0-9]{1,2}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"add", "_Z3addii", "_ZN3re23RE2C1EPKc", "_ZTV5Shape", "_ZNK4Ssss5sizeEv", "_ZTI5Thing", "_ZN3dev2StE",
        "_Zpl1SS_", "std", "_Z", "_ZTI"})
    void otherNamesAreNot(String name) {
        assertThat(CppRuntime.has(name)).isFalse();
    }

    /** C of -fexceptions needs no more than the compiler's own library. */
    @OnX8664
    @Test
    void cleanupsOfCWantTheCompilersLibrary(@TempDir Path folder) {
        Path object = CCompiler.compile(folder, "gcc -O1 -fexceptions", "cleanup.c", """
                volatile int seen; static void up(int *p) { seen = *p; }
                void there(void);
                void f(void) { __attribute__((cleanup(up))) int x = 1; there(); }
                """);
        Path there = CCompiler.compile(folder, "gcc -O1", "there.c", "void there(void) { }");
        ChildProcess child;
        try {
            child = ChildJvm.run(List.of(), Links.class, object.toString(), there.toString());
        } catch (IOException | InterruptedException failed) {
            throw new AssertionError(failed);
        }
        assertThat(child.output()).contains("_Unwind_Resume").contains("library(\"libgcc_s.so.1\")", "then linked")
                .doesNotContain("libstdc++");
    }

    /** In a process that has neither library yet. */
    static final class Links {
        private Links() {
        }

        public static void main(String[] args) {
            ObjectLinker linker = ObjectLinker.create(InstallPolicy.anyUser()).add(Path.of(args[0])).add(Path.of(args[1]));
            try {
                linker.link();
            } catch (LinkException missing) {
                System.out.println(missing.getMessage());
            }
            ObjectLinker.create(InstallPolicy.anyUser()).library("libgcc_s.so.1").add(Path.of(args[0])).add(Path.of(args[1])).link();
            System.out.println("then linked");
        }
    }
}
