package dev.banos.loader;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.elf.SymbolTable;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.OnX8664;
import dev.banos.testing.RunsObjects;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds in a linked program beyond its relocations, and ends the process where it does not hold. */
@RunsObjects
class LinkedSemanticsTest {
    private static final int SECTION_HEADERS_AT = 40;
    private static final int SECTION_HEADER_BYTES = 64;
    private static final int TYPE_AT = 4;

    @TempDir
    Path folder;

    private Path compiled(String command, String file, String code) {
        return CCompiler.compile(folder, command, file, code);
    }

    private static LinkedLibrary link(Path... files) {
        ObjectLinker linker = ObjectLinker.create(InstallPolicy.anyUser()).library("libstdc++.so.6");
        for (Path file : files) {
            linker.add(file);
        }
        return linker.link();
    }

    private static String call(LinkedLibrary library, String prototype, String... arguments) {
        return Prototype.parse(prototype).call(library, List.of(arguments));
    }

    /** The code between has nothing to catch and nothing to clean up, be it C++ or plain C. */
    @Test
    void exceptionsPassThroughObjectsThatHaveNothingToDoWithThem() {
        Path catches = compiled("g++ -O2", "catches.cpp", """
                extern "C" void throughC(void (*)()); extern "C" void throughCpp(void (*)());
                static void thrower() { throw 5; }
                extern "C" int f() { try { throughC(thrower); } catch (int x) { return x; } return 0; }
                extern "C" int g() { try { throughCpp(thrower); } catch (int x) { return x + 1; } return 0; }
                """);
        Path c = compiled("gcc -O2", "between.c", "void throughC(void (*f)(void)) { f(); f(); }");
        Path cpp = compiled("g++ -O2", "between.cpp", "extern \"C\" void throughCpp(void (*f)()) { f(); f(); }");
        try (LinkedLibrary library = link(catches, c, cpp)) {
            assertThat(call(library, "int f(void)")).isEqualTo("5");
            assertThat(call(library, "int g(void)")).isEqualTo("6");
        }
    }

    /** In a process where nothing throws. */
    @Test
    void callersAreFoundThroughModules() throws Exception {
        Path object = compiled("gcc -O1 -fno-optimize-sibling-calls", "callers.c", """
                #include <execinfo.h>
                static __attribute__((noinline)) int inner(void) {
                    void *callers[64];
                    int found = backtrace(callers, 64), own = 0;
                    for (int i = 0; i < found; i++) {
                        extern int outer(void);
                        long distance = (char *)callers[i] - (char *)outer;
                        own += distance > -4096 && distance < 4096;
                    }
                    __asm__ volatile("");
                    return own;
                }
                __attribute__((noinline)) int middle(void) { int n = inner(); __asm__ volatile(""); return n; }
                int outer(void) { int n = middle(); __asm__ volatile(""); return n; }
                """);
        assertThat(ChildJvm.run(List.of(), Callers.class, object.toString()).output()).isEqualToIgnoringNewLines("3");
    }

    static final class Callers {
        private Callers() {
        }

        public static void main(String[] args) {
            System.out.println(call(ObjectLinker.create(InstallPolicy.anyUser()).add(Path.of(args[0])).link(), "int outer(void)"));
        }
    }

    @Test
    void exceptionsPassThroughModulesThatWereThereBefore() {
        Path c = compiled("gcc -O2", "between.c", "void through(void (*f)(void)) { f(); f(); }");
        Path catches = compiled("g++ -O2", "catches.cpp", """
                static void thrower() { throw 5; }
                extern "C" int f(void (*through)(void (*)())) { try { through(thrower); } catch (int x) { return x; } return 0; }
                """);
        try (LinkedLibrary first = link(c); LinkedLibrary second = link(catches); LinkedLibrary third = link(c)) {
            assertThat(call(second, "int f(void *)", Long.toString(first.symbol("through").address()))).isEqualTo("5");
            assertThat(call(second, "int f(void *)", Long.toString(third.symbol("through").address()))).isEqualTo("5");
        }
    }

