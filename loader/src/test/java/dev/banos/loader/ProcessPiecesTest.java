package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.testing.OnX8664;
import dev.banos.testing.RunsObjects;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an object shares with the libraries of its process, their thread-local variables; and what libc keeps for each module. */
@RunsObjects
class ProcessPiecesTest {
    @TempDir
    Path folder;

    private static ObjectLinker linker() {
        return ObjectLinker.create(InstallPolicy.anyUser());
    }

    private static int call(LinkedLibrary library, String function) {
        return Integer.parseInt(Prototype.parse("int " + function + "(void)").call(library, List.of()));
    }

    private Path library(String name, String code, String... flags) {
        Path object = CCompiler.text(folder, name, code, flags);
        Path shared = folder.resolve("lib" + name + ".so");
        CCompiler.run(List.of("gcc", "-shared", "-o", shared.toString(), object.toString()));
        return shared;
    }

    /** An object's number of names is not to be trusted: comparing each with each, this took minutes. */
    @Test
    @Timeout(60)
    void manyThreadLocalVariablesThatAreNowhereAreRefusedSoon() throws IOException {
        CCompiler.requireProgram("gcc");
        StringBuilder source = new StringBuilder();
        for (int i = 0; i < 200_000; i++) {
            source.append(".globl v").append(i).append("\n.type v").append(i).append(",@tls_object\n");
        }
        Path file = folder.resolve("many.o");
        CCompiler.run(List.of("gcc", "-c", "-o", file.toString(), Files.writeString(folder.resolve("many.s"), source).toString()));
        ObjectLinker linker = linker().add(file);
        assertThatThrownBy(linker::link).isInstanceOf(LinkException.class).hasMessageContaining("missing imports: v0, v1, ")
                .hasMessageMatching("(?s).* and \\d+ more; .*"); // not all in one line
    }

