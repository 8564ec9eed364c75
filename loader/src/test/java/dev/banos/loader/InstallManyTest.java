package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.banos.testing.OtherThread;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several files in one call: archives, the order that they need, and what happens when one of them cannot be. */
class InstallManyTest extends InstallingTest {
    private Path driver(String name, String code) {
        return driver(folder, name, code);
    }

    static Path driver(Path folder, String name, String code, String... flags) {
        return CCompiler.text(folder, name, """
                #include <banos/driver.h>
                #include <banos/export.h>
                #include <banos/print.h>
                #ifndef INIT
                #define INIT 0
                #endif
                static int init(struct Banos_Driver *d) { banos_dprintln(d->name); return INIT; }
                static int uninit(struct Banos_Driver *d) { banos_dprintln("bye"); return (void)d, 0; }
                BANOS_DRIVER_API struct Banos_Driver driver = { .driver_size = sizeof(struct Banos_Driver),
                    .minimal_banos_version = BANOS_VERSION_CURRENT, .name = "NAME", .init = init, .uninit = uninit };
                """.replace("NAME", name) + code, Stream.concat(Stream.of("-O2", code.contains("fails") ? "-DINIT=-5" : "-DINIT=0"),
                Stream.of(flags)).toArray(String[]::new));
    }

    private Path archive(String name, Path... members) {
        Path file = folder.resolve(name);
        List<String> command = new ArrayList<>(List.of("ar", "rcs", file.toString()));
        for (Path member : members) {
            command.add(member.toString());
        }
        CCompiler.requireProgram("ar");
        CCompiler.run(command);
        return file;
    }

    private static String call(Driver driver, String prototype, String... arguments) {
        return Prototype.parse(prototype).call(driver, List.of(arguments));
    }

    private static List<String> names(List<Driver> drivers) {
        return drivers.stream().map(Driver::name).toList();
    }

    @Test
    void driversAreInstalledAfterThoseThatTheyImportFrom() {
        Path top = driver("top", "extern int middle(void); int top(void) { return middle() + 1; } BANOS_EXPORT(top);");
        Path middle = driver("middle", "extern int base(void); int middle(void) { return base() + 1; } BANOS_EXPORT(middle);");
        Path base = driver("base", "int base(void) { return 40; } BANOS_EXPORT(base);");
        Path alone = driver("alone", "");
        List<Driver> drivers = loader.install(List.of(alone, top, middle, base));
        assertThat(names(drivers)).containsExactly("alone", "base", "middle", "top");
        assertThat(call(loader.find("top"), "int top(void)")).isEqualTo("42");
    }

    @Test
    void aDriverIsInstalledAfterTheOneThatItNames() {
        Path user = driver("user", "BANOS_NEEDS(a, \"second\"); BANOS_NEEDS(b, \"first\");");
        LinkException refused = catchThrowableOfType(LinkException.class, () -> loader.install(user));
        assertThat(refused).hasMessageContaining("driver user needs driver").hasMessageContaining("in the same call");
        assertThat(refused.errno()).isEqualTo(2);
        List<Driver> drivers = loader.install(List.of(user, driver("first", ""), driver("second", "")));
        assertThat(names(drivers)).containsExactlyInAnyOrder("second", "first", "user").endsWith("user");
        assertThat(names(List.copyOf(loader.find("user").dependencies()))).containsExactlyInAnyOrder("first", "second");
        assertThatThrownBy(() -> loader.find("second").uninstall()).hasMessageContaining("is needed by user");
    }

    @Test
    void ofTwoDriversThatExportANameTheDeclaredOneIsMeantAndOtherwiseTheYoungest() {
        Path one = driver("one", "int value(void) { return 1; } BANOS_EXPORT(value);");
        Path two = driver("two", "int value(void) { return 2; } BANOS_EXPORT(value);");
        String get = "extern int value(void); int get(void) { return value(); } BANOS_EXPORT(get);";
        loader.install(List.of(one, two));
        Driver declares = loader.install(driver("declares", "BANOS_NEEDS(one, \"one\");" + get));
        Driver imports = loader.install(driver("imports", get));
        assertThat(call(declares, "int get(void)")).isEqualTo("1");
        assertThat(call(imports, "int get(void)")).isEqualTo("2");
        assertThat(names(List.copyOf(declares.dependencies()))).containsExactly("one");
        assertThat(call(loader.find("one"), "int value(void)")).isEqualTo("1");
    }

