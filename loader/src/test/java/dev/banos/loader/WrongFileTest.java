package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.testing.OnX8664;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Files that other tools have made less of, or that are something else: what is said sends into the right direction. */
@OnX8664
class WrongFileTest {
    @TempDir
    Path folder;

    private static Path stripped(Path file, String... options) {
        CCompiler.requireProgram("strip");
        List<String> command = new ArrayList<>(List.of("strip"));
        command.addAll(List.of(options));
        command.add(file.toString());
        CCompiler.run(command);
        return file;
    }

    @Test
    void aStrippedDriver() {
        try (Loader loader = Loader.create(InstallPolicy.anyUser(), line -> { })) {
            Path file = InstallManyTest.driver(folder, "stripped", "int f(void) { return 5; } BANOS_EXPORT(f);");
            Driver driver = loader.install(stripped(file, "--strip-unneeded"));
            assertThat(Prototype.parse("int f(void)").call(driver, List.of())).isEqualTo("5");
            Path nothing = stripped(file);
            assertThatThrownBy(() -> loader.install(nothing)).isInstanceOf(LinkException.class)
                    .hasMessageContaining("the object was stripped").hasMessageContaining("strip --strip-unneeded keeps");
        }
    }

    @Test
    void aStrippedObject() {
        Path file = CCompiler.text(folder, "plain", "int add(int a, int b) { return a + b; } int value = 5; static int hidden(void) { return 1; }"
                + " int (*use)(void) = hidden;");
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(stripped(file, "--strip-unneeded")).link()) {
            assertThatThrownBy(() -> library.symbol("ad")).isInstanceOf(LinkException.class)
                    .hasMessageEndingWith(": no object defines ad; defined are add, use, value");
        }
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(stripped(file)).link()) {
            assertThatThrownBy(() -> library.symbol("add")).isInstanceOf(LinkException.class)
                    .hasMessageEndingWith(": no object defines add; the symbols were stripped; strip --strip-unneeded keeps them");
        }
    }

    @Test
    void manyNamesAreNotAllListed() {
        StringBuilder code = new StringBuilder();
        for (int i = 10; i < 30; i++) {
            code.append("int f").append(i).append(";\n");
        }
        Path file = CCompiler.text(folder, "many", code.toString());
        assertThatThrownBy(() -> ObjectLinker.create(InstallPolicy.anyUser()).add(file).require("f").link()).isInstanceOf(LinkException.class)
                .hasMessageEndingWith("no object defines f; defined are f10, f11, f12, f13, f14, f15, f16, f17, f18, f19 and 10 more");
    }

    static List<Arguments> texts() {
        return List.of(Arguments.of("/* GNU ld script, as Debian's libm.a */\nGROUP ( /lib/libm-2.41.a /lib/libmvec.a )\n",
                        "a linker script, which is text"),
                Arguments.of("INPUT(-lfoo)", "a linker script, which is text"),
                Arguments.of("int main(void) { INPUT(3); }", "not an ELF file; compile with cc -c"),
                Arguments.of("", "the file is empty"));
    }

    @ParameterizedTest
    @MethodSource("texts")
    void filesThatAreNoObjects(String text, String message) throws IOException {
        Path file = Files.writeString(folder.resolve("libm.a"), text);
        try (Loader loader = Loader.create(InstallPolicy.anyUser(), line -> { })) {
            assertThatThrownBy(() -> loader.install(file)).isInstanceOf(LinkException.class).hasMessageContaining(message);
        }
        assertThatThrownBy(() -> ObjectLinker.create(InstallPolicy.anyUser()).add(file)).isInstanceOf(LinkException.class).hasMessageContaining(message);
    }
}
