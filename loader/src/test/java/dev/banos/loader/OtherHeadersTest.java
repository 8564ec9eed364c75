package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Drivers made with older, newer and odd copies of our headers, and with what compilers make of the macros. */
class OtherHeadersTest extends InstallingTest {
    private static final String UNINIT = "int (*uninit)(struct Banos_Driver *);";
    private static final String INIT = "static int init(struct Banos_Driver *d) { return (void)d, 0; }\n";

    /** Compiles with copies of the headers in which {@code old} is {@code changed}. */
    private Path compiled(String name, String compiler, String code, String old, String changed, String... flags) {
        try {
            Path headers = Files.createDirectories(folder.resolve(name + "-include/banos"));
            try (var files = Files.list(Path.of("src/main/include/banos"))) {
                for (Path file : files.toList()) {
                    Files.writeString(headers.resolve(file.getFileName()), Files.readString(file).replace(old, changed));
                }
            }
            Path source = Files.writeString(folder.resolve(name + (compiler.endsWith("++") ? ".cpp" : ".c")), """
                    #include <banos/driver.h>
                    #include <banos/export.h>
                    #include <banos/print.h>
                    """ + code);
            CCompiler.requireProgram(compiler);
            List<String> command = new ArrayList<>(List.of(compiler, "-I", headers.getParent().toString(), "-O2", "-fPIC", "-w", "-c",
                    source.toString(), "-o", folder.resolve(name + ".o").toString()));
            command.addAll(List.of(flags));
            CCompiler.run(command);
            return folder.resolve(name + ".o");
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private Path gcc(String name, String code) {
        return compiled(name, "gcc", code, "", "");
    }

    private static String struct(String name, String more) {
        return "BANOS_DRIVER_API struct Banos_Driver driver = { .driver_size = sizeof driver, .name = \"" + name + "\", " + more + "};";
    }

    @ParameterizedTest
    @CsvSource({"-fPIC", "-fno-pic", "-mcmodel=large"})
    void whatNewerHeadersAddIsTheDriversOwn(String flag) {
        Path file = compiled("newer", "gcc", """
                static int resume(struct Banos_Driver *d) { return 0; }
                static int init(struct Banos_Driver *d) {
                    return d->driver_size == sizeof *d && d->flags == ~0ul && d->resume == resume && d->more[7] == -1 ? 0 : -5;
                }
                static int uninit(struct Banos_Driver *d) { banos_dprintln(d->author); return 0; }
                """ + struct("newer", ".init = init, .uninit = uninit, .flags = ~0ul, .author = \"somebody\", .resume = resume,"
                        + " .more = { [7] = -1 }"),
                UNINIT, UNINIT + "unsigned long flags; const char *author; int (*resume)(struct Banos_Driver *); long more[8];", flag);
        Driver driver = loader.install(file);
        assertThat(driver.metadata().driverSize()).isEqualTo(56 + 88);
        driver.uninstall();
        assertThat(console).containsExactly("somebody");
    }

    @Test
    void olderHeadersKnewNoUninit() {
        Path file = compiled("older", "gcc", INIT + struct("older", ".init = init"), UNINIT, "");
        assertThat(loader.install(file).metadata().driverSize()).isEqualTo(48);
    }

    @Test
    void newerHeadersThatTheDriverNeedsAreRefusedByTheirVersion() {
        Path file = compiled("needs", "gcc", INIT + struct("needs", ".init = init, .minimal_banos_version = BANOS_VERSION_CURRENT"),
                "BANOS_VERSION_MAKE(0, 0, 1)", "BANOS_VERSION_MAKE(255, 255, 65535)");
        assertThatThrownBy(() -> loader.install(file)).isInstanceOf(LinkException.class)
                .hasMessageContaining("driver needs needs version 255.255.65535 of the driver ABI").hasMessageContaining("newer Banos");
    }

    @ParameterizedTest
    @CsvSource({"const char *name; void *arg; long version;", "long version; const char *name; void *arg;"})
    void exportsOfAnotherShapeAreRefused(String fields) {
        Path file = compiled("shape", "gcc", INIT + """
                int one(void) { return 1; }
                int two(void) { return 2; }
                BANOS_EXPORT(one); BANOS_EXPORT(two);
                """.replace("BANOS_EXPORT(", "EXPORT(") + struct("shape", ".init = init"), "struct Banos_Symbol {\n    const char *name;\n    void *arg;",
                "#define EXPORT(f) static __attribute__((section(\".banos-export\"), used, aligned(8)))"
                + " struct Banos_Symbol export_##f = { .name = #f, .arg = f }\nstruct Banos_Symbol {\n" + fields);
        assertThatThrownBy(() -> loader.install(file)).isInstanceOf(LinkException.class).hasMessageContaining(".banos-export");
    }

    /** A compiler makes a section of its own of variables that the linker is to retain. */
    @Test
    void exportsAndNeedsInSeveralSectionsOfOneNameAllCount() {
        loader.install(InstallManyTest.driver(folder, "base", ""));
        Path file = gcc("several", INIT + """
                int one(void) { return 1; }
                int two(void) { return 2; }
                BANOS_EXPORT(one);
                static __attribute__((section(".banos-export"), used, retain, aligned(8))) struct Banos_Symbol more = { "two", two };
                BANOS_NEEDS(base, "base");
                static __attribute__((section(".banos-needs"), used, retain, aligned(1))) const char other[] = "several";
                """ + struct("several", ".init = init"));
        assertThatThrownBy(() -> loader.install(file)).isInstanceOf(LinkException.class).hasMessageContaining("needs itself");
        Driver driver = loader.install(gcc("fewer", INIT + """
                int one(void) { return 1; }
                int two(void) { return 2; }
                BANOS_EXPORT(one);
                static __attribute__((section(".banos-export"), used, retain, aligned(8))) struct Banos_Symbol more = { "two", two };
                """ + struct("fewer", ".init = init")));
        assertThat(driver.exports()).extracting(Export::name).containsExactlyInAnyOrder("one", "two");
    }

    @Test
    void anInlineExportOfCppIsOneInAllObjectsOfADriver() {
        String inline = """
                inline int shared() { return 7; }
                inline __attribute__((section(".banos-export"), used, aligned(8))) Banos_Symbol shared_export = {"shared", (void *)shared};
                """;
        Path main = compiled("main", "clang++", inline + INIT + "int helper();\nint own() { return helper(); }\nBANOS_EXPORT(own);\n"
                + struct("main", ".init = init"), "", "", "-std=c++20");
        Path member = compiled("member", "clang++", inline + "int helper() { return shared() + 1; }\nint other() { return 3; }\n"
                + "BANOS_EXPORT(other);", "", "", "-std=c++20");
        Path archive = folder.resolve("libmain.a");
        CCompiler.run(List.of("ar", "rcs", archive.toString(), main.toString(), member.toString()));
        Driver driver = loader.install(archive);
        assertThat(driver.exports()).extracting(Export::name).containsExactlyInAnyOrder("shared", "own", "other");
        assertThat(Prototype.parse("int shared()").call(driver, List.of())).isEqualTo("7");
        assertThat(Prototype.parse("int own()").call(driver, List.of())).isEqualTo("8");
        assertThat(Prototype.parse("int other()").call(driver, List.of())).isEqualTo("3");
    }

    @Test
    void aSecondDriverInASectionOfItsOwnIsNotOverlooked() {
        Path file = gcc("two", INIT + struct("two", ".init = init")
                + "static __attribute__((section(\".banos-driver\"), used, retain, aligned(8))) struct Banos_Driver other"
                + " = { .driver_size = sizeof other, .name = \"other\", .init = init };");
        assertThatThrownBy(() -> loader.install(file)).isInstanceOf(LinkException.class).hasMessageContaining("second section");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        ".init = nowhere                              | init of driver bad is weak",
        ".init = (void *)data                         | init of driver bad is data",
        ".init = init, .uninit = (void *)data         | uninit of driver bad is data",
        ".init = init, .uninit = (void *)0x1234       | uninit of driver bad is a number"})
    void whatIsNoFunctionIsNotCalled(String fields, String message) {
        Path file = gcc("bad", INIT + """
                extern int nowhere(struct Banos_Driver *) __attribute__((weak));
                static int data[4];
                """ + struct("bad", fields));
        LinkException refused = catchThrowableOfType(LinkException.class, () -> loader.install(file));
        assertThat(refused).hasMessageContaining(message).hasMessageContaining("set ." + (fields.contains("uninit") ? "uninit" : "init"));
        assertThat(refused.errno()).isEqualTo(8);
        assertThat(loader.drivers()).isEmpty();
    }

    @Test
    void aWeakUninitThatIsNowhereIsNone() {
        loader.install(gcc("weak", INIT + "extern int nowhere(struct Banos_Driver *) __attribute__((weak));\n"
                + struct("weak", ".init = init, .uninit = nowhere"))).uninstall();
        assertThat(loader.drivers()).isEmpty();
    }

    @Test
    void anExportOfNothingIsRefused() {
        Path file = gcc("empty", INIT + "extern int nowhere(void) __attribute__((weak));\nBANOS_EXPORT(nowhere);\n"
                + struct("empty", ".init = init"));
        assertThatThrownBy(() -> loader.install(file)).isInstanceOf(LinkException.class)
                .hasMessageContaining("nowhere is weak, and defined nowhere");
    }
}