    /** The compilers' ways to another library's variable; but for the first, it is at one distance from the thread pointer. */
    @ParameterizedTest
    @ValueSource(strings = {"-fPIC", "-fPIE", "-fno-pic", "-fPIC -mtls-dialect=gnu2"})
    @OnX8664
    void threadLocalVariablesOfALibraryAreEachThreadsOwn(String flags) throws Exception {
        String name = "n" + Math.abs(flags.hashCode()); // libraries stay: no two of them may define the same
        Path shared = library(name, "__thread long before_VAR; __thread int VAR = 5; int VAR_there(void) { return VAR; }".replace("VAR", name), "-O2",
                "-fPIC");
        Path object = CCompiler.text(folder, "user", """
                extern __thread int VAR; int VAR_there(void); static __thread int own = 40;
                int *where(void) { return &VAR; }
                int count(void) { own++; *where() += 1; return VAR; }
                int agrees(void) { return VAR_there() == VAR ? own : -1; }
                """.replace("VAR", name), ("-O1 " + flags).split(" "));
        List<Integer> others = new CopyOnWriteArrayList<>();
        CountDownLatch linked = new CountDownLatch(1);
        LinkedLibrary[] user = new LinkedLibrary[1];
        Thread early = Thread.ofPlatform().start(() -> {
            awaitLatch(linked);
            others.add(call(user[0], "count"));
        });
        try (LinkedLibrary library = linker().library(shared.toString()).add(object).link()) {
            user[0] = library;
            assertThat(call(library, "count")).isEqualTo(6);
            linked.countDown();
            early.join();
            Thread.ofPlatform().start(() -> others.add(call(library, "count"))).join();
            assertThat(others).containsExactly(6, 6);
            assertThat(call(library, "count")).isEqualTo(7);
            assertThat(call(library, "agrees")).isEqualTo(42);
        }
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    @Test
    void threadLocalVariablesThatAreNowhereAreReportedWithTheOtherNames() {
        Path object = CCompiler.text(folder, "lost", """
                extern __thread int nowhere_at_all; extern __thread int spare __attribute__((weak)); void nobody(void);
                int f(void) { nobody(); return nowhere_at_all + spare; }
                """, "-O2", "-fPIC");
        assertThatThrownBy(() -> linker().add(object).link()).isInstanceOf(LinkException.class)
                .hasMessageContaining("missing imports: nobody, nowhere_at_all;");
    }

    /** A block that threads have already cannot move to a fixed distance. */
    @Test
    @OnX8664
    void aVariableAtNoFixedDistanceIsRefusedWhereTheCodeWantsOne() {
        Path shared = library("large", "__thread char large[1 << 20]; int touch(void) { return large[5]; }", "-O2", "-fPIC");
        Path object = CCompiler.text(folder, "wants", "extern __thread char large[]; int f(void) { return large[7]; }", "-O2", "-fPIE");
        assertThatThrownBy(() -> linker().library(shared.toString()).add(object).link()).isInstanceOf(LinkException.class)
                .hasMessageContaining("thread-local variable large of other libraries").hasMessageContaining("-fPIC");
        Path other = CCompiler.text(folder, "anywhere", "extern __thread char large[]; int f(void) { return ++large[7]; }", "-O2", "-fPIC");
        try (LinkedLibrary library = linker().add(other).link()) {
            assertThat(call(library, "f")).isEqualTo(1);
        }
    }

    /** In whatever order C++ came into the process: an exception makes its runtime library use its own. */
    @Test
    void theRuntimeLibrarysOwnAreReachedAfterItHasUsedThem() throws IOException {
        CCompiler.requireProgram("g++");
        Path source = Files.writeString(folder.resolve("late.cpp"), """
                #include <mutex>
                extern "C" int thrown() { try { throw 5; } catch (int caught) { return caught; } }
                #ifdef ONCE
                static std::once_flag flag;
                static int runs;
                extern "C" int once() { std::call_once(flag, [] { runs++; }); return runs; }
                #endif
                """);
        Path throwing = folder.resolve("throwing.o");
        Path once = folder.resolve("once.o");
        CCompiler.run(List.of("g++", "-c", "-O2", "-fPIC", "-o", throwing.toString(), source.toString()));
        CCompiler.run(List.of("g++", "-c", "-O2", "-fPIE", "-DONCE", "-o", once.toString(), source.toString()));
        try (LinkedLibrary library = linker().library("libstdc++.so.6").add(throwing).link()) {
            assertThat(call(library, "thrown")).isEqualTo(5);
        }
        try (LinkedLibrary library = linker().add(once).link()) {
            assertThat(call(library, "thrown") + call(library, "once") + call(library, "once")).isEqualTo(7);
        }
    }

    /** What was registered runs when the module goes, the last first, wherever it was registered; and not again at the end. */
    @Test
    void atexitRunsOnClose() throws IOException {
        Path said = folder.resolve("said");
        Path object = CCompiler.text(folder, "exits", """
                #include <fcntl.h>
                #include <stdlib.h>
                #include <unistd.h>
                static int out;
                static void first(void) { if (write(out, "1", 1) < 0) abort(); }
                static void second(void) { if (write(out, "2", 1) < 0) abort(); }
                static void fast(void) { abort(); }
                __attribute__((constructor)) static void begin(void) { atexit(first); }
                int arm(const char *path) {
                    out = open(path, O_CREAT | O_WRONLY | O_APPEND, 0600);
                    return out < 0 ? -1 : atexit(second) | at_quick_exit(fast);
                }
                """, "-O2", "-fPIC");
        for (String expected : List.of("21", "2121")) {
            try (LinkedLibrary library = linker().add(object).link()) {
                assertThat(Prototype.parse("int arm(const char *)").call(library, List.of(said.toString()))).isEqualTo("0");
            }
            assertThat(Files.readString(said)).isEqualTo(expected);
        }
    }

    @Test
    void handlersOfForksEndWithTheirModule() {
        Path object = CCompiler.text(folder, "forks", """
                #include <pthread.h>
                #include <sys/wait.h>
                #include <unistd.h>
                static int prepared, parents;
                static void prepare(void) { prepared++; }
                static void parent(void) { parents += 10; }
                int arm(void) { return pthread_atfork(prepare, parent, 0); }
                int split(void) {
                    int status, child = fork();
                    if (child == 0) { _exit(prepared); }
                    return waitpid(child, &status, 0) == child ? parents + WEXITSTATUS(status) : -1;
                }
                """, "-O2", "-fPIC");
        try (LinkedLibrary library = linker().add(object).link()) {
            assertThat(call(library, "arm")).isZero();
            assertThat(call(library, "split")).isEqualTo(11);
        }
        try (LinkedLibrary library = linker().add(object).link()) {
            assertThat(call(library, "split")).as("without its handlers, and without those of the module that is gone").isZero();
        }
    }

    @Test
    void anAtexitOfTheApplicationOrOfAnObjectComesFirst() {
        Path object = CCompiler.text(folder, "asks", "int atexit(void (*f)(void)); int ask(void) { return atexit(0); }", "-O2", "-fPIC");
        Path answers = CCompiler.text(folder, "answers", "int atexit(void (*f)(void)) { return 77; }", "-O2", "-fPIC");
        try (LinkedLibrary library = linker().add(object).add(answers).link()) {
            assertThat(call(library, "ask")).isEqualTo(77);
            try (LinkedLibrary other = linker().add(object).define("atexit", library.symbol("atexit")).link()) {
                assertThat(call(other, "ask")).isEqualTo(77);
            }
        }
    }

    /** Drivers find them as well. */
    @Test
    void aDriverUsesAtexitAndALibrarysVariable() {
        Path shared = library("for_driver", "__thread int for_driver = 3;", "-O2", "-fPIC");
        linker().library(shared.toString());
        Path file = CCompiler.text(folder, "exiting", """
                #include <banos/driver.h>
                #include <banos/export.h>
                #include <stdlib.h>
                extern __thread int for_driver;
                static int *into;
                static void leave(void) { *into = for_driver; }
                int arm(int *at) { into = at; return atexit(leave); }
                BANOS_EXPORT(arm);
                static int init(Banos_Driver *driver) { (void)driver; return for_driver++ == 3 ? 0 : -1; }
                BANOS_DRIVER_API Banos_Driver driver = {
                    .driver_size = sizeof(Banos_Driver), .minimal_banos_version = BANOS_VERSION_CURRENT, .name = "exiting",
                    .version = BANOS_VERSION_MAKE(1, 0, 0), .init = init,
                };
                """, "-O2");
        try (Arena scope = Arena.ofConfined(); Loader loader = Loader.create(InstallPolicy.anyUser())) {
            Driver driver = loader.install(file);
            MemorySegment into = scope.allocate(ValueLayout.JAVA_INT);
            assertThat(Prototype.parse("int arm(void *)").call(driver, List.of(Long.toString(into.address())))).isEqualTo("0");
            assertThat(into.get(ValueLayout.JAVA_INT, 0)).isZero();
            driver.uninstall();
            assertThat(into.get(ValueLayout.JAVA_INT, 0)).isEqualTo(4);
        }
    }
}
