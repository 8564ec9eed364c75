package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.testing.RunsObjects;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What nobody means to do and somebody does: odd files, calls back into the loader, many threads. */
@RunsObjects
class UnusualUseTest {
    @TempDir
    Path folder;
    private Consumer<String> console = line -> { };
    private final List<Throwable> thrown = Collections.synchronizedList(new ArrayList<>());
    private final Loader loader = Loader.create(InstallPolicy.anyUser(), line -> console.accept(line));

    @AfterEach
    void close() {
        console = line -> { };
        loader.close();
    }

    private Path driver(String name, String code) {
        return InstallManyTest.driver(folder, name, code);
    }

    /** What the next line that this driver prints does; both its init and its uninit print one. */
    private void whenItPrints(String line, Runnable action) {
        console = printed -> {
            if (printed.equals(line)) {
                console = ignored -> { };
                try {
                    action.run();
                } catch (RuntimeException refused) {
                    thrown.add(refused);
                }
            }
        };
    }

    /** Names in a file may hold any bytes but NUL. What is printed of them neither ends a line nor reaches a terminal as an order to it. */
    @Test
    void namesInAFileCommandNoTerminal() throws Exception {
        byte[] bytes = Files.readAllBytes(InstallManyTest.driver(folder, "named", """
                extern int WWWWWWWWWWWWWWWW(void) __attribute__((weak));
                int XXXXXXXXXXXXXXXX(void) { return WWWWWWWWWWWWWWWW ? 1 : 2; }
                BANOS_EXPORT_SYMBOL(x, "YYYYYYYYYYYYYYYY", XXXXXXXXXXXXXXXX);
                int constant __attribute__((section("ZZZZZZZZZZZZZZZZ"))) = 5;
                """));
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        for (char name : "WXYZ".toCharArray()) { // as many bytes each: those above ASCII are three characters
            text = text.replace(String.valueOf(name).repeat(16), "\u001b[31m\n\u00c2\u009b\u00e2\u0080\u00ae\u00e2\u0080\u00a8" + name + "\u007f");
        }
        byte[] hostile = text.getBytes(StandardCharsets.ISO_8859_1);
        String file = "\u001b[2Jnamed.o";
        ObjectInfo info = ObjectInfo.read(hostile, file);
        requirePrintable(info.toText().replace('\n', ' '));
        requirePrintable(info.toJson());
        assertThat(info.toText()).contains("?[31m????Y?", "?[31m????W?", "?[31m????Z?", "?[2Jnamed.o");
        Driver driver = loader.install(hostile, file);
        requirePrintable(driver.report().toString());
        requirePrintable(driver.report().toText().replace('\n', ' '));
        requirePrintable(Loader.explain(driver.exports().iterator().next().address().address()).orElseThrow().toText());
        assertThatThrownBy(() -> driver.export("\u001b[31m")).satisfies(refused -> requirePrintable(refused.getMessage()));
    }

    private static void requirePrintable(String text) {
        assertThat(text).doesNotContainPattern("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]");
    }

    @Test
    void filesThatAreNoneAreNamed() throws Exception {
        Path empty = Files.createFile(folder.resolve("empty.o"));
        assertThatThrownBy(() -> loader.install(empty)).isInstanceOf(LinkException.class).hasMessageContaining("empty.o: the file is empty");
        assertThatThrownBy(() -> loader.install(folder)).isInstanceOf(LinkException.class).hasMessageEndingWith(": a directory");
        assertThatThrownBy(() -> loader.install(Path.of("/dev/zero"))).isInstanceOf(LinkException.class).hasMessageContaining("a device");
        assertThatThrownBy(() -> loader.install(empty.resolve("x.o"))).isInstanceOf(LinkException.class).hasMessageContaining("x.o");
        assertThatThrownBy(() -> loader.install(folder.resolve("n".repeat(300)))).isInstanceOf(LinkException.class)
                .hasMessageContaining("too long");
        assertThatThrownBy(() -> loader.install(new byte[0], "nothing")).isInstanceOf(LinkException.class).hasMessageContaining("nothing");
        Path loop = Files.createSymbolicLink(folder.resolve("loop.o"), folder.resolve("loop.o"));
        assertThatThrownBy(() -> loader.install(loop)).isInstanceOf(LinkException.class).hasMessageContaining("loop.o");
        assertThat(loader.install(List.of())).isEmpty();
    }

