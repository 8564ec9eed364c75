package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.testing.OnX8664;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What holds from install to unload, and after every way in which either fails. */
class LifecycleTest extends InstallingTest {
    private static final int FAILURES = 20;
    private static final String HEAD = """
            #include <banos/driver.h>
            #include <banos/export.h>
            #include <banos/print.h>
            #include <stddef.h>
            """;
    private Path driver(String name, String fields, String code) {
        return CCompiler.text(folder, name, HEAD + code + """
                BANOS_DRIVER_API struct Banos_Driver driver = { .driver_size = sizeof(struct Banos_Driver),
                    .minimal_banos_version = BANOS_VERSION_CURRENT, .name = "NAME", .init = init, FIELDS };
                """.replace("NAME", name).replace("FIELDS", fields), "-O2");
    }

    private static final String INIT = "static int init(struct Banos_Driver *d) { (void)d; return 0; }\n";

    @Test
    void aDependencyCannotBeUnloadedBeforeItsUsers() {
        Driver ring = loader.install(driver("ring", "", INIT
                + "int pushed = 3; int push(int x) { return pushed += x; } BANOS_EXPORT(push); BANOS_EXPORT(pushed);"));
        Driver stats = loader.install(driver("stats", "", INIT
                + "extern int push(int); extern int pushed; int twice(int x) { push(x); return push(x) + pushed; } BANOS_EXPORT(twice);"));
        assertThat(Prototype.parse("int twice(int)").call(stats, List.of("5"))).isEqualTo("26");
        assertThat(stats.dependencies()).containsExactly(ring);
        assertThat(ring.references()).isEqualTo(1);
        LinkException refused = catchThrowableOfType(LinkException.class, ring::uninstall);
        assertThat(refused).hasMessageContaining("ring").hasMessageContaining("stats");
        assertThat(refused.errno()).isEqualTo(16);
        stats.uninstall();
        ring.uninstall();
        assertThat(loader.drivers()).isEmpty();
    }

    @Test
    void aNameLookedUpDuringInitIsADependency() {
        Driver ring = loader.install(driver("ring", "", INIT + "int value = 9; BANOS_EXPORT(value);"));
        Driver user = loader.install(driver("user", "", """
                static int *found;
                static int init(struct Banos_Driver *d) { (void)d; found = banos_lookup_symbol("value"); return found ? 0 : -2; }
                int get(void) { return *found; }
                BANOS_EXPORT(get);
                """));
        assertThat(Prototype.parse("int get(void)").call(user, List.of())).isEqualTo("9");
        assertThat(user.dependencies()).containsExactly(ring);
    }

    @Test
    void initThatFailsLeavesNothingMapped() throws IOException {
        loader.install(driver("first", "", INIT)).uninstall(); // whatever the JVM maps once, it has mapped
        long before = mappings();
        Path file = driver("fails", "", "static char big[3 << 20]; static int init(struct Banos_Driver *d)"
                + " { (void)d; big[1] = 1; return -5; } int get(void) { return big[0]; } BANOS_EXPORT(get);");
        for (int i = 0; i < FAILURES; i++) {
            LinkException refused = catchThrowableOfType(LinkException.class, () -> loader.install(file));
            assertThat(refused.errno()).isEqualTo(5);
            assertThat(refused).hasMessageContaining("fails").hasMessageContaining("-5").hasMessageContaining("EIO");
            assertThat(loader.drivers()).isEmpty();
        }
        assertThat(mappings()).isLessThan(before + FAILURES / 2); // a thread of the JVM may begin meanwhile, and its stack lie here
    }