    @Test
    void aCircleIsNamedWithItsReasonsAndNothingIsInstalled() {
        Path hen = driver("hen", "extern int egg(void); int hen(void) { return egg(); } BANOS_EXPORT(hen);");
        Path egg = driver("egg", "BANOS_NEEDS(n, \"nest\"); int egg(void) { return 1; } BANOS_EXPORT(egg);");
        Path nest = driver("nest", "extern int hen(void); int nest(void) { return hen(); } BANOS_EXPORT(nest);");
        LinkException refused = catchThrowableOfType(LinkException.class, () -> loader.install(List.of(hen, egg, nest)));
        assertThat(refused).hasMessageContaining("hen needs egg for egg, egg needs nest by its name, nest needs hen for hen");
        assertThat(refused.errno()).isEqualTo(40);
        assertThat(loader.drivers()).isEmpty();
        assertThat(console).isEmpty();
    }

    @Test
    void aDriverThatNamesItselfIsNotAskedToInstallItselfFirst() {
        Path self = driver("self", "BANOS_NEEDS(n, \"self\");");
        LinkException refused = catchThrowableOfType(LinkException.class, () -> loader.install(self));
        assertThat(refused).hasMessageContaining("driver self needs itself by its name").hasMessageContaining("remove that BANOS_NEEDS");
        assertThat(refused.errno()).isEqualTo(40);
        assertThat(loader.drivers()).isEmpty();
    }