    @Test
    void oneFileTwiceInOneCallMakesTwoDriversWithTheirOwnData() {
        Path file = driver("twin", "int count; int next(void) { return ++count; } BANOS_EXPORT(next);");
        List<Driver> twins = loader.install(List.of(file, file));
        Prototype next = Prototype.parse("int next(void)");
        assertThat(next.call(twins.get(0), List.of())).isEqualTo("1");
        assertThat(next.call(twins.get(0), List.of())).isEqualTo("2");
        assertThat(next.call(twins.get(1), List.of())).isEqualTo("1");
    }

    @Test
    void whoListensToInitMayInstallAnother() {
        Path inner = driver("inner", "int value(void) { return 5; } BANOS_EXPORT(value);");
        whenItPrints("outer", () -> loader.install(inner));
        loader.install(driver("outer", "int other(void) { return 6; } BANOS_EXPORT(other);"));
        assertThat(loader.drivers()).extracting(Driver::name).containsExactly("inner", "outer");
        assertThat(loader.find("outer").dependencies()).isEmpty();
        assertThat(thrown).isEmpty();
    }

    @Test
    void whatInitUsesCannotBeUninstalledFromWithinIt() {
        Driver base = loader.install(driver("base", "int base(void) { return 5; } BANOS_EXPORT(base);"));
        whenItPrints("user", base::uninstall);
        Driver user = loader.install(driver("user", "extern int base(void); int get(void) { return base(); } BANOS_EXPORT(get);"));
        assertThat(thrown).singleElement().asString().contains("is needed by a driver that is being installed");
        assertThat(Prototype.parse("int get(void)").call(user, List.of())).isEqualTo("5");
    }

    @Test
    void theLoaderCannotBeClosedFromWithinInit() {
        whenItPrints("late", loader::close);
        loader.install(driver("late", ""));
        assertThat(thrown).singleElement().isInstanceOf(IllegalStateException.class);
        assertThat(loader.drivers()).hasSize(1);
    }

    @Test
    void aDriverCannotBeUninstalledFromWithinItsUninit() {
        Driver driver = loader.install(driver("twice", ""));
        whenItPrints("bye", driver::uninstall);
        driver.uninstall();
        assertThat(thrown).singleElement().isInstanceOf(LinkException.class);
        assertThat(loader.drivers()).isEmpty();
        assertThatThrownBy(driver::uninstall).isInstanceOf(IllegalStateException.class).hasMessageContaining("twice");
    }

    private static final String EXPORT = "int value(void) { return 5; } BANOS_EXPORT(value);";
    private static final String IMPORT = "extern int value(void); int get(void) { return value(); } BANOS_EXPORT(get);";

    @Test
    void whatUninitStopsIsNotThereForADriverThatIsInstalledFromWithinIt() {
        Driver base = loader.install(driver("base", EXPORT));
        Path user = driver("user", IMPORT);
        whenItPrints("bye", () -> loader.install(user));
        base.uninstall();
        assertThat(thrown).singleElement().asString().contains("missing import: value");
        assertThat(loader.drivers()).isEmpty();
    }

