package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.testing.RunsObjects;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A prototype that is not the function's own is refused before the call, with the difference in words. */
@RunsObjects
class PrototypeAgreementTest {
    private static final String SOURCE = """
            #include <stdarg.h>
            #include <stdbool.h>
            #include <stddef.h>
            #include <banos/driver.h>
            #include <banos/export.h>
            typedef unsigned long word;
            struct point { int x, y; };
            enum color { RED, GREEN };
            int add(int a, int b) { return a + b; }
            int wide(int a, unsigned long b) { return a + (int) b; }
            double mean(double a, float b) { return (a + b) / 2; }
            size_t length(const unsigned char *text) { return text[0] != 0; }
            void *same(struct point *p) { return p; }
            char next(char c) { return c + 1; }
            bool both(bool a, bool b) { return a && b; }
            int shade(enum color c) { return c; }
            long double precise(long double x) { return x; }
            double _Complex turn(double _Complex x) { return x; }
            int whole(struct point p) { return p.x + p.y; }
            const char *text(void) { return "text"; }
            void forget(void) { }
            double sum(int n, ...) {
                va_list all;
                va_start(all, n);
                double sum = 0;
                for (int i = 0; i < n; i++) {
                    sum += va_arg(all, double);
                }
                va_end(all);
                return sum;
            }
            int variable = 5;
            BANOS_EXPORT(add); BANOS_EXPORT(sum); BANOS_EXPORT(variable); BANOS_EXPORT_SYMBOL(other, "other.add", add);
            static int init(struct Banos_Driver *driver) { (void) driver; return 0; }
            BANOS_DRIVER_API struct Banos_Driver driver = {
                .driver_size = sizeof driver, .minimal_banos_version = BANOS_VERSION_CURRENT, .name = "told", .init = init };
            """;

    @TempDir
    Path folder;

    private Path told(String command) {
        return CCompiler.compile(folder, command, "told.c", SOURCE);
    }