    /**
     * The thread outlives the library, and runs the destructor of its object when it ends. Code without -fPIC holds the address of
     * its handle for them in 32 bits.
     */
    @ParameterizedTest
    @ValueSource(strings = {"-fPIC", "-fno-pic"})
    void destructorsOfThreadLocalObjectsRunAfterTheClose(String flag) throws InterruptedException {
        Path object = compiled("g++ -O2 " + flag, "late.cpp", """
                struct Late { int *seen; Late() : seen(nullptr) { } ~Late() { if (seen) { ++*seen; } } };
                thread_local Late late;
                extern "C" void touch(int *seen) { late.seen = seen; }
                """);
        try (Arena scope = Arena.ofShared()) {
            MemorySegment seen = scope.allocate(JAVA_INT);
            LinkedLibrary library = link(object);
            CountDownLatch touched = new CountDownLatch(1);
            CountDownLatch closed = new CountDownLatch(1);
            Thread thread = Thread.ofPlatform().start(() -> {
                call(library, "void touch(void *)", Long.toString(seen.address()));
                touched.countDown();
                try {
                    closed.await();
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                }
            });
            touched.await();
            long base = ProcessMaps.mark(library.base());
            library.close();
            assertThat(ProcessMaps.isStillMapped(base)).isTrue();
            assertThat(seen.get(JAVA_INT, 0)).isZero();
            closed.countDown();
            thread.join();
            awaitOne(seen);
            link(compiled("gcc -O2", "any.c", "int any;")).close(); // what was left is looked after at the next close
            assertThat(ProcessMaps.isStillMapped(base)).isFalse();
        }
    }

    /** Java's join returns before the thread is gone as C knows it. */
    private static void awaitOne(MemorySegment seen) throws InterruptedException {
        for (int i = 0; i < 1000 && seen.get(JAVA_INT, 0) == 0; i++) {
            Thread.sleep(10);
        }
        assertThat(seen.get(JAVA_INT, 0)).isEqualTo(1);
        Thread.sleep(100);
    }

    /** Constants of one file and variables of another, with both files' other data between the regions that they would be in. */
    @Test
    void sectionsOfOneNameLieSideBySideWhateverTheyHold() {
        String walk = """
                extern int __start_numbers[], __stop_numbers[];
                long count(void) { return __stop_numbers - __start_numbers; }
                int sum(void) { int s = 0; for (int *p = __start_numbers; p < __stop_numbers; p++) { s += *p; } return s; }
                """;
        Path constants = compiled("gcc -O2", "constants.c",
                "__attribute__((section(\"numbers\"), used)) static const int one = 1;" + walk);
        Path variables = compiled("gcc -O2", "variables.c",
                "__attribute__((section(\"numbers\"), used)) static int two = 2; char others[100000] = {1};");
        Path zeroes = compiled("gcc", "zeroes.s", ".section numbers,\"aw\",@nobits\n.zero 8\n");
        try (LinkedLibrary library = link(constants, variables, zeroes)) {
            assertThat(call(library, "long count(void)")).isEqualTo("4");
            assertThat(call(library, "int sum(void)")).isEqualTo("3");
        }
        Path code = compiled("gcc", "code.s", ".section numbers,\"ax\",@progbits\nret\n");
        assertThatThrownBy(() -> link(variables, code)).isInstanceOf(LinkException.class)
                .hasMessageContaining("other sections of its name are data").hasMessageContaining("two names");
    }

    /** What is left empty between them has the same size wherever they lie, so they begin where the one that is aligned most may. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    void sectionsOfOneNameBeginWhereTheLargestAlignmentWantsIt(int before) {
        String others = ".section other,\"aw\"\n.balign 4\n" + ".long 1\n".repeat(before);
        Path small = compiled("gcc", "small.s", others + ".section numbers,\"aw\"\n.balign 4\n.long 1\n");
        Path large = compiled("gcc", "large.s", ".section numbers,\"aw\"\n.balign 32\n.long 2\n");
        Path walk = compiled("gcc -O2 -fPIC", "walk.c",
                "extern int __start_numbers[], __stop_numbers[]; long count(void) { return __stop_numbers - __start_numbers; }");
        try (LinkedLibrary library = link(small, large, walk)) {
            assertThat(call(library, "long count(void)")).isEqualTo("9");
        }
    }

    /** Each is gone before the next one comes, and nothing of the room that glibc keeps for them is lost. */
    @Test
    void roomForThreadLocalVariablesIsThereAgainAndAgain() {
        String code = "__attribute__((tls_model(\"initial-exec\"), aligned(64))) _Thread_local int t[%d] = {5};"
                + " int f(void) { return t[0]; }";
        Path one = compiled("gcc -O2 -fPIC", "one.c", code.formatted(1));
        Path three = compiled("gcc -O2 -fPIC", "three.c", code.formatted(3));
        for (int i = 0; i < 100; i++) {
            for (Path file : List.of(one, three)) {
                try (LinkedLibrary library = link(file)) {
                    assertThat(call(library, "int f(void)")).isEqualTo("5");
                }
            }
        }
    }

