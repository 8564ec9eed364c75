package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.banos.loader.abi.BanosSymbol;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.ChildProcess;
import dev.banos.testing.OnX8664;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Drivers as the host's compilers make them, installed and called. */
class InstallTest extends InstallingTest {
    @ParameterizedTest
    @CsvSource({"gcc,-O2", "gcc,-O0 -g", "gcc,-O2 -fPIC", "gcc,-O2 -fno-pic", "gcc,-O3 -fno-plt", "gcc,-O2 -mcmodel=large -fno-pic",
        "gcc,-O2 -ffunction-sections -fdata-sections", "gcc,-O2 -fcommon", "clang,-O2", "clang,-O0 -g", "clang,-O2 -fPIC",
        "clang,-O2 -fno-pic"})
    void everyFlavourComputesTheSame(String compiler, String flags) {
        Driver driver = loader.install(CCompiler.object(folder, "calculator.c", compiler, flags.split(" ")));
        assertThat(driver.name()).isEqualTo("calculator");
        assertThat(driver.version()).hasToString("1.2.3");
        assertThat(driver.license()).contains("MIT");
        assertThat(Prototype.parse("int add(int, int)").call(driver, List.of("2", "3"))).isEqualTo("5");
        assertThat(Prototype.parse("const char *pick(int)").call(driver, List.of("1"))).isEqualTo("one");
        assertThat(Prototype.parse("int count()").call(driver, List.of())).isEqualTo("2");
    }

    @ParameterizedTest
    @CsvSource({"gcc,-O2", "gcc,-O0 -g", "gcc,-O2 -fPIC", "gcc,-O2 -fno-plt -fPIC", "gcc,-O2 -fcommon",
        "clang,-O2", "clang,-O0 -g", "clang,-O2 -fPIC"})
    void aDriverAnswersAsTheSameCodeInAProgram(String compiler, String flags) {
        Driver driver = loader.install(CCompiler.object(folder, "everything.c", compiler, flags.split(" ")));
        Prototype report = Prototype.parse("const char *report(void)");
        String twice = report.call(driver, List.of()) + "\n" + report.call(driver, List.of()) + "\n";
        Path program = CCompiler.program(folder, "everything.c", "gcc", "-O1", "-DPROGRAM", "-lm");
        assertThat(twice).isEqualTo(CCompiler.run(List.of(program.toString())));
    }

    @ParameterizedTest
    @CsvSource({"gcc", "clang"})
    void anObjectForLinkTimeOptimisationIsRefusedWithTheRemedy(String compiler) {
        Path slim = CCompiler.object(folder, "everything.c", compiler, "-O2", "-flto");
        assertThatThrownBy(() -> loader.install(slim)).isInstanceOf(LinkException.class)
                .hasMessageContaining("no machine code").hasMessageContaining("without -flto");
    }

    /** Such code holds addresses in 32 bits, so it lies low; of libc's variables it reaches copies of the streams. */
    @ParameterizedTest
    @CsvSource({"gcc,-O2", "gcc,-O0", "clang,-O2", "clang,-O0"})
    @OnX8664
    void positionDependentCodeRunsAsLongAsItUsesNoOtherVariableOfLibc(String compiler, String level) {
        assertThatThrownBy(() -> loader.install(CCompiler.object(folder, "everything.c", compiler, level, "-fno-pic")))
                .isInstanceOf(LinkException.class).hasMessageContaining("-fPIC").hasMessageContaining("does not fit 32 bits");
        Driver driver = loader.install(
                CCompiler.object(folder, "everything.c", compiler, level, "-fno-pic", "-DNO_ENVIRON"));
        Prototype report = Prototype.parse("const char *report(void)");
        String twice = report.call(driver, List.of()) + "\n" + report.call(driver, List.of()) + "\n";
        Path program = CCompiler.program(folder, "everything.c", "gcc", "-DPROGRAM", "-DNO_ENVIRON", "-lm");
        assertThat(twice).isEqualTo(CCompiler.run(List.of(program.toString())));
        assertThat(driver.base()).isLessThan(1L << 31);
    }