    @Test
    void aWeakImportMakesNoCircle() {
        Path one = driver("one", "extern int two(void); int one(void) { return two(); } BANOS_EXPORT(one);");
        Path two = driver("two", "__attribute__((weak)) extern int one(void); int two(void) { return one ? 1 : 2; } BANOS_EXPORT(two);");
        assertThat(names(loader.install(List.of(one, two)))).containsExactly("two", "one");
        assertThat(call(loader.find("one"), "int one(void)")).isEqualTo("2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"one two three", "three two one", "two one three", "two three one"})
    void aWeakImportMakesNoCircleInWhateverOrder(String order) {
        driver("one", "__attribute__((weak)) extern int two(void); int one(void) { return two ? 1 : 2; } BANOS_EXPORT(one);");
        driver("two", "extern int three(void); int two(void) { return three(); } BANOS_EXPORT(two);");
        driver("three", "extern int one(void); int three(void) { return one(); } BANOS_EXPORT(three);");
        List<Path> files = Stream.of(order.split(" ")).map(name -> folder.resolve(name + ".o")).toList();
        assertThat(names(loader.install(files))).containsExactly("one", "three", "two");
        assertThat(call(loader.find("two"), "int two(void)")).isEqualTo("2");
    }

    /** Also one that exports the name as well, and needs the importer. */
    @ParameterizedTest
    @ValueSource(strings = {"one two user", "two one user", "user one two", "user two one", "one user two", "two user one"})
    void whoNamesADriverNeedsNoOtherThatExportsTheSame(String order) {
        driver("one", "int f(void) { return 1; } BANOS_EXPORT(f);");
        driver("two", "extern int g(void); int f(void) { return 2; } int h(void) { return g(); } BANOS_EXPORT(f); BANOS_EXPORT(h);");
        driver("user", "BANOS_NEEDS(o, \"one\"); extern int f(void); int g(void) { return f(); } BANOS_EXPORT(g);");
        List<Path> files = Stream.of(order.split(" ")).map(name -> folder.resolve(name + ".o")).toList();
        assertThat(names(loader.install(files))).containsExactly("one", "user", "two");
        assertThat(call(loader.find("two"), "int h(void)")).isEqualTo("1");
        loader.find("two").uninstall();
        loader.find("user").uninstall();
        assertThat(names(loader.install(List.of(folder.resolve("two.o"), folder.resolve("user.o"))))).containsExactly("user", "two");
    }

    @Test
    void whenOneFailsThoseBeforeItAreTakenBack() {
        Path user = driver("user", "extern int value(void); int get(void) { return value(); } BANOS_EXPORT(get); /* fails */");
        Path one = driver("one", "int value(void) { return 1; } BANOS_EXPORT(value);");
        assertThatThrownBy(() -> loader.install(List.of(user, one))).isInstanceOf(LinkException.class)
                .hasMessageContaining("init of driver user returned -5 (EIO)");
        assertThat(loader.drivers()).isEmpty();
        assertThat(console).containsExactly("one", "user", "bye");
    }

    @Test
    void whoRefusesToBeTakenBackIsToldBesideTheReason() {
        Path stays = CCompiler.text(folder, "stays", """
                #include <banos/driver.h>
                static int init(struct Banos_Driver *d) { return (void)d, 0; }
                static int uninit(struct Banos_Driver *d) { return (void)d, -16; }
                BANOS_DRIVER_API struct Banos_Driver driver = { .driver_size = sizeof(struct Banos_Driver), .name = "stays",
                    .init = init, .uninit = uninit };
                """, "-O2");
        Loader unclosable = Loader.create(InstallPolicy.anyUser());
        LinkException failed = catchThrowableOfType(LinkException.class,
                () -> unclosable.install(List.of(stays, driver("bad", "/* fails */"))));
        assertThat(failed).hasMessageContaining("init of driver bad returned -5");
        assertThat(failed.getSuppressed()).hasSize(1);
        assertThat(failed.getSuppressed()[0]).isInstanceOf(LinkException.class)
                .hasMessageContaining("uninit of driver stays returned -16 (EBUSY); the driver stays installed");
        assertThat(names(unclosable.drivers())).containsExactly("stays");
    }

    @Test
    void anArchiveGivesADriverTheMembersThatItNeeds() {
        Path user = driver("user", "extern int outer(void); int get(void) { return outer(); } BANOS_EXPORT(get);");
        Path outer = CCompiler.text(folder, "outer", "extern int inner(void); int outer(void) { return inner() + 1; }");
        Path inner = CCompiler.text(folder, "inner", "int inner(void) { return 6; }");
        Path unused = CCompiler.text(folder, "unused", "extern int nowhere(void); int unused(void) { return nowhere(); }");
        Driver driver = loader.install(List.of(user, archive("libparts.a", outer, inner, unused))).getFirst();
        assertThat(call(driver, "int get(void)")).isEqualTo("7");
        assertThat(driver.report().objects()).isEqualTo(3);
    }

    @Test
    void anArchiveOfDriversInstallsThemAll() {
        Path one = driver("one", "extern int helps(void); int value(void) { return helps(); } BANOS_EXPORT(value);");
        Path two = driver("two", "extern int value(void); int get(void) { return value(); } BANOS_EXPORT(get);");
        Path helps = CCompiler.text(folder, "helps", "int helps(void) { return 8; }");
        Path both = archive("libboth.a", two, one, helps);
        assertThatThrownBy(() -> loader.install(both)).isInstanceOf(LinkException.class)
                .hasMessageContaining("one of 2 drivers").hasMessageContaining("List.of");
        assertThat(names(loader.install(List.of(both)))).containsExactly("one", "two");
        assertThat(call(loader.find("two"), "int get(void)")).isEqualTo("8");
        assertThat(loader.install(archive("libone.a", one, helps)).name()).isEqualTo("one");
    }

    @Test
    void anArchiveWithoutADriverThinOrOfLinkTimeCodeSaysSo() {
        Path part = CCompiler.text(folder, "part", "int part(void) { return 6; }");
        assertThatThrownBy(() -> loader.install(List.of(archive("libpart.a", part)))).isInstanceOf(LinkException.class)
                .hasMessageContaining("libpart.a").hasMessageContaining("not a driver").hasMessageContaining("--object");
        Path thin = folder.resolve("libthin.a");
        CCompiler.run(List.of("ar", "rcsT", thin.toString(), part.toString()));
        assertThatThrownBy(() -> loader.install(thin)).isInstanceOf(LinkException.class).hasMessageContaining("thin archive");
        Path lto = CCompiler.text(folder, "lto", "int outer(void) { return 1; }", "-flto", "-fno-fat-lto-objects");
        Path user = driver("user", "extern int outer(void); int get(void) { return outer(); } BANOS_EXPORT(get);");
        assertThatThrownBy(() -> loader.install(List.of(user, archive("liblto.a", lto)))).isInstanceOf(LinkException.class)
                .hasMessageContaining("lto.o").hasMessageContaining("-flto");
    }

    @Test
    void theReportCountsWhatTheLoadWorkedOn() throws Exception {
        Path file = driver("counted", "extern int abs(int); int get(int x) { return abs(x); } BANOS_EXPORT(get);");
        LoadReport report = loader.install(file).report();
        assertThat(report.file()).isEqualTo(file.toString());
        assertThat(report.fileBytes()).isEqualTo(Files.size(file));
        assertThat(report.imports()).isEqualTo(1); // banos_dprintln: abs is the compiler's own
        assertThat(report.relocations()).isPositive();
        assertThat(report.phases().stream().map(LoadReport.Phase::name))
                .containsExactly("read", "parse", "check", "place", "resolve", "relocate", "seal", "start");
        assertThat(report.phases()).allSatisfy(phase -> assertThat(phase.nanos()).as(phase.name()).isPositive());
        assertThat(report.toText()).contains("counted.o", "relocate", "1 import");
        assertThat(report.toString()).matches(".*counted\\.o at 0x[0-9a-f]+: 1 object, [0-9]+ relocations?, 1 import, [0-9]+\\.[0-9]{3} ms"
                + " \\(read [0-9.]+, parse [0-9.]+, check [0-9.]+, .*\\)");
    }

    /** A file that is linked once for every number: the names in it, of one length, are written over. */
    private List<Path> numbered(String name, String code, int count) throws IOException {
        byte[] template = Files.readAllBytes(driver(folder, name + "AAAA", code));
        List<Path> files = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String text = new String(template, StandardCharsets.ISO_8859_1).replace("AAAA", String.format("%04d", i))
                    .replace("BBBB", String.format("%04d", (i + 1) % count));
            files.add(Files.write(folder.resolve(name + i + ".o"), text.getBytes(StandardCharsets.ISO_8859_1)));
        }
        return files;
    }

    /** As deep as somebody likes, on a stack of any size: what needs what is not walked by recursion. */
    @Test
    void aThousandDriversMayDependInAChain() throws Exception {
        List<Path> ring = numbered("ring", "int fBBBB(void); int fAAAA(void) { return fBBBB(); } BANOS_EXPORT(fAAAA);", 1000);
        List<Path> weak = numbered("weak", "int gBBBB(void) __attribute__((weak)); int gAAAA(void) { return gBBBB ? 2 : 1; }"
                + " BANOS_EXPORT(gAAAA);", 400);
        List<Path> chain = new ArrayList<>(ring.subList(0, 999));
        chain.add(driver(folder, "end", "int f0999(void) { return 7; } BANOS_EXPORT(f0999);"));
        OtherThread.start(Thread.ofPlatform().stackSize(256 << 10), () -> {
            List<Driver> drivers = loader.install(chain);
            assertThat(drivers).hasSize(1000);
            assertThat(drivers.getFirst().name()).isEqualTo("end");
            assertThat(Prototype.parse("int f0000(void)").call(drivers.getLast(), List.of())).isEqualTo("7");
            assertThat(loader.install(weak)).hasSize(400);
            assertThatThrownBy(() -> loader.install(ring)).isInstanceOf(LinkException.class)
                    .hasMessageContaining("drivers need each other in a circle: ring0000 needs ring0001 for f0001, ring0001 needs")
                    .hasMessageContaining("and so on by 991 more, ring0999 needs ring0000 for f0000; put what both need into a third")
                    .satisfies(refused -> assertThat(refused.getMessage().length()).isLessThan(1000));
        }).join();
    }
}