    @Test
    void theUninitOfAReplacedDriverRunsOnceWhateverItDoes() {
        loader.replaceable();
        Path file = driver("base", EXPORT);
        Path other = driver("other", "");
        Driver old = loader.install(file);
        whenItPrints("bye", () -> {
            whenItPrints("bye", () -> thrown.add(new AssertionError("uninit ran twice")));
            assertThat(loader.replaced()).containsExactly(old);
            loader.install(other);
        });
        old.replaceWith(file);
        console = line -> { };
        assertThat(thrown).isEmpty();
        assertThat(loader.replaced()).isEmpty();
        assertThat(loader.drivers()).extracting(Driver::name).containsExactly("base", "other");
    }

    @Test
    void neitherWhatIsReplacedNorWhoUsesItCanBeUninstalledFromWithinInit() {
        loader.replaceable();
        Path file = driver("base", EXPORT);
        Driver old = loader.install(file);
        Driver user = loader.install(driver("user", IMPORT));
        whenItPrints("base", user::uninstall);
        Driver next = old.replaceWith(file);
        assertThat(thrown).singleElement().asString().contains("driver user is being replaced or uninstalled, or uses one that is");
        assertThat(Prototype.parse("int get(void)").call(user, List.of())).isEqualTo("5");
        user.uninstall();
        whenItPrints("base", next::uninstall);
        next.replaceWith(file);
        assertThat(thrown).hasSize(2).last().asString().contains("driver base is being replaced");
        assertThat(loader.drivers()).hasSize(1).doesNotContain(next);
    }

    @Test
    void aReplacementRefusedFromWithinInitDoesNotDisturbTheOneUnderWay() {
        loader.replaceable();
        Path file = driver("base", EXPORT);
        Driver old = loader.install(file);
        Path curious = driver("base", EXPORT + "static void *found; __attribute__((constructor)) static void begin(void) {"
                + " banos_dprintln(\"begin\"); found = banos_lookup_symbol(\"value\"); }"
                + " int *saw(void) { return found; } BANOS_EXPORT(saw);");
        whenItPrints("begin", () -> old.replaceWith(file));
        Driver next = old.replaceWith(curious);
        assertThat(thrown).singleElement().isInstanceOf(IllegalStateException.class);
        assertThat(next.dependencies()).as("an instance does not use the one that it replaces").isEmpty();
        assertThat(Prototype.parse("long saw(void)").call(next, List.of())).isEqualTo("0");
    }

    @Test
    void aConsoleThatThrowsStopsNobody() {
        console = line -> {
            throw new IllegalArgumentException(line);
        };
        Driver driver = loader.install(driver("loud", "int value(void) { return 5; } BANOS_EXPORT(value);"));
        assertThat(Prototype.parse("int value(void)").call(driver, List.of())).isEqualTo("5");
    }

    @Test
    void aClosedLoaderTakesNothingAndClosesAgain() {
        loader.close();
        loader.close();
        Path file = driver("late", "");
        assertThatThrownBy(() -> loader.install(file)).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed=true");
        assertThat(loader.drivers()).isEmpty();
    }

    @Test
    void manyThreadsInstallCallAndUninstallAtOnce() throws InterruptedException {
        loader.install(driver("base", "int base(int x) { return x * 2; } BANOS_EXPORT(base);"));
        List<Path> files = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            files.add(driver("user" + i, "extern int base(int); int get(int x) { return base(x) + " + i + "; } BANOS_EXPORT(get);"));
        }
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            int number = i;
            threads.add(Thread.ofPlatform().start(() -> {
                try {
                    for (int round = 0; round < 50; round++) {
                        Driver user = loader.install(files.get(number));
                        String result = Prototype.parse("int get(int)").call(user, List.of("10"));
                        assertThat(result).isEqualTo(Integer.toString(20 + number));
                        assertThat(Loader.explain(user.base()).orElseThrow().module()).isEqualTo("driver user" + number);
                        user.uninstall();
                    }
                } catch (Throwable failed) {
                    thrown.add(failed);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(thrown).isEmpty();
        assertThat(loader.drivers()).hasSize(1);
        assertThat(loader.find("base").references()).isZero();
    }
}