    @Test
    void aDriverOfOtherHeadersIsInstalledUnchanged() {
        Driver driver = loader.install(CCompiler.object(folder, "other_headers.c", "gcc", "-O2"));
        assertThat(driver.version()).isEqualTo(new Version(1, 2, 3));
        assertThat(Prototype.parse("int get_state(void)").call(driver, List.of())).isEqualTo("1");
        driver.uninstall();
        assertThat(console).containsExactly("other", "BSD-2-Clause");
    }

    @Test
    void headersServeCPlusPlus() {
        CCompiler.requireProgram("g++");
        Driver driver = loader.install(CCompiler.object(folder, "counter.cpp", "g++", "-O2", "-fno-exceptions"));
        assertThat(Prototype.parse("int clamped(int)").call(driver, List.of("77"))).isEqualTo("10");
        assertThat(driver.license()).isEmpty();
        assertThat(console).containsExactly("counter");
    }

    @Test
    void aSecondCopyIsItsOwnInstance() {
        Path file = CCompiler.object(folder, "calculator.c", "gcc", "-O2");
        Driver first = loader.install(file);
        Driver second = loader.install(file);
        Prototype count = Prototype.parse("int count(void)");
        assertThat(count.call(first, List.of())).isEqualTo("1");
        assertThat(count.call(first, List.of())).isEqualTo("2");
        assertThat(count.call(second, List.of())).isEqualTo("1");
        assertThat(loader.find("calculator")).isSameAs(second);
        second.uninstall();
        assertThat(loader.find("calculator")).isSameAs(first);
    }

    @Test
    void aHandleIsTypedAndDiesWithItsDriver() throws Throwable {
        Driver driver = loader.install(CCompiler.object(folder, "calculator.c", "gcc", "-O2"));
        MethodHandle add = driver.handle("sum.of-two",
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        assertThat((int) add.invokeExact(40, 2)).isEqualTo(42);
        driver.uninstall();
        assertThat(driver.isInstalled()).isFalse();
        assertThatThrownBy(() -> { int sum = (int) add.invokeExact(1, 2); }).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> driver.export("add").address()).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("calculator");
    }

    @Test
    void exportsOfTheHostAreATableInNativeMemory() {
        try (var scope = java.lang.foreign.Arena.ofConfined()) {
            var table = loader.hostTable(scope);
            assertThat(table.byteSize()).isEqualTo(loader.hostSymbols().size() * BanosSymbol.BYTES);
            assertThat(loader.hostSymbols()).containsKeys("banos_dprintln", "banos_lookup_symbol");
            assertThat(table.get(ValueLayout.ADDRESS, BanosSymbol.argOffset(0)).address())
                    .isEqualTo(loader.hostSymbols().values().iterator().next().address());
        }
    }

    @Test
    void driversImportTheRuntimesOwnMalloc() {
        Path file = CCompiler.text(folder, "ring", """
                #include <banos/driver.h>
                #include <banos/export.h>
                #include <banos/malloc.h>
                #include <errno.h>
                static int init(struct Banos_Driver *d) { (void)d; return 0; }
                BANOS_DRIVER_API struct Banos_Driver driver = { .driver_size = sizeof driver, .name = "ring", .init = init };
                int use(int n) {
                    int *a = banos_malloc(n * sizeof *a), *b = banos_calloc(n, sizeof *b), sum = 0;
                    for (int i = 0; i < n; i++) { a[i] = i; sum += b[i]; }
                    a = banos_realloc(a, 2 * n * sizeof *a);
                    for (int i = 0; i < n; i++) sum += a[i];
                    banos_free(a);
                    banos_free(b);
                    banos_free(NULL);
                    return sum;
                }
                int exhaust(void) { errno = 0; return banos_malloc((size_t)-1) == NULL ? errno : -1; }
                int wrong(void) { banos_free((void *)16); return banos_realloc((void *)16, 8) == NULL ? 3 : 4; }
                BANOS_EXPORT(use); BANOS_EXPORT(exhaust); BANOS_EXPORT(wrong);
                """, "-O2");
        Driver ring = loader.install(file);
        assertThat(Prototype.parse("int use(int)").call(ring, List.of("1000"))).isEqualTo("499500");
        assertThat(Prototype.parse("int exhaust(void)").call(ring, List.of())).isEqualTo("12");
        assertThat(Prototype.parse("int wrong(void)").call(ring, List.of())).isEqualTo("3");
    }

