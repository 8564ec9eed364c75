package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.testing.OnX8664;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Functions whose values Java would pass elsewhere than the compiler looks for them: each is refused, none is called wrongly. */
@OnX8664
class PassedValuesTest {
    @TempDir
    Path folder;

    private LinkedLibrary library(String command, String file, String code) {
        return ObjectLinker.create(InstallPolicy.anyUser()).add(CCompiler.compile(folder, command, file, code)).link();
    }

    private static void assertRefused(LinkedLibrary library, String function, String... words) {
        assertThatThrownBy(() -> library.handle(function)).as(function).isInstanceOf(LinkException.class)
                .satisfies(thrown -> assertThat(thrown.getMessage()).contains(words));
    }

    /** On the stack such a struct begins at a multiple of its alignment, which Java's linker does not know. */
    @ParameterizedTest
    @ValueSource(strings = {"gcc -g -O1", "clang -g -w", "gcc -gdwarf-4"})
    void structsWithAnAlignmentOfTheirOwn(String command) {
        try (LinkedLibrary library = library(command, "aligned.c", """
                struct all { int x[8]; } __attribute__((aligned(16)));
                struct member { _Alignas(16) int x; int y[7]; };
                typedef int wide __attribute__((aligned(16)));
                struct named { const wide x; int y[7]; };
                int whole(int a, int b, int c, int d, int e, int f, int g, struct all s) { return s.x[0]; }
                int part(int a, int b, int c, int d, int e, int f, int g, struct member s) { return s.x; }
                int name(int a, int b, int c, int d, int e, int f, int g, struct named s) { return s.x; }
                int pointer(const struct member *s) { return s->x; }
                """)) {
            for (String function : List.of("whole", "part", "name")) {
                assertRefused(library, function, "alignment", "let it take a pointer");
            }
            assertThat(library.handle("pointer").type().parameterCount()).isEqualTo(1);
            assertThat(library.layout("struct member").byteAlignment()).isEqualTo(16);
        }
    }

    /** gcc passes it in registers, clang in memory. */
    @ParameterizedTest
    @ValueSource(strings = {"gcc -g -w", "clang -g -w"})
    void structsThatEndInAnArrayWithoutASize(String command) {
        try (LinkedLibrary library = library(command, "flexible.c",
                "struct text { int n; char bytes[]; }; int f(struct text t) { return t.n; } int g(struct text *t) { return t->n; }")) {
            assertRefused(library, "f", "struct text", "array without a size", "take a pointer");
            assertThat(library.handle("g").type().parameterCount()).isEqualTo(1);
            assertThat(library.layout("struct text").byteSize()).isEqualTo(4);
        }
    }

    @Test
    void functionsOfAnotherCallingConvention() {
        try (LinkedLibrary library = library("clang -g -w", "windows.c", "__attribute__((ms_abi)) int f(int a, int b) { return a - b; }")) {
            assertRefused(library, "f", "another calling convention", "cannot be called from Java");
            assertThatThrownBy(() -> Prototype.parse("int f(int, int)").call(library, List.of("1", "2"))).isInstanceOf(LinkException.class)
                    .hasMessageContaining("another calling convention");
        }
    }

    /** It tells names and lines, which must not be taken for functions that take and return nothing. */
    @ParameterizedTest
    @ValueSource(strings = {"gcc -g1", "g++ -g1", "clang -g1"})
    void functionsOfWhichOnlyTheNameIsTold(String command) {
        String language = command.startsWith("g++") ? "extern \"C\" " : "";
        try (LinkedLibrary library = library(command, command.startsWith("g++") ? "lines.cpp" : "lines.c",
                language + "int add(int a, int b) { return a + b; }")) {
            assertThat(library.declaration("add")).isEmpty();
            assertRefused(library, "add", "no type information of add");
            assertThat(Prototype.parse("int add(int, int)").call(library, List.of("1", "2"))).isEqualTo("3");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gcc -g", "g++ -g"})
    void functionsThatTakeNothingAreToldFromThose(String command) {
        boolean cpp = command.startsWith("g++");
        String code = cpp ? "int seen; extern \"C\" void tick() { seen++; }" : "void tick(void) { }";
        try (LinkedLibrary library = library(command, cpp ? "tick.cpp" : "tick.c", code)) {
            assertThat(library.declaration("tick")).contains("void tick(void)");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gcc -g -std=gnu17 -w", "clang -g -std=gnu17 -w"})
    void floatsToFunctionsWithoutAPrototype(String command) {
        try (LinkedLibrary library = library(command, "old.c", "int f(a, b) float a; int b; { return a + b; }")) {
            assertThatThrownBy(() -> Prototype.parse("int f(float, int)").call(library, List.of("1", "2"))).isInstanceOf(LinkException.class)
                    .hasMessageContaining("C passes a float as a double");
            assertThat(Prototype.parse("int f(double, int)").call(library, List.of("1", "2"))).isEqualTo("3");
        }
    }

    @Test
    void classesWithMembersInThePaddingOfTheirBase() {
        try (LinkedLibrary library = library("g++ -g -O1", "padding.cpp", """
                struct Base { Base(); long a; char b; };
                struct Derived : Base { char c; };
                extern "C" int f(const Derived &d) { return d.c; }
                """)) {
            assertThat(library.handle("f").type().parameterCount()).isEqualTo(1);
            assertThatThrownBy(() -> library.layout("struct Derived")).isInstanceOf(LinkException.class)
                    .hasMessageContaining("padding of a base class").hasMessageNotContaining("damaged");
        }
    }

    /** As {@code ld -r} puts them into one object: each file has its own, and nobody can tell whose the name means. */
    @Test
    void staticFunctionsOfSeveralFilesThatShareAName() throws IOException {
        CCompiler.requireProgram("ld");
        String head = """
                #include <banos/driver.h>
                #include <banos/export.h>
                static int init(struct Banos_Driver *driver) { (void) driver; return 0; }
                BANOS_DRIVER_API struct Banos_Driver driver = { .driver_size = sizeof driver,
                    .minimal_banos_version = BANOS_VERSION_CURRENT, .name = "merged", .init = init };
                """;
        Path one = CCompiler.text(folder, "one", "static double help(double x) { return x + 1; } double (*used)(double) = help;"
                + "static int same(int x) { return x; } int (*kept)(int) = same;", "-g");
        Path two = CCompiler.text(folder, "two", head + "static int help(int x) { return x + 2; } BANOS_EXPORT(help);"
                + "static int same(int x) { return x; } BANOS_EXPORT(same);", "-g");
        Path merged = folder.resolve("merged.o");
        CCompiler.run(List.of("ld", "-r", "-o", merged.toString(), one.toString(), two.toString()));
        try (Loader loader = Loader.create(InstallPolicy.anyUser())) {
            Driver driver = loader.install(merged);
            assertThat(driver.export("help").declaration()).isEmpty();
            assertThat(Prototype.parse("int help(int)").call(driver, List.of("1"))).isEqualTo("3");
            assertThat(driver.export("same").declaration()).contains("int same(int x)");
        }
    }
}
