package dev.banos.loader.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.loader.CCompiler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
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
}