    /** In a process of its own: what another test has loaded stays loaded. */
    @Test
    void aDriverInCppGetsItsRuntimeFromTheLoader() throws Exception {
        CCompiler.requireProgram("g++");
        Path source = Files.writeString(folder.resolve("words.cpp"), """
                #include <banos/driver.h>
                #include <banos/export.h>
                #include <banos/malloc.h>
                #include <stdexcept>
                #include <string>
                extern "C" int caught(void) {
                    void *block = banos_malloc(10);
                    try { throw std::runtime_error(std::string("thrown")); }
                    catch (std::exception &e) { banos_free(block); return std::string(e.what()).size(); }
                }
                BANOS_EXPORT(caught);
                static int init(Banos_Driver *) { return 0; }
                BANOS_DRIVER_API Banos_Driver driver = { sizeof(Banos_Driver), BANOS_VERSION_CURRENT, "words", nullptr,
                        BANOS_VERSION_MAKE(1, 0, 0), init, nullptr };
                """);
        Path object = folder.resolve("words.o");
        CCompiler.run(List.of("g++", "-Isrc/main/include", "-O1", "-c", "-o", object.toString(), source.toString()));
        ChildProcess child = ChildJvm.run(List.of(), InCpp.class, object.toString());
        assumeFalse(child.succeeded().equals(InCpp.HAS_IT), "skipped: this JVM itself is linked to C++'s library");
        assertThat(child.succeeded()).contains("missing imports: ", "library(\"libstdc++.so.6\")").endsWith("caught=6\n");
    }

    /** First without the library, and then with it. */
    static final class InCpp {
        private static final String HAS_IT = "it is there";

        private InCpp() {
        }

        public static void main(String[] args) throws IOException {
            if (Files.readString(Path.of("/proc/self/maps")).contains("libstdc++")) {
                System.out.print(HAS_IT);
                return;
            }
            Path object = Path.of(args[0]);
            try (Loader loader = Loader.create(InstallPolicy.anyUser())) {
                try {
                    loader.install(object);
                    throw new AssertionError("installed without its library");
                } catch (LinkException refused) {
                    System.out.println(refused.getMessage());
                }
                Driver words = loader.library("libstdc++.so.6").install(object);
                System.out.println("caught=" + Prototype.parse("int caught(void)").call(words, List.of()));
            }
        }
    }

    @Test
    void aLibraryThatIsNowhereIsNamed() {
        assertThatThrownBy(() -> loader.library("libnowhere.so")).isInstanceOf(LinkException.class)
                .hasMessageStartingWith("libnowhere.so: cannot be loaded (");
    }

    @Test
    void aClosedLoaderLoadsNoLibrary() {
        loader.close();
        assertThatThrownBy(() -> loader.library("libm.so.6")).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
    }

    @Test
    void anApplicationPublishesItsOwnSymbols() {
        Path file = CCompiler.text(folder, "wants", """
                #include <banos/driver.h>
                #include <banos/export.h>
                extern int answer;
                static int init(struct Banos_Driver *d) { (void)d; return 0; }
                BANOS_DRIVER_API struct Banos_Driver driver = { .driver_size = sizeof driver, .name = "wants", .init = init };
                int ask(void) { return answer; }
                BANOS_EXPORT(ask);
                """, "-fPIC");
        assertThatThrownBy(() -> loader.install(file)).isInstanceOf(LinkException.class).hasMessageContaining("answer");
        try (var scope = java.lang.foreign.Arena.ofConfined()) {
            loader.publish("answer", scope.allocateFrom(ValueLayout.JAVA_INT, 42));
            Driver driver = loader.install(file);
            assertThat(Prototype.parse("int ask(void)").call(driver, List.of())).isEqualTo("42");
            driver.uninstall();
        }
    }
}