    private LinkedLibrary library(String command) {
        return ObjectLinker.create(InstallPolicy.anyUser()).add(told(command)).link();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gcc -gbtf -O2", "gcc -g -O2", "gcc -gdwarf-4", "clang -w -g", "gcc -g -funsigned-char"})
    void refusesWithTheDifferenceInWords(String command) {
        try (LinkedLibrary library = library(command)) {
            assertDifference(library, "int wide(int, int)", "parameter 2: C unsigned long, the prototype int");
            assertDifference(library, "int wide(int, long)", "parameter 2: C unsigned long, the prototype long");
            assertDifference(library, "long add(int, int)", "result: C int, the prototype long");
            assertDifference(library, "long add(short, int)", "result: C int, the prototype long; parameter 1: C int, the prototype short");
            assertDifference(library, "int add(int)", "C has 2 parameters, the prototype 1");
            assertDifference(library, "int add(void)", "C has 2 parameters, the prototype 0");
            assertDifference(library, "double mean(double, double)", "parameter 2: C float, the prototype double");
            assertDifference(library, "long mean(double, float)", "result: C double, the prototype long");
            assertDifference(library, "int forget(void)", "result: C void, the prototype int");
            assertDifference(library, "void *same(const char *)", "parameter 1: C struct point *, the prototype const char *");
            assertDifference(library, "unsigned long same(void *)", "result: C void *, the prototype unsigned long");
            assertDifference(library, "int both(bool, bool)", "result: C bool, the prototype int");
            assertDifference(library, "double precise(double)",
                    "result: C long double, the prototype double; parameter 1: C long double, the prototype double");
            assertThatThrownBy(() -> library.handle(Prototype.parse("double turn(double)"))).isInstanceOf(LinkException.class)
                    .hasMessageMatching(".*result: C .*, the prototype double; parameter 1: C .*, the prototype double;.*");
            assertDifference(library, "int whole(long)", "parameter 1: C struct point, the prototype long");
            assertDifference(library, "double sum(double)", "parameter 1: C int, the prototype double");
            assertDifference(library, "double sum(int, float)", "parameter 2: float stands for C's three dots; use double");
            assertDifference(library, "double sum(void)", "C has 1 parameter or more, the prototype 0");
            assertThatThrownBy(() -> Prototype.parse("int variable(void)").call(library, List.of())).isInstanceOf(LinkException.class)
                    .hasMessageContaining("variable is no function but a variable");
        }
    }

    private static void assertDifference(LinkedLibrary library, String prototype, String difference) {
        assertThatThrownBy(() -> library.handle(Prototype.parse(prototype))).as(prototype).isInstanceOf(LinkException.class)
                .hasMessageContaining(" is no " + prototype + ": ").hasMessageContaining(": " + difference + ";")
                .hasMessageContaining("say the type as a FunctionDescriptor");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gcc -gbtf -O2", "gcc -g -O2", "gcc -gdwarf-4", "clang -w -g", "gcc -g -funsigned-char", "gcc -O2"})
    void callsWhatAgrees(String command) {
        try (LinkedLibrary library = library(command)) {
            assertCall(library, "int add(int, int)", "5", "2", "3");
            assertCall(library, "int32_t add(int32_t a, signed int b)", "5", "2", "3");
            assertCall(library, "void add(int, int)", "", "2", "3");
            assertCall(library, "int wide(int, size_t)", "5", "2", "3");
            assertCall(library, "double mean(double, float)", "2.5", "2", "3");
            assertCall(library, "size_t length(const char *)", "1", "text");
            assertCall(library, "unsigned long long length(const char *)", "0", "");
            assertCall(library, "void *same(struct anything *)", "0x1234", "0x1234");
            assertCall(library, "char next(char)", "b", "a");
            assertCall(library, "bool both(_Bool, bool)", "true", "1", "true");
            assertCall(library, "int shade(int)", "1", "1");
            assertCall(library, "const char *text(void)", "text");
        }
    }

    private static void assertCall(LinkedLibrary library, String prototype, String expected, String... arguments) {
        assertThat(Prototype.parse(prototype).call(library, List.of(arguments))).as(prototype).isEqualTo(expected);
    }

    /** What stands for the three dots goes where C looks for it: the machine must be told how many are in vector registers. */
    @ParameterizedTest
    @ValueSource(strings = {"gcc -gbtf -O2", "clang -w -g"})
    void passesWhatIsBehindTheFixedParameters(String command) {
        try (LinkedLibrary library = library(command)) {
            assertCall(library, "double sum(int, double, double)", "5.5", "2", "2.25", "3.25");
            assertCall(library, "double sum(int)", "0.0", "0");
        }
    }

    @Test
    void whoKnowsBetterGivesADescriptor() throws Throwable {
        try (Loader loader = Loader.create(InstallPolicy.anyUser())) {
            Driver driver = loader.install(told("gcc -gbtf -O2"));
            Prototype other = Prototype.parse("unsigned add(unsigned, unsigned)");
            assertThatThrownBy(() -> driver.export("add").handle(other)).isInstanceOf(LinkException.class)
                    .hasMessageContaining("result: C int, the prototype unsigned int");
            assertThat((int) driver.export("add").handle(other.descriptor()).invokeExact(2, 3)).isEqualTo(5);
            assertThat((int) driver.export("other.add").handle(Prototype.parse("int add(int, int)")).invokeExact(2, 3)).isEqualTo(5);
            assertThatThrownBy(() -> Prototype.parse("int add(int, long)").call(driver.export("other.add"), List.of("1", "2")))
                    .isInstanceOf(LinkException.class)
                    .hasMessageContaining("int other.add(int a, int b) is no int add(int, long): parameter 2: C int, the prototype long");
            assertThatThrownBy(() -> Prototype.parse("int variable(void)").call(driver, List.of())).isInstanceOf(LinkException.class)
                    .hasMessageContaining("variable of driver told is no function but a variable");
        }
    }
}
