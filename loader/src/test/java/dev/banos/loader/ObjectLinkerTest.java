package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.loader.elf.Elf;
import dev.banos.testing.OnX8664;
import dev.banos.testing.RunsObjects;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What several objects mean together: which definition wins, which member is taken, what runs when. */
@RunsObjects
class ObjectLinkerTest {
    /** C has had such names since C99; in the file they are UTF-8. */
    @Test
    void namesMayHaveAnyLetters() {
        Path user = CCompiler.text(folder, "user", "int für(int); int 二(int x) { return für(x) + 1; }");
        Path definer = CCompiler.text(folder, "definer", "int für(int x) { return 2 * x; }");
        Path archive = folder.resolve("libü.a");
        CCompiler.run(List.of("ar", "rcs", archive.toString(), definer.toString()));
        for (Path second : List.of(archive, definer)) {
            try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(user).add(second).require("二").link()) {
                assertThat(Prototype.parse("int 二(int)").call(library, List.of("20"))).isEqualTo("41");
            }
        }
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(definer).link()) {
            assertThat(Prototype.parse("int für(int zahl)").call(library, List.of("4"))).isEqualTo("8");
            assertThatThrownBy(() -> library.symbol("fur")).isInstanceOf(LinkException.class);
        }
    }

    @TempDir
    Path folder;

    private Path c(String name, String code, String... flags) {
        return CCompiler.text(folder, name, code, flags.length == 0 ? new String[] {"-O2"} : flags);
    }

    private static LinkedLibrary link(Path... files) {
        ObjectLinker linker = ObjectLinker.create(InstallPolicy.anyUser());
        for (Path file : files) {
            linker.add(file);
        }
        return linker.link();
    }

    private static String call(LinkedLibrary library, String prototype, String... arguments) {
        return Prototype.parse(prototype).call(library, List.of(arguments));
    }

    private Path archive(String name, Path... members) {
        CCompiler.requireProgram("ar");
        Path archive = folder.resolve(name);
        List<String> command = new ArrayList<>(List.of("ar", "rcs", archive.toString()));
        for (Path member : members) {
            command.add(member.toString());
        }
        CCompiler.run(command);
        return archive;
    }

    @Test
    void objectsThatNeedEachOtherAreLinkedTogether() {
        Path even = c("even", "int odd(unsigned); int even(unsigned n) { return n == 0 ? 1 : odd(n - 1); }");
        Path odd = c("odd", "int even(unsigned); int odd(unsigned n) { return n == 0 ? 0 : even(n - 1); }");
        try (LinkedLibrary library = link(even, odd)) {
            assertThat(call(library, "int even(unsigned)", "10")).isEqualTo("1");
            assertThat(call(library, "int odd(unsigned)", "10")).isEqualTo("0");
        }
    }

    /** An archive behind it may have nothing to do with it. */
    @Test
    void whatTheWholeModuleLacksIsSaidOfTheFirstFile() {
        Path one = CCompiler.text(folder, "first", "int f(void) { return 1; }");
        Path two = CCompiler.text(folder, "second", "int g(void) { return 2; }");
        assertThatThrownBy(() -> ObjectLinker.create(InstallPolicy.anyUser()).add(one).add(two).require("f", "nobody").link())
                .isInstanceOfSatisfying(LinkException.class, thrown -> assertThat(thrown.file()).isEqualTo(one.toString()));
    }

    @Test
    void whatSeveralObjectsMissIsNamedOnce() {
        Path one = CCompiler.text(folder, "one", "void nobody(void); void f(void) { nobody(); }");
        Path two = CCompiler.text(folder, "two", "void nobody(void); void g(void) { nobody(); }");
        assertThatThrownBy(() -> ObjectLinker.create(InstallPolicy.anyUser()).add(one).add(two).link())
                .isInstanceOf(LinkException.class).hasMessageContaining("missing import: nobody;").hasMessageContaining("archive")
                .hasMessageNotContaining("driver");
    }

    /** Of what no linker makes out of it: the message says what the file is. */
    @Test
    void aSharedLibraryIsNamedAsOne() throws IOException {
        byte[] bytes = Files.readAllBytes(c("shared", "int f(void) { return 1; }"));
        bytes[16] = Elf.ET_DYN;
        Path shared = Files.write(folder.resolve("shared.so"), bytes);
        assertThatThrownBy(() -> link(shared)).isInstanceOf(LinkException.class).hasMessageContaining("not a relocatable object but a shared library");
        assertThatThrownBy(() -> ObjectLinker.create(InstallPolicy.anyUser()).library("./nowhere.so")).isInstanceOf(LinkException.class)
                .hasMessageContaining("cannot be loaded").hasMessageContaining("nowhere.so");
    }

    @Test
    void anOrdinaryDefinitionBeatsAWeakOneEverywhere() {
        Path weak = c("weak", "__attribute__((weak)) int f(void) { return 1; } int viaWeak(void) { return f(); }"
                + "int (*pointer)(void) = f; int viaPointer(void) { return pointer(); }");
        Path strong = c("strong", "int f(void) { return 2; }");
        try (LinkedLibrary library = link(weak, strong)) {
            assertThat(call(library, "int viaWeak(void)")).isEqualTo("2");
            assertThat(call(library, "int viaPointer(void)")).isEqualTo("2");
            assertThat(call(library, "int f(void)")).isEqualTo("2");
        }
    }

    @Test
    void twoOrdinaryDefinitionsAreAnErrorThatNamesBoth() {
        Path one = c("one", "int f(void) { return 1; }");
        Path two = c("two", "int f(void) { return 2; }");
        assertThatThrownBy(() -> link(one, two)).isInstanceOf(LinkException.class)
                .hasMessageContaining("one.o").hasMessageContaining("two.o").hasMessageContaining("symbol f");
    }

    @Test
    void commonSymbolsShareTheLargestPlace() {
        Path small = c("small", "int shared[2]; int *small(void) { return shared; }", "-O2", "-fcommon");
        Path large = c("large", "int shared[1000]; int large(void) { shared[999] = 5; shared[0] = 7; return shared[999]; }"
                + "int *first(void) { return shared; }", "-O2", "-fcommon");
        try (LinkedLibrary library = link(small, large)) {
            assertThat(call(library, "int large(void)")).isEqualTo("5");
            assertThat(call(library, "int *small(void)")).isEqualTo(call(library, "int *first(void)"));
        }
    }

    @Test
    void anIndirectFunctionIsChosenOnceAndCalledEveryWay() {
        Path file = c("indirect", """
                static int fast(int x) { return x + 100; }
                static int (*choose(void))(int) { return fast; }
                int f(int) __attribute__((ifunc("choose")));
                int direct(int x) { return f(x); }
                int (*table[])(int) = { f };
                int indirect(int x) { return table[0](x); }
                """);
        Path other = c("other", "int f(int); int elsewhere(int x) { return f(x) + 1; } int (*p)(int) = f;"
                + "int pointer(int x) { return p(x); }");
        try (LinkedLibrary library = link(other, file)) {
            assertThat(call(library, "int direct(int)", "1")).isEqualTo("101");
            assertThat(call(library, "int indirect(int)", "2")).isEqualTo("102");
            assertThat(call(library, "int elsewhere(int)", "3")).isEqualTo("104");
            assertThat(call(library, "int pointer(int)", "4")).isEqualTo("104");
            assertThat(call(library, "int f(int)", "5")).isEqualTo("105");
        }
    }

    @Test
    void constructorsRunByPriorityAndDestructorsInReverse() {
        Path log = c("log", "char *log_at; void put(char c) { if (log_at) *log_at++ = c; } ");
        Path file = c("order", """
                extern char *log_at;
                void put(char);
                static char text[64];
                __attribute__((constructor(101))) static void first(void) { log_at = text; put('1'); }
                __attribute__((constructor)) static void third(void) { put('3'); }
                __attribute__((constructor(102))) static void second(void) { put('2'); }
                const char *history(void) { return text; }
                """);
        try (LinkedLibrary library = link(log, file)) {
            assertThat(call(library, "const char *history(void)")).isEqualTo("123");
        }
    }

    @Test
    void destructorsAndAtexitRunOnClose() {
        try (var scope = java.lang.foreign.Arena.ofConfined()) {
            var seen = scope.allocate(16);
            Path file = c("ending", """
                    extern char seen[];
                    static int used;
                    int __cxa_atexit(void (*)(void *), void *, void *);
                    extern void *__dso_handle;
                    static void registered(void *c) { seen[used++] = (char)(long)c; }
                    __attribute__((destructor(101))) static void last(void) { seen[used++] = 'l'; }
                    __attribute__((destructor)) static void first(void) { seen[used++] = 'f'; }
                    int arm(void) { return __cxa_atexit(registered, (void *)'r', &__dso_handle); }
                    """, "-O2", "-fPIC");
            LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).define("seen", seen).add(file).link();
            assertThat(call(library, "int arm(void)")).isEqualTo("0");
            assertThat(seen.getString(0)).isEmpty();
            library.close();
            assertThat(seen.getString(0)).isEqualTo("rfl");
        }
    }

    /** Local-exec code of ordinary compilation, initial-exec, and the calls of -fPIC; with threads from before the link. */
    @ParameterizedTest
    @ValueSource(strings = {"-O2", "-O0", "-O2 -fPIC", "-O2 -fPIC -ftls-model=initial-exec", "-O2 -fPIC -ftls-model=local-dynamic",
        "-O2 -fPIC -mtls-dialect=gnu2"})
    @OnX8664
    void everyThreadHasItsOwnVariables(String flags) throws Exception {
        Path file = c("tls", """
                static const char *const words[] = { "zero", "one" };
                _Thread_local int counter = 40;
                static _Thread_local const char *word;
                static _Thread_local const char *const *pointer = words + 1;
                _Thread_local char zeroes[100];
                int bump(void) { zeroes[99]++; return ++counter + zeroes[99]; }
                const char *text(void) { if (!word) word = *pointer; return word; }
                """, flags.split(" "));
        Path user = c("user", "extern _Thread_local int counter; int read_counter(void) { return counter; }", flags.split(" "));
        CountDownLatch linked = new CountDownLatch(1);
        List<String> answers = new CopyOnWriteArrayList<>();
        LinkedLibrary[] library = new LinkedLibrary[1];
        Thread early = Thread.ofPlatform().start(() -> {
            awaitQuietly(linked);
            answers.add(call(library[0], "int bump(void)") + call(library[0], "const char *text(void)"));
        });
        library[0] = link(user, file);
        assertThat(call(library[0], "int bump(void)")).isEqualTo("42");
        assertThat(call(library[0], "int bump(void)")).isEqualTo("44");
        assertThat(call(library[0], "int read_counter(void)")).isEqualTo("42");
        linked.countDown();
        early.join();
        Thread.ofPlatform().start(() -> answers.add(call(library[0], "int bump(void)") + call(library[0], "const char *text(void)")))
                .join();
        assertThat(answers).containsExactly("42one", "42one");
        library[0].close();
    }

    /** Two blocks at once: what one module writes, the other does not see. */
    @ParameterizedTest
    @ValueSource(strings = {"-O2", "-O2 -fPIC"})
    void modulesHaveThreadLocalVariablesOfTheirOwn(String flags) {
        Path small = c("small", "_Thread_local int x = 5; int get(void) { return x++; }", flags.split(" "));
        Path other = c("other", "_Thread_local int y[20] = { 70, 71 }; int get(void) { return y[0]++ + y[19]; }", flags.split(" "));
        try (LinkedLibrary one = link(small); LinkedLibrary two = link(other); LinkedLibrary three = link(small)) {
            assertThat(call(one, "int get(void)") + call(two, "int get(void)") + call(three, "int get(void)")).isEqualTo("5705");
            assertThat(call(three, "int get(void)") + call(one, "int get(void)") + call(two, "int get(void)")).isEqualTo("6671");
        }
    }

    @Test
    @OnX8664
    void roomForThreadLocalsIsGivenBackAndItsEndIsSaid() {
        Path file = c("some", "_Thread_local int x = 5; int get(void) { return x++; }");
        for (int round = 0; round < 2000; round++) {
            try (LinkedLibrary library = link(file)) {
                assertThat(call(library, "int get(void)")).isEqualTo("5");
            }
        }
        Path tooLarge = c("large", "_Thread_local char x[100000]; char *get(void) { return x; }");
        assertThatThrownBy(() -> link(tooLarge)).isInstanceOf(LinkException.class).hasMessageContaining("thread-local")
                .hasMessageContaining("-fPIC");
        Path anywhere = c("anywhere", "_Thread_local char x[100000]; int get(void) { x[99999]++; return x[99999]; }", "-O2", "-fPIC");
        try (LinkedLibrary library = link(anywhere)) {
            assertThat(call(library, "int get(void)")).isEqualTo("1");
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    @Test
    void sectionsOfOneNameLieSideBySide() {
        String entry = "__attribute__((section(\"handlers\"), used)) static int %s = %d;";
        Path one = c("h1", entry.formatted("a", 1) + "static int other1 = 9; int *o1(void) { return &other1; }");
        Path two = c("h2", entry.formatted("b", 20) + entry.formatted("c", 300));
        Path sum = c("sum", "extern int __start_handlers[], __stop_handlers[]; int sum(void) { int s = 0;"
                + " for (int *p = __start_handlers; p < __stop_handlers; p++) s += *p; return s; }");
        try (LinkedLibrary library = link(one, two, sum)) {
            assertThat(call(library, "int sum(void)")).isEqualTo("321");
        }
    }

    @Test
    void ofAnArchiveOnlyTheNeededMembersAreTaken() {
        Path needed = c("needed", "int deeper(int); int needed(int x) { return deeper(x) * 2; }");
        Path deeper = c("deeper", "int deeper(int x) { return x + 1; }");
        Path broken = c("broken", "int nowhere_at_all(void); int broken(void) { return nowhere_at_all(); }");
        Path archive = archive("libneeded.a", broken, deeper, needed);
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(archive).require("needed").link()) {
            assertThat(call(library, "int needed(int)", "4")).isEqualTo("10");
            assertThatThrownBy(() -> library.symbol("broken")).isInstanceOf(LinkException.class);
        }
        assertThatThrownBy(() -> link(archive)).isInstanceOf(LinkException.class).hasMessageContaining("nowhere_at_all");
        assertThatThrownBy(() -> ObjectLinker.create(InstallPolicy.anyUser()).add(archive).require("absent").link())
                .isInstanceOf(LinkException.class).hasMessageContaining("absent");
    }

    @Test
    void archivesOfOtherKindsAreRefusedClearly() throws IOException {
        Path object = c("m", "int m(void) { return 1; }");
        CCompiler.requireProgram("ar");
        Path thin = folder.resolve("thin.a");
        CCompiler.run(List.of("ar", "rcsT", thin.toString(), object.toString()));
        assertThatThrownBy(() -> link(thin)).isInstanceOf(LinkException.class).hasMessageContaining("thin archive");
        Path lto = c("lto", "int l(void) { return 1; }", "-O2", "-flto");
        assertThatThrownBy(() -> link(lto)).isInstanceOf(LinkException.class).hasMessageContaining("-flto");
        byte[] damaged = Files.readAllBytes(archive("ok.a", object));
        damaged[8 + 48] = 'x';
        assertThatThrownBy(() -> ObjectLinker.create(InstallPolicy.anyUser()).add(damaged, "damaged.a"))
                .isInstanceOf(LinkException.class).hasMessageContaining("damaged.a").hasMessageContaining("size");
    }

    @Test
    void templatesOfSeveralObjectsAreOneAndExceptionsPass() throws IOException {
        CCompiler.requireProgram("g++");
        Path header = Files.writeString(folder.resolve("t.hpp"), """
                #include <stdexcept>
                #include <string>
                template <typename T> T *slot() { static T value{}; return &value; }
                struct Base { virtual ~Base() {} virtual int id() const { return 1; } };
                inline int check(int x) { if (x < 0) throw std::invalid_argument("negative " + std::to_string(x)); return x; }
                """);
        Path one = cpp("one", "#include \"" + header + "\"\nextern \"C\" int *one() { return slot<int>(); }\n"
                + "struct Derived : Base { int id() const override { return 2; } };\n"
                + "Base *make() { return new Derived; }\n");
        Path two = cpp("two", "#include \"" + header + "\"\n#include <cstring>\nBase *make();\n"
                + "struct Counted { Counted() { *slot<long>() = 77; } }; static Counted counted;\n"
                + "extern \"C\" int *two() { return slot<int>(); }\nextern \"C\" long constructed() { return *slot<long>(); }\n"
                + "extern \"C\" const char *caught(int x) { static char text[64]; try { check(x); return \"none\"; }\n"
                + " catch (const std::exception &e) { std::strcpy(text, e.what()); return text; } }\n"
                + "extern \"C\" int dynamic() { Base *b = make(); int id = b->id(); delete b; return id; }\n");
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).library("libstdc++.so.6").add(one).add(two).link()) {
            assertThat(call(library, "int *one()")).isEqualTo(call(library, "int *two()"));
            assertThat(call(library, "long constructed()")).isEqualTo("77");
            assertThat(call(library, "const char *caught(int)", "-5")).isEqualTo("negative -5");
            assertThat(call(library, "const char *caught(int)", "5")).isEqualTo("none");
            assertThat(call(library, "int dynamic()")).isEqualTo("2");
        }
    }

    private Path cpp(String name, String code) {
        return CCompiler.compile(folder, "g++ -O1", name + ".cpp", code);
    }
}