    /** glibc refuses these, however much room there is. */
    @Test
    @OnX8664
    void roomForThreadLocalVariablesIsNotAlignedFurtherThanGlibcDoes() {
        Path wide = compiled("gcc -O2 -fPIC", "wide.c", "__attribute__((tls_model(\"initial-exec\"), aligned(256))) _Thread_local int t;"
                + " int f(void) { return t; }");
        assertThatThrownBy(() -> link(wide)).isInstanceOf(LinkException.class).hasMessageContaining("no room for 4 bytes")
                .hasMessageContaining("align them to 64 bytes at most").hasMessageNotContaining("GLIBC_TUNABLES");
    }

    /** The larger of two common symbols gets memory, with the larger of their alignments. */
    @Test
    void commonSymbolsHaveTheLargestAlignmentOfTheirName() {
        StringBuilder wide = new StringBuilder();
        StringBuilder aligned = new StringBuilder();
        for (int i = 0; i < 9; i++) {
            wide.append("char pad%d[%d]; char shared%d[%d];".formatted(i, 3 + i, i, 40 + i));
            aligned.append("__attribute__((aligned(256))) char shared%d[4]; char *at%d(void) { return shared%d; }".formatted(i, i, i));
        }
        Path one = compiled("gcc -O2 -fcommon", "wide.c", wide.toString());
        Path two = compiled("gcc -O2 -fcommon", "aligned.c", aligned.toString());
        for (List<Path> order : List.of(List.of(one, two), List.of(two, one))) {
            try (LinkedLibrary library = link(order.toArray(Path[]::new))) {
                for (int i = 0; i < 9; i++) {
                    assertThat(Long.decode(call(library, "void *at" + i + "(void)")) % 256).as(order + " shared" + i).isZero();
                }
            }
        }
    }

    /** Without relaxation the code loads the pointer from the GOT; data holds it as an address. */
    @Test
    @OnX8664
    void pointersToAnIndirectFunctionAreEqual() {
        String flags = "gcc -O2 -fPIC -Wa,-mrelax-relocations=no";
        Path own = compiled(flags, "own.c", """
                static int fast(int x) { return x + 100; }
                static int (*choose(void))(int) { return fast; }
                int f(int) __attribute__((ifunc("choose")));
                int (*table[])(int) = { f };
                int same(void) { return table[0] == f; }
                void *pointer(void) { return f; }
                """);
        Path other = compiled(flags, "other.c", """
                int f(int);
                extern int (*table[])(int);
                int sameThere(void) { return table[0] == f; }
                int called(int x) { return f(x) + table[0](x); }
                """);
        try (LinkedLibrary library = link(own, other)) {
            assertThat(call(library, "int same(void)")).isEqualTo("1");
            assertThat(call(library, "int sameThere(void)")).isEqualTo("1");
            assertThat(call(library, "int called(int)", "1")).isEqualTo("202");
            assertThat(call(library, "void *pointer(void)")).isEqualTo("0x" + Long.toHexString(library.symbol("f").address()));
        }
    }

    /** GNU ld reads the old tables from their ends, as the start code did that walked them. */
    @Test
    void oldTablesOfConstructorsAreReadBackwards() {
        Path object = compiled("clang -O2 -fno-use-init-array", "old.c", """
                static volatile int order;
                __attribute__((constructor)) static void first(void) { order = order * 10 + 1; }
                __attribute__((constructor)) static void second(void) { order = order * 10 + 2; }
                int order_of(void) { return order; }
                """);
        try (LinkedLibrary library = link(object)) {
            assertThat(call(library, "int order_of(void)")).isEqualTo("12");
        }
    }