    /** How many there are in the neighbourhood where modules go. */
    private long mappings() throws IOException {
        Driver probe = loader.install(driver("probe", "", INIT));
        long base = probe.base();
        probe.uninstall();
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> {
                long start = Long.parseUnsignedLong(line.substring(0, line.indexOf('-')), 16);
                return Math.abs(start - base) < 64 << 20;
            }).count();
        }
    }

    @Test
    void noPageIsWritableAndExecutableAndNoneStaysBehind() throws IOException {
        List<Driver> drivers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            drivers.add(loader.install(driver("many" + i, "", INIT + "int data = 1; static char zeroes[100000];"
                    + "int get(int i) { return data + zeroes[i]; } BANOS_EXPORT(get);")));
        }
        for (Driver driver : drivers) {
            assertThat(protections(driver)).contains("r-xp", "rw-p").doesNotContain("rwxp");
        }
        for (Driver driver : drivers) {
            driver.uninstall();
            assertThat(protections(driver)).isEmpty();
        }
    }

    @Test
    void threadLocalVariablesLeaveTheStacksAsTheyWere() throws IOException {
        String before = stackProtection();
        loader.install(driver("local", "", INIT + "static __thread int t = 1; int get(void) { return ++t; } BANOS_EXPORT(get);"));
        assertThat(stackProtection()).isEqualTo(before);
    }

    private static String stackProtection() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/maps")).stream().filter(line -> line.endsWith("[stack]")).findFirst()
                .orElseThrow().split(" ")[1];
    }

    private static List<String> protections(Driver driver) throws IOException {
        List<String> found = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
            long start = Long.parseUnsignedLong(line.substring(0, line.indexOf('-')), 16);
            long end = Long.parseUnsignedLong(line.substring(line.indexOf('-') + 1, line.indexOf(' ')), 16);
            if (start < driver.base() + driver.footprint() && end > driver.base()) {
                found.add(line.split(" ")[1]);
            }
        }
        return found;
    }

    @Test
    void tenThousandRoundsLeaveTheFootprintWhereItWas() throws IOException {
        Path file = CCompiler.object(folder, "calculator.c", "gcc", "-O2");
        Prototype add = Prototype.parse("int add(int, int)");
        rounds(file, add, 5_000);
        long residentBefore = resident();
        long mappingsBefore = Files.readAllLines(Path.of("/proc/self/maps")).size();
        rounds(file, add, 10_000);
        assertThat((long) Files.readAllLines(Path.of("/proc/self/maps")).size()).isLessThan(mappingsBefore + 50);
        assertThat(resident() - residentBefore).as("resident bytes gained").isLessThan(64L << 20);
    }

    private void rounds(Path file, Prototype add, int rounds) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        for (int i = 0; i < rounds; i++) {
            if (i % 500 == 0) {
                System.gc(); // the classes that calls go through end with a collection, which few objects would cause here
            }
            Driver driver = loader.install(bytes, "calculator.o");
            assertThat(add.call(driver, List.of("2", Integer.toString(i)))).isEqualTo(Integer.toString(i + 2));
            driver.uninstall();
        }
    }

    private static long resident() throws IOException {
        System.gc();
        String pages = Files.readString(Path.of("/proc/self/statm")).split(" ")[1];
        return Long.parseLong(pages) * 4096;
    }

    @Test
    void uninitRunsAndMayRefuse() {
        Driver driver = loader.install(driver("stubborn", ".uninit = uninit", INIT + """
                static int ready;
                static int uninit(struct Banos_Driver *d) { banos_dprintln(d->name); return ready ? 0 : -16; }
                void allow(void) { ready = 1; }
                BANOS_EXPORT(allow);
                """));
        LinkException refused = catchThrowableOfType(LinkException.class, driver::uninstall);
        assertThat(refused.errno()).isEqualTo(16);
        assertThat(driver.isInstalled()).isTrue();
        assertThat(Prototype.parse("void allow(void)").call(driver, List.of())).isEmpty();
        driver.uninstall();
        assertThat(console).containsExactly("stubborn", "stubborn");
    }

    @Test
    void aCallUnderWayKeepsItsDriver() throws InterruptedException {
        Driver driver = loader.install(driver("slow", "", INIT + """
                static volatile int go, inside;
                int enter(void) { inside = 1; while (!go) { } return 1; }
                int waiting(void) { return inside; }
                void leave(void) { go = 1; }
                BANOS_EXPORT(enter); BANOS_EXPORT(waiting); BANOS_EXPORT(leave);
                """));
        CountDownLatch done = new CountDownLatch(1);
        Thread.ofPlatform().start(() -> {
            Prototype.parse("int enter(void)").call(driver, List.of());
            done.countDown();
        });
        while (Prototype.parse("int waiting(void)").call(driver, List.of()).equals("0")) {
            Thread.onSpinWait();
        }
        assertThatThrownBy(driver::uninstall).isInstanceOf(LinkException.class).hasMessageContaining("call under way");
        assertThat(Prototype.parse("void leave(void)").call(driver, List.of())).isEmpty();
        done.await();
        driver.uninstall();
    }

    @Test
    void aShorterDriverSizeMeansThatTheTailIsZero() {
        Path file = CCompiler.text(folder, "shorter", """
                typedef struct D { unsigned long size; unsigned minimal; const char *name, *license; unsigned version;
                    int (*init)(struct D *); } D;
                static int init(D *d) { return (int)d->size; }
                static __attribute__((section(".banos-driver"), used, aligned(8))) D d = { sizeof(D), 0, "shorter", 0, 1, init };
                """, "-O2");
        Driver driver = loader.install(file);
        assertThat(driver.metadata().driverSize()).isEqualTo(48);
        driver.uninstall();
    }

    @Test
    void aLongerDriverSizeMeansThatThePrefixIsUsed() {
        Path file = CCompiler.text(folder, "longer", """
                typedef struct D { unsigned long size; unsigned minimal; const char *name, *license; unsigned version;
                    int (*init)(struct D *), (*uninit)(struct D *); long more[5]; } D;
                static int init(D *d) { return d->more[4] == 99 ? 0 : -1; }
                static __attribute__((section(".banos-driver"), used, aligned(8))) D d =
                    { sizeof(D), 0, "longer", 0, 1, init, 0, { 0, 0, 0, 0, 99 } };
                """, "-O2");
        assertThat(loader.install(file).metadata().driverSize()).isEqualTo(96);
    }

    @Test
    void aNewerMinimalVersionIsRefusedBeforeAnythingIsMapped() {
        Path file = CCompiler.text(folder, "newer", HEAD + INIT + """
                BANOS_DRIVER_API struct Banos_Driver driver = { .driver_size = sizeof driver, .name = "newer", .init = init,
                    .minimal_banos_version = BANOS_VERSION_MAKE(0, 1, 0) };
                """);
        assertThatThrownBy(() -> loader.install(file)).isInstanceOf(LinkException.class)
                .hasMessageContaining("0.1.0").hasMessageContaining("0.0.1").hasMessageContaining("newer.o");
    }

    @Test
    void allMissingImportsAreNamedAtOnce() {
        Path file = driver("incomplete", "", INIT
                + "extern int alpha(void), beta; int get(void) { return alpha() + beta; } BANOS_EXPORT(get);");
        LinkException refused = catchThrowableOfType(LinkException.class, () -> loader.install(file));
        assertThat(refused.errno()).isEqualTo(2);
        assertThat(refused).hasMessageContaining("alpha").hasMessageContaining("beta").hasMessageContaining("incomplete.o");
    }

    @Test
    void anObjectWithoutTheDriverSectionSaysSo() {
        Path file = CCompiler.text(folder, "plain", "int add(int a, int b) { return a + b; }");
        assertThatThrownBy(() -> loader.install(file)).isInstanceOf(LinkException.class)
                .hasMessageContaining(".banos-driver").hasMessageContaining("BANOS_DRIVER_API");
    }

    /** What Java makes of an argument that it cannot decode. */
    @Test
    void aNameThatReachesJavaBrokenIsToldWithTheRemedy() {
        assumeTrue("UTF-8".equals(System.getProperty("sun.jnu.encoding")), "skipped: here such a text is no path");
        assertThatThrownBy(() -> loader.install(folder.resolve("caf\ufffd.o"))).isInstanceOf(LinkException.class)
                .hasMessageEndingWith("no such file; a name with bytes that are no UTF-8 reaches Java without them: give the file another,"
                        + " or a link");
    }

    @Test
    @OnX8664
    void otherFilesAreNamedForWhatTheyAre() throws IOException {
        assertThatThrownBy(() -> loader.install(folder.resolve("absent.o"))).isInstanceOf(LinkException.class)
                .hasMessageContaining("absent.o").hasMessageContaining("no such file");
        assertThatThrownBy(() -> loader.install(Files.writeString(folder.resolve("text.o"), "hello, world")))
                .isInstanceOf(LinkException.class).hasMessageContaining("not an ELF file");
        assertThatThrownBy(() -> loader.install(folder)).isInstanceOf(LinkException.class);
        byte[] whole = Files.readAllBytes(driver("whole", "", INIT));
        assertThatThrownBy(() -> loader.install(java.util.Arrays.copyOf(whole, whole.length / 2), "half.o"))
                .isInstanceOf(LinkException.class).hasMessageContaining("truncated").hasMessageContaining("half.o");
        whole[18] = (byte) 183;
        assertThatThrownBy(() -> loader.install(whole, "arm.o")).isInstanceOf(LinkException.class)
                .hasMessageContaining("aarch64").hasMessageContaining("x86-64");
    }

    @Test
    void aPolicyDecidesOverPathBytesAndMetadata() {
        Path file = driver("guarded", "", INIT);
        List<String> seen = new ArrayList<>();
        InstallPolicy policy = InstallPolicy.of((path, bytes, metadata) -> {
            seen.add(path.getFileName() + " " + (bytes.length > 0) + " " + metadata.name());
            return seen.size() > 1;
        });
        try (Loader guarded = Loader.create(policy)) {
            LinkException refused = catchThrowableOfType(LinkException.class, () -> guarded.install(file));
            assertThat(refused.errno()).isEqualTo(1);
            assertThat(refused).hasMessageContaining("not permitted").hasMessageContaining("InstallPolicy");
            guarded.install(file);
        }
        assertThat(seen).containsExactly("guarded.o true guarded", "guarded.o true guarded");
    }

    @Test
    void theDefaultPolicyAsksForTheSuperuser() {
        boolean superuser = dev.banos.bindings.SystemCalls.geteuid() == 0;
        String objection = InstallPolicy.superuser().objection(null);
        assertThat(objection == null).isEqualTo(superuser);
    }

    @Test
    @OnX8664
    void aValueTooFarAwayIsRefusedWithItsPlace() {
        Path file = driver("far", "", "extern int far_away; " + INIT + "int get(void) { return far_away; } BANOS_EXPORT(get);");
        loader.publish("far_away", java.lang.foreign.MemorySegment.ofAddress(0x1000));
        assertThatThrownBy(() -> loader.install(file)).isInstanceOf(LinkException.class)
                .hasMessageContaining("far_away").hasMessageContaining(".text+0x").hasMessageContaining("distance")
                .hasMessageContaining("-fPIC");
    }
}
