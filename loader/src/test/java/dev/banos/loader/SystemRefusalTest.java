package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever the system refuses, in whatever phase, is told as a LinkException, and leaves nothing mapped. */
class SystemRefusalTest extends InstallingTest {
    private static final FunctionDescriptor INT_OF_INT = FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
    private static final String TWICE = "int twice(int x) { return 2 * x; } BANOS_EXPORT(twice);";
    private static final String THREAD_LOCAL =
            "static _Thread_local int n = 5; int next(int x) { return n += x; } BANOS_EXPORT(next);";
    /** Code and constants of more than a page, so that only the stubs are one. */
    private static final String LARGE = TWICE + "static const char table[6000] = {1}; __asm__(\".text\\n.zero 6000\\n\");"
            + " int entry(int x) { return table[x]; } BANOS_EXPORT(entry);";

    /** Modules have the only code without a file and a name that nobody can write. */
    private static long modules() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/maps")).stream()
                .filter(line -> line.matches("\\S+ r-xp 00000000 00:00 0 *")).count();
    }

    private static int call(Driver driver, String name, int argument) throws Throwable {
        return (int) driver.handle(name, INT_OF_INT).invokeExact(argument);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "MEMORY | no memory for 12288 bytes; raise the process's limits",
        "CODE | its memory cannot be protected: mprotect returned errno 12; raise the system's vm.max_map_count",
        "CONSTANTS | its memory cannot be protected: mprotect returned errno 12; raise the system's vm.max_map_count",
        "OPENING | cannot be read: Too many open files"})
    void aDriverIsRefused(RefusedSystemCalls refused, String why) throws Throwable {
        Path file = InstallManyTest.driver(folder, "twice", TWICE);
        loader.install(file).uninstall();
        Class.forName("dev.banos.bindings.FileTrouble"); // a class in a folder cannot be loaded where no file can be opened
        long before = modules();
        assertThatThrownBy(() -> refused.during(() -> loader.install(file))).isInstanceOf(LinkException.class)
                .hasMessageEndingWith(why);
        assertThat(modules()).isEqualTo(before);
        assertThat(loader.drivers()).isEmpty();
        assertThat(call(loader.install(file), "twice", 21)).isEqualTo(42);
    }

    /** Only a full static block has a remedy of its own. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"NAMELESS_FILES | memfd_create: errno 24", "WRITING | bytes: errno 28"})
    void threadLocalVariablesAreRefused(RefusedSystemCalls refused, String why) throws Throwable {
        Path file = InstallManyTest.driver(folder, "next", THREAD_LOCAL);
        loader.install(file).uninstall();
        long before = modules();
        assertThatThrownBy(() -> refused.during(() -> loader.install(file))).isInstanceOf(LinkException.class)
                .hasMessageContaining("no memory for 4 bytes of thread-local variables: ").hasMessageEndingWith(why);
        assertThat(modules()).isEqualTo(before);
        assertThat(call(loader.install(file), "next", 2)).isEqualTo(7);
    }

    @Test
    void stubsOfReplaceableExportsAreRefused() throws Throwable {
        loader.replaceable();
        Path file = InstallManyTest.driver(folder, "large", LARGE);
        loader.install(file).uninstall();
        long before = modules();
        assertThatThrownBy(() -> RefusedSystemCalls.ONE_PAGE.during(() -> loader.install(file))).isInstanceOf(LinkException.class)
                .hasMessageContaining("its memory cannot be protected");
        assertThat(modules()).isEqualTo(before);
        assertThat(call(loader.install(file), "twice", 4)).isEqualTo(8);
    }

    /** The new one has started by then: it is stopped again. */
    @Test
    void anExchangeIsRefused() throws Throwable {
        loader.replaceable();
        Path file = InstallManyTest.driver(folder, "twice", TWICE);
        Driver old = loader.install(file).replaceWith(file);
        long before = modules();
        assertThatThrownBy(() -> RefusedSystemCalls.WRITABLE.during(() -> old.replaceWith(file))).isInstanceOf(LinkException.class)
                .hasMessageContaining("its memory cannot be protected");
        assertThat(modules()).isEqualTo(before);
        assertThat(loader.drivers()).containsExactly(old);
        assertThat(call(old, "twice", 5)).isEqualTo(10);
        assertThat(call(old.replaceWith(file), "twice", 6)).isEqualTo(12);
        assertThat(modules()).isEqualTo(before);
    }

    /** Loads the driver under a refusal, then once more. */
    static final class Program {
        private Program() {
        }

        public static void main(String[] arguments) throws Exception {
            try (Loader loader = Loader.create(InstallPolicy.anyUser())) {
                Driver driver = RefusedSystemCalls.NAMELESS_FILES.during(() -> loader.install(Path.of(arguments[0])));
                driver.uninstall();
                loader.install(Path.of(arguments[0]));
                System.out.println("installed twice");
            }
        }
    }

    @Test
    void withoutTheDebuggersLibraryDriversRun() throws Exception {
        Path file = InstallManyTest.driver(folder, "twice", TWICE);
        assertThat(ChildJvm.run(List.of("-Dbanos.loader.gdb=true"), Program.class, file.toString()).output())
                .containsOnlyOnce("banos: GDB is told of no modules: memfd_create: errno 24\n").contains("installed twice\n");
    }

    /** One file that cannot be written is told of once, and the other is written. */
    @Test
    void aFullDiskUnderTheMapOfModulesLeavesTheOtherFilesAlone() throws Exception {
        assumeTrue(Files.exists(Path.of("/dev/full")), "skipped: there is no /dev/full");
        Path driver = CCompiler.object(folder, "steps.c", "gcc", "-O2");
        String printed = DebuggedProgram.run(List.of("-Dbanos.loader.perf=true", "-Dbanos.loader.map=/dev/full"), driver);
        assertThat(printed).containsOnlyOnce("banos: the map of modules /dev/full cannot be written: No space left on device\n");
        String pid = printed.lines().filter(line -> line.matches("[0-9]+ [0-9]+")).findFirst().orElseThrow().split(" ")[0];
        Path file = Path.of("/tmp", "perf-" + pid + ".map");
        try {
            assertThat(Files.readAllLines(file)).anyMatch(line -> line.endsWith(" outer_step"));
        } finally {
            Files.deleteIfExists(file);
        }
    }
}
