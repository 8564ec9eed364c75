package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.testing.ChildProcess;
import dev.banos.testing.OnX8664;
import dev.banos.testing.RunsObjects;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which definition a name means: what GNU ld refuses is refused here, and what it links has the same value. */
@RunsObjects
class SymbolRulesTest {
    private static final String REFUSED = "refused";
    private static final String VALUE = "int value(void)";

    @TempDir
    Path folder;
    private Path main;

    @BeforeEach
    void compileMain() {
        main = compiled("gcc -O1", "main.c", "int printf(const char *, ...); int value(void); int main(void) { printf(\"%d\", value());"
                + " return 0; }");
    }

    private Path compiled(String command, String file, String code) {
        return CCompiler.compile(folder, command, file, code);
    }

    private Path archive(String name, Path... members) {
        Path archive = folder.resolve(name);
        List<String> command = new ArrayList<>(List.of("ar", "rcs", archive.toString()));
        List.of(members).forEach(member -> command.add(member.toString()));
        CCompiler.run(command);
        return archive;
    }

    /** What the program prints that GNU ld makes of the files. */
    private String byLd(Path... files) {
        List<String> command = new ArrayList<>(List.of("gcc", "-o", folder.resolve("program").toString(), main.toString()));
        List.of(files).forEach(file -> command.add(file.toString()));
        try {
            boolean linked = ChildProcess.run(command).status() == 0;
            return linked ? CCompiler.run(List.of(folder.resolve("program").toString())) : REFUSED;
        } catch (IOException failed) {
            throw new AssertionError(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError(interrupted);
        }
    }

    private static LinkedLibrary link(Path... files) {
        ObjectLinker linker = ObjectLinker.create(InstallPolicy.anyUser());
        for (Path file : files) {
            linker.add(file);
        }
        return linker.require("value").link();
    }

    private static String here(Path... files) {
        try (LinkedLibrary library = link(files)) {
            return Prototype.parse(VALUE).call(library, List.of());
        } catch (LinkException refused) {
            return REFUSED;
        }
    }

    /** A distance in the threads' blocks, taken for an address, ends the process. */
    @ParameterizedTest
    @CsvSource({"extern int x, int x = 3, false", "extern _Thread_local int x, _Thread_local int x = 3, false",
        "extern int x, _Thread_local int x = 3, true", "extern _Thread_local int x, int x = 3, true",
        "__attribute__((weak)) int x = 2, _Thread_local int x = 3, true"})
    void variablesOfThreadsAreNoOthers(String use, String definition, boolean differ) {
        Path user = compiled("gcc -O1 -fPIC", "user.c", use + "; int value(void) { return x; }");
        Path owner = compiled("gcc -O1 -fPIC", "owner.c", definition + ";");
        for (Path there : List.of(owner, archive("libowner.a", owner))) {
            boolean refused = differ && !(use.contains("weak") && there != owner); // which fetches no member
            assertThat(here(user, there)).isEqualTo(byLd(user, there)).isEqualTo(refused ? REFUSED : differ ? "2" : "3");
            if (refused) {
                assertThatThrownBy(() -> link(user, there)).isInstanceOf(LinkException.class)
                        .hasMessageContaining("x is " + (definition.startsWith("_T") ? "thread-local in " : "not thread-local in "))
                        .hasMessageContaining("owner.c.o").hasMessageContaining("_Thread_local here as well");
            }
        }
    }

    /** GNU ld links that, and the program ends at the first use. */
    @Test
    void weakDeclarationsOfVariablesOfThreadsAreNoOthers() {
        Path user = compiled("gcc -O1 -fPIC", "user.c", "extern int x __attribute__((weak)); int value(void) { return x; }");
        assertThat(here(user, compiled("gcc -O1", "owner.c", "_Thread_local int x = 3;"))).isEqualTo(REFUSED);
    }

    /** An address, taken for a distance in the threads' blocks, ends the process. lld refuses the first, too, where there is no other. */
    @ParameterizedTest
    @CsvSource({"'.tls_common x,4,4', common symbol x is thread-local",
        "'.data; .globl x; .type x,@tls_object; x: .long 3', '.data [2], which is not thread-local'",
        "'.globl x; .type x,@tls_object; x = 16', thread-local symbol x is in no section"})
    void variablesOfThreadsLieInTheirSections(String definition, String refusal) {
        Path user = compiled("gcc -O1 -fPIC", "user.c", "extern _Thread_local int x; int value(void) { return x; }");
        Path owner = compiled("gcc", "owner.s", definition + "\n");
        assertThatThrownBy(() -> link(user, owner)).isInstanceOf(LinkException.class).hasMessageContaining("owner.s.o")
                .hasMessageContaining(refusal);
    }

    /** The dynamic linker finds the variable of the thread that asks. */
    @Test
    void variablesOfThreadsAreNoOthersInLibraries() {
        Path user = compiled("gcc -O1 -fPIC", "user.c", "extern int errno; int value(void) { return errno; }");
        assertThat(byLd(user)).isEqualTo(REFUSED);
        assertThatThrownBy(() -> link(user)).isInstanceOf(LinkException.class)
                .hasMessageContaining("errno is thread-local in its library, and declared here as if it were not");
        Path others = compiled("gcc -O1 -fPIC", "others.c", "extern char **environ; extern void *stdout; double pow(double, double);"
                + " int value(void) { return environ && stdout && pow(2, 3) == 8; }");
        assertThat(here(others)).isEqualTo("1");
    }

    /** The generic ABI keeps such names within the component that is linked, and the narrowest visibility of any object holds for all. */
    @ParameterizedTest
    @CsvSource({"hidden, ''", "protected, ''", "internal, ''",
        "hidden, 'extern int in6addr_loopback[] __attribute__((weak)); int *other(void) { return in6addr_loopback; }'",
        "default, 'extern int in6addr_loopback[] __attribute__((weak, visibility(\"hidden\")));"
                + " int *other(void) { return in6addr_loopback; }'"})
    void whatIsHiddenIsNotFoundInLibraries(String visibility, String other) {
        String use = "extern int in6addr_loopback[] __attribute__((visibility(\"" + visibility + "\")%s));"
                + " int value(void) { int *p = in6addr_loopback; __asm__(\"\" : \"+r\"(p)); return p ? p[3] : -1; }";
        Path more = compiled("gcc -O1 -fPIC", "more.c", other);
        Path weak = compiled("gcc -O1 -fPIC", "weak.c", use.formatted(", weak"));
        assertThat(here(weak, more)).isEqualTo(byLd(weak, more)).isEqualTo("-1");
        Path strong = compiled("gcc -O1 -fPIC", "strong.c", use.formatted(""));
        assertThat(here(strong, more)).isEqualTo(byLd(strong, more)).isEqualTo(REFUSED);
        assertThatThrownBy(() -> link(strong, more)).hasMessageContaining("missing import: in6addr_loopback")
                .hasMessageContaining("in6addr_loopback is declared hidden, protected or internal");
        Path own = compiled("gcc -O1 -fPIC", "own.c", "int in6addr_loopback[4] = {0, 0, 0, 7};");
        assertThat(here(strong, more, own)).isEqualTo(byLd(strong, more, own)).isEqualTo("7");
    }

    /** What the application gives is part of the link. */
    @Test
    @OnX8664
    void whatIsHiddenIsFoundWhereTheApplicationDefinesIt() {
        Path user = compiled("gcc", "user.s", ".globl value\nvalue: movabsq $getpid,%rax\nret\n.hidden getpid\n");
        ObjectLinker linker = ObjectLinker.create(InstallPolicy.anyUser()).define("getpid", MemorySegment.ofAddress(0x1230)).add(user);
        try (LinkedLibrary library = linker.link()) {
            assertThat(Prototype.parse("long value(void)").call(library, List.of())).isEqualTo(Long.toString(0x1230));
        }
    }

    /** A variable of a library, of which each thread has its own. */
    @Test
    void variablesOfThreadsThatAreHiddenAreNotFoundInLibraries() {
        Path user = compiled("gcc -O1 -fPIC", "user.c",
                "extern _Thread_local int errno __attribute__((visibility(\"hidden\"))); int value(void) { return errno; }");
        assertThat(here(user)).isEqualTo(byLd(user)).isEqualTo(REFUSED);
        assertThatThrownBy(() -> link(user)).hasMessageContaining("missing import: errno").hasMessageContaining("errno is declared hidden");
    }

    /** Of a group that two objects have, one copy is kept; what only the other has is nowhere. */
    @ParameterizedTest
    @ValueSource(strings = {".globl", ".weak"})
    @OnX8664
    void whatOnlyTheDroppedCopyOfAGroupHasIsUndefined(String binding) {
        String group = ".section .text.g,\"axG\",@progbits,g,comdat\n.weak g\ng: mov $1,%eax\nret\n";
        Path kept = compiled("gcc", "kept.s", group);
        Path dropped = compiled("gcc", "dropped.s", group + binding + " extra\nextra: mov $2,%eax\nret\n.text\n.globl value\n"
                + "value: cmpq $0,extra@GOTPCREL(%rip)\nmov $7,%eax\nje 1f\ncall extra@PLT\n1: ret\n");
        Path both = compiled("gcc", "both.s", ".globl extra\nextra: mov $3,%eax\nret\n");
        assertThat(here(kept, dropped)).isEqualTo(byLd(kept, dropped)).isEqualTo(binding.equals(".weak") ? "7" : REFUSED);
        if (binding.equals(".globl")) {
            assertThatThrownBy(() -> link(kept, dropped)).hasMessageContaining("missing import: extra");
            Path library = archive("libextra.a", both);
            assertThat(here(kept, dropped, library)).isEqualTo("3"); // as lld does; GNU ld asks archives only for what was never there
        }
        assertThat(here(dropped, kept)).isEqualTo(byLd(dropped, kept)).isEqualTo("2");
        assertThat(here(kept, dropped, both)).isEqualTo(byLd(kept, dropped, both)).isEqualTo("3");
    }

    /** Trampolines of nested functions lie on the stack of who takes their address. */
    @Test
    void codeOnTheStackIsRefused() {
        Path nested = compiled("gcc -O0", "nested.c", "int call(int (*f)(int)) { return f(1); }"
                + " int value(void) { int x = 5; int inner(int y) { return x + y; } return call(inner); }");
        assertThatThrownBy(() -> link(nested)).isInstanceOf(LinkException.class).hasMessageContaining(".note.GNU-stack")
                .hasMessageContaining("wants stacks on which code may run").hasMessageContaining("nested function");
        assertThat(OfflineLinker.at(1L << 32).link(compiled("gcc -O0", "alone.s",
                ".globl value\nvalue: ret\n.section .note.GNU-stack,\"x\",@progbits\n")).size()).isPositive();
    }

    /** As Fortran's BLOCK DATA wants it: the member is taken for the bytes, not for a name that nobody has. */
    @Test
    void commonSymbolsFetchTheMemberThatGivesThemBytes() {
        Path user = compiled("gcc -O1 -fcommon", "user.c", "int table[4]; int value(void) { return table[2]; }");
        Path common = compiled("gcc -O1 -fcommon", "common.c", "int table[4]; int other;");
        Path function = compiled("gcc -O1", "function.c", "int table(void) { return 1; }");
        Path weak = compiled("gcc -O1", "weak.c", "__attribute__((weak)) int table[4] = {5, 6, 7, 8};");
        Path data = compiled("gcc -O1", "data.c", "int table[4] = {1, 2, 3, 4};");
        for (Path[] members : new Path[][] {{data}, {common, data}, {function, data}, {weak, data}, {common}, {function}, {weak}}) {
            Path library = archive("lib" + List.of(members).hashCode() + ".a", members);
            assertThat(here(user, library)).as(List.of(members).toString()).isEqualTo(byLd(user, library));
        }
        assertThat(here(user, archive("libdata.a", data))).isEqualTo("3");
    }

    /** A second definition would be a conflict, and a weak one's bytes are not taken in a common symbol's place. */
    @Test
    void commonSymbolsThatHaveBytesFetchNoMember() {
        Path common = compiled("gcc -O1 -fcommon", "user.c", "int table[4]; int value(void) { return table[2]; }");
        Path data = compiled("gcc -O1", "data.c", "int table[4] = {1, 2, 3, 4};");
        Path weak = compiled("gcc -O1", "weak.c", "__attribute__((weak)) int table[4] = {5, 6, 7, 8};");
        Path library = archive("libother.a", compiled("gcc -O1", "other.c", "int table[4] = {9, 10, 11, 12};"));
        for (List<Path> files : List.of(List.of(common, data, library), List.of(data, common, library))) {
            assertThat(here(files.toArray(Path[]::new))).isEqualTo("3").isEqualTo(byLd(files.toArray(Path[]::new)));
        }
        for (List<Path> files : List.of(List.of(common, weak, library), List.of(weak, common, library))) {
            assertThat(here(files.toArray(Path[]::new))).isEqualTo("11").isEqualTo(byLd(files.toArray(Path[]::new)));
        }
    }

    @ParameterizedTest
    @CsvSource({".weak,.gnu,2", ".gnu,.weak,1", ".comm,.gnu,2", ".gnu,.comm,1", ".globl,.gnu,refused", ".gnu,.globl,refused",
        ".gnu,.gnu,refused", ".weak,.globl,2", ".weak,.comm,0", ".comm,.weak,0", ".weak,.weak,1"})
    void uniqueDefinitionsAreOrdinaryOnes(String first, String second, String expected) {
        Path one = compiled("gcc", "one.s", definition(first, 1));
        Path two = compiled("gcc", "two.s", definition(second, 2));
        Path user = compiled("gcc -O1 -fPIC", "user.c", "extern int x; int value(void) { return x; }");
        assertThat(byLd(user, one, two)).isEqualTo(expected);
        assertThat(here(user, one, two)).isEqualTo(expected);
    }

    private static String definition(String kind, int value) {
        if (kind.equals(".comm")) {
            return ".comm x,4,4\n";
        }
        String binding = kind.equals(".gnu") ? ".globl x\n.type x,@gnu_unique_object\n" : kind + " x\n.type x,@object\n";
        return binding + ".data\n.size x,4\nx: .long " + value + "\n";
    }

    /** The medium model's large common symbols have a section number of x86-64's own. */
    @Test
    @OnX8664
    void largeCommonSymbolsAreCommonSymbols() {
        Path large = compiled("gcc -O1 -fcommon -mcmodel=medium", "large.c", "int big[100000]; int value(void) { return big[99999] + 4; }");
        Path given = compiled("gcc -O1 -mcmodel=medium", "given.c", "int big[100000] = {[99999] = 38};");
        assertThat(here(large)).isEqualTo(byLd(large)).isEqualTo("4");
        assertThat(here(large, given)).isEqualTo(byLd(large, given)).isEqualTo("42");
        assertThat(here(large, archive("libgiven.a", given))).isEqualTo("42");
    }

    @Test
    @OnX8664
    void versionsOfTheCLibraryAreFound() {
        Path user = compiled("gcc -O1 -fno-builtin", "user.c", """
                __asm__(".symver old_memcpy,memcpy@GLIBC_2.2.5");
                void *old_memcpy(void *, const void *, unsigned long);
                void *memcpy(void *, const void *, unsigned long);
                int value(void) { int a = 7, b = 0, c = 0; old_memcpy(&b, &a, 4); memcpy(&c, &a, 4); return b + c; }
                """);
        assertThat(here(user)).isEqualTo(byLd(user)).isEqualTo("14");
        Path wrong = compiled("gcc -O1", "wrong.c", "__asm__(\".symver f,memcpy@GLIBC_9.9\"); void f(void);"
                + " int value(void) { f(); return 0; }");
        assertThat(byLd(wrong)).isEqualTo(REFUSED);
        assertThatThrownBy(() -> link(wrong)).hasMessageContaining("missing import: memcpy@GLIBC_9.9");
    }

    /** The one with two signs is also what the bare name means. */
    @Test
    void versionsThatObjectsDefineAreFound() {
        Path owner = compiled("gcc -O1", "owner.c", """
                __asm__(".symver old_f,f@V1"); __asm__(".symver new_f,f@@V2");
                int old_f(void) { return 1; } int new_f(void) { return 2; }
                """);
        Path user = compiled("gcc -O1", "user.c", "int f(void); int value(void) { return f(); }");
        Path old = compiled("gcc -O1", "old.c", "__asm__(\".symver f,f@V1\"); int f(void); int value(void) { return f(); }");
        Path named = compiled("gcc -O1", "named.c", "__asm__(\".symver f,f@V2\"); int f(void); int value(void) { return f(); }");
        Path library = archive("libowner.a", owner);
        for (Path there : List.of(owner, library)) {
            assertThat(here(user, there)).isEqualTo("2");
            assertThat(here(old, there)).isEqualTo("1");
            assertThat(here(named, there)).isEqualTo("2");
        }
        assertThat(byLd(user, owner)).isEqualTo("2");
        try (LinkedLibrary alone = ObjectLinker.create(InstallPolicy.anyUser()).add(owner).require("f").link()) {
            assertThat(Prototype.parse("int f(void)").call(alone, List.of())).isEqualTo("2");
        }
    }

    /** Members that nobody asks for may be anything; who asks for all of them wants objects. */
    @Test
    void membersThatAreNoObjectsDoNotMatterWhereMembersAreChosen() throws IOException {
        Path notes = Files.writeString(folder.resolve("README.txt"), "some words");
        Path part = compiled("gcc -O1", "part.c", "int part(void) { return 5; }");
        Path user = compiled("gcc -O1", "user.c", "int part(void); int value(void) { return part(); }");
        Path indexed = archive("libindexed.a", part, notes);
        Path bare = folder.resolve("libbare.a");
        CCompiler.run(List.of("ar", "rcS", bare.toString(), notes.toString(), part.toString()));
        for (Path library : List.of(indexed, bare)) {
            assertThat(here(user, library)).isEqualTo("5");
            assertThat(ObjectInfo.readAll(library)).hasSize(1);
            assertThatThrownBy(() -> ObjectLinker.create(InstallPolicy.anyUser()).add(library).link())
                    .isInstanceOf(LinkException.class).hasMessageContaining("README.txt").hasMessageContaining("not an ELF file");
        }
        Path driver = compiled("gcc -O1", "driver.c", """
                #include <banos/driver.h>
                #include <banos/export.h>
                int part(void);
                int asked(void) { return part(); }
                BANOS_EXPORT(asked);
                static int init(struct Banos_Driver *d) { (void)d; return 0; }
                BANOS_DRIVER_API struct Banos_Driver driver = { .driver_size = sizeof(struct Banos_Driver),
                    .minimal_banos_version = BANOS_VERSION_CURRENT, .name = "d", .init = init };
                """);
        try (Loader loader = Loader.create(InstallPolicy.anyUser())) {
            Driver installed = loader.install(List.of(driver, indexed)).getFirst();
            assertThat(Prototype.parse("int asked(void)").call(installed, List.of())).isEqualTo("5");
        }
    }
}