    /** GNU ld and lld take the sections by their names; written by hand they may have the type of other data. */
    @Test
    @OnX8664
    void tablesOfConstructorsAreKnownByTheirNames() {
        Path object = compiled("gcc -O2", "named.s", """
                .text
                first: movl $1, order(%rip)
                ret
                second: shll order(%rip)
                ret
                .globl order_of
                order_of: movl order(%rip), %eax
                ret
                .section .init_array.00200,"aw",@progbits
                .quad second
                .section .init_array.00100,"aw",@progbits
                .quad first
                .section .init_array_of_others,"aw",@progbits
                .quad 1
                .bss
                order: .long 0
                """);
        try (LinkedLibrary library = link(object)) {
            assertThat(call(library, "int order_of(void)")).isEqualTo("2");
        }
    }

    /** Compilers count several variables of one file from where the file's block begins. */
    @ParameterizedTest
    @ValueSource(strings = {"gcc -O2 -fPIC -mtls-dialect=gnu2 -ftls-model=local-dynamic", "clang-19 -O2 -fPIC -mtls-dialect=gnu2"})
    @OnX8664
    void theBlockOfThreadLocalVariablesHasAName(String command) throws IOException {
        Path object = compiled(command, "block.c", """
                static __thread int one = 40, two[3] = {0, 1, 2}, three;
                __attribute__((noinline)) void *self(void) { __asm__ volatile(""); return &three; }
                int f(void) { *(int *)self() = 0; return one++ + two[2] + three; }
                """);
        SymbolTable symbols = ObjectReader.read(Files.readAllBytes(object), "block.o").symbols();
        assertThat(IntStream.range(0, symbols.count())).anyMatch(symbol -> symbols.isNamed(symbol, "_TLS_MODULE_BASE_"));
        try (LinkedLibrary library = link(object)) {
            assertThat(call(library, "int f(void)")).isEqualTo("42");
            assertThat(call(library, "int f(void)")).isEqualTo("43");
        }
        assertThat(OfflineLinker.at(1L << 32).link(object).mapJson()).contains("\"threadLocalImports\":[]");
    }

    /** An object of the compiler's own code links to nothing at all, offline too. */
    @Test
    void codeForLinkTimeIsRefusedOffline() {
        Path object = compiled("gcc -O2 -flto -fno-fat-lto-objects", "lto.c", "int f(void) { return 1; }");
        assertThatThrownBy(() -> OfflineLinker.at(1L << 32).link(object)).isInstanceOf(LinkException.class)
                .hasMessageContaining("compile without -flto");
    }

    @Test
    void variablesAreNotCalled() {
        try (LinkedLibrary library = link(compiled("gcc -O2", "variable.c", "int variable = 5; const int constant = 6;"))) {
            for (String name : List.of("variable", "constant")) {
                assertThatThrownBy(() -> call(library, "int " + name + "(void)")).isInstanceOf(LinkException.class)
                        .hasMessageContaining(name + " is no function but a variable");
            }
        }
    }

    /** As LLVM writes with -Wa,--crel: a reader that does not know the type would leave every field as it is. */
    @Test
    void compactRelocationsAreRefused() throws IOException {
        byte[] bytes = Files.readAllBytes(compiled("gcc -O2", "compact.c", "int there(void); int f(void) { return there(); }"));
        ElfObject object = ObjectReader.read(bytes, "compact.o");
        ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int table = (int) file.getLong(SECTION_HEADERS_AT);
        file.putInt(table + object.relocations().getFirst().section() * SECTION_HEADER_BYTES + TYPE_AT, Elf.SHT_CREL);
        assertThatThrownBy(() -> ObjectLinker.create(InstallPolicy.anyUser()).add(bytes, "compact.o").link())
                .isInstanceOf(LinkException.class).hasMessageContaining("compact form CREL").hasMessageContaining("-Wa,--crel");
    }
}
