package dev.banos.loader;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.banos.testing.OnX8664;
import dev.banos.testing.RunsObjects;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Functions whose values Java would pass elsewhere than the compiler looks for them: each is refused, none is called wrongly. */
@RunsObjects
class PassedValuesTest {
    @TempDir
    Path folder;

    private LinkedLibrary library(String command, String file, String code) {
        return ObjectLinker.create(InstallPolicy.anyUser()).add(CCompiler.compile(folder, command, file, code)).link();
    }

    private static void assertRefused(LinkedLibrary library, String function, String... words) {
        assertThatThrownBy(() -> library.handle(function)).as(function).isInstanceOf(LinkException.class)
                .satisfies(thrown -> assertThat(thrown.getMessage()).contains(words));
    }

    /** On the stack such a struct begins at a multiple of its alignment, which Java's linker does not know. */
    @ParameterizedTest
    @ValueSource(strings = {"gcc -g -O1", "clang -g -w", "gcc -gdwarf-4"})
    void structsWithAnAlignmentOfTheirOwn(String command) {
        try (LinkedLibrary library = library(command, "aligned.c", """
                struct all { int x[8]; } __attribute__((aligned(16)));
                struct member { _Alignas(16) int x; int y[7]; };
                typedef int wide __attribute__((aligned(16)));
                struct named { const wide x; int y[7]; };
                int whole(int a, int b, int c, int d, int e, int f, int g, struct all s) { return s.x[0]; }
                int part(int a, int b, int c, int d, int e, int f, int g, struct member s) { return s.x; }
                int name(int a, int b, int c, int d, int e, int f, int g, struct named s) { return s.x; }
                int pointer(const struct member *s) { return s->x; }
                """)) {
            for (String function : List.of("whole", "part", "name")) {
                assertRefused(library, function, "alignment", "let it take a pointer");
            }
            assertThat(library.handle("pointer").type().parameterCount()).isEqualTo(1);
            assertThat(library.layout("struct member").byteAlignment()).isEqualTo(16);
        }
    }

    /** gcc passes it in registers, clang in memory. */
    @ParameterizedTest
    @ValueSource(strings = {"gcc -g -w", "clang -g -w", "gcc -gbtf -w"})
    void structsThatEndInAnArrayWithoutASize(String command) {
        try (LinkedLibrary library = library(command, "flexible.c",
                "struct text { int n; char bytes[]; }; int f(struct text t) { return t.n; } int g(struct text *t) { return t->n; }"
                        + "struct none { float x; int a[0]; }; float none(struct none n) { return n.x; }"
                        + "struct first { int a[0]; float x; }; float first(struct first n) { return n.x; }"
                        + "struct nested { struct none n; float y; }; float nested(struct nested n) { return n.y; }")) {
            assertRefused(library, "f", "struct text", "array without a size", "take a pointer");
            for (String function : List.of("none", "first", "nested")) {
                assertRefused(library, function, "array without a size or elements", "take a pointer");
            }
            assertThat(library.handle("g").type().parameterCount()).isEqualTo(1);
            assertThat(library.layout("struct text").byteSize()).isEqualTo(4);
        }
    }

    /** Java has padding in their place, which its linker does not expect in a union. */
    @ParameterizedTest
    @ValueSource(strings = {"gcc -g -w", "clang -g -w", "gcc -gbtf -w"})
    void structsAndUnionsThatHoldWhatJavaHasNot(String command) {
        try (LinkedLibrary library = library(command, "opaque.c", """
                union real { long double x; long a; }; long real(union real u) { return u.a; }
                struct two { union { __int128 x; int a; } u[2]; }; int two(struct two t) { return t.u[1].a; }
                struct wide { __int128 x; }; struct wide wide(int a) { struct wide w = {a}; return w; }
                struct named { int a; struct { long double x; } b; }; int named(struct named n) { return n.a; }
                int pointer(union real *u) { return u->a; }
                """)) {
            assertRefused(library, "real", "values of union real hold long double", "take a pointer");
            assertRefused(library, "two", "values of struct two hold __int128", "take a pointer");
            assertRefused(library, "wide", "values of struct wide hold __int128", "take a pointer");
            assertRefused(library, "named", "values of struct named hold long double", "take a pointer");
            assertThat(library.handle("pointer").type().parameterCount()).isEqualTo(1);
            assertThat(library.layout("union real").byteSize()).isEqualTo(16);
        }
    }

    /** Java's linker would look at each byte and each member, for minutes or until the heap is full. */
    @OnX8664 // elsewhere a large one is a pointer
    @Test
    void structsOutOfAllProportion() {
        StringBuilder doubled = new StringBuilder("struct s0 { };\n");
        for (int i = 1; i <= 17; i++) {
            doubled.append("struct s%d { struct s%d a, b; };%n".formatted(i, i - 1));
        }
        String code = doubled + """
                struct big { char c[1L << 20]; }; struct big big(int a) { struct big *p = 0; return *p; }
                struct bigger { char c[1L << 30]; }; struct bigger bigger(int a) { struct bigger *p = 0; return *p; }
                struct empty { int y; struct s0 x[1L << 17]; }; int empty(struct empty s) { return s.y; }
                int half(int a, struct s17 s) { return a; }
                int pointer(struct s17 *s) { return 7; }
                struct page { char c[4096]; }; struct page page(int a) { struct page p = {{a}}; return p; }
                int words(struct page p) { return p.c[0]; }
                """;
        try (LinkedLibrary library = library("clang -g -w", "large.c", code)) { // gcc takes minutes for these, too
            assertRefused(library, "big", "values of struct big have more than 65536 bytes or members", "take a pointer");
            assertRefused(library, "bigger", "values of struct bigger have more than 65536 bytes or members", "take a pointer");
            assertRefused(library, "empty", "values of struct empty have more than 65536 bytes or members", "take a pointer");
            assertRefused(library, "half", "more than 65536 members");
            assertRefused(library, "words", "no more than some 240 words", "take a pointer");
            assertThat(library.handle("pointer").type().parameterCount()).isEqualTo(1);
            assertThat(library.handle("page").type().parameterCount()).isEqualTo(2);
        }
    }

    interface TakesOne {
        long take(MemorySegment struct);
    }

    interface CallsBack {
        long tight(TakesOne call);
        long aligned(TakesOne call);
        long opaque(TakesOne call);
        long large(TakesOne call);
    }

    interface CallsBackWell {
        long plain(TakesOne call);
    }

    /** What the first call would find out as well. */
    @OnX8664
    @ParameterizedTest
    @ValueSource(strings = {"gcc -g -w", "clang -g -w"})
    void structsThatNoCallbackCanTake(String command) {
        try (LinkedLibrary library = library(command, "back.c", """
                struct tight { char a; long b; } __attribute__((packed)); long tight(long (*call)(struct tight)) { struct tight t = {}; return call(t); }
                struct aligned { double a; } __attribute__((aligned(16)));
                long aligned(long (*call)(struct aligned)) { struct aligned t = {}; return call(t); }
                struct opaque { union { long double x; long a; } u; }; long opaque(long (*call)(struct opaque)) { struct opaque t = {}; return call(t); }
                struct large { long a[300]; }; long large(long (*call)(struct large)) { struct large t = {}; return call(t); }
                struct plain { long a, b, c; }; long plain(long (*call)(struct plain)) { struct plain t = {40, 2}; return call(t); }
                """)) {
            InterfaceMismatchException refused = catchThrowableOfType(InterfaceMismatchException.class,
                    () -> library.bind(MethodHandles.lookup(), CallsBack.class));
            assertThat(refused.differences()).hasSize(4)
                    .anySatisfy(text -> assertThat(text).startsWith("tight: parameter 1").contains("packed", "let it take a pointer"))
                    .anySatisfy(text -> assertThat(text).startsWith("aligned: parameter 1").contains("alignment", "let it take a pointer"))
                    .anySatisfy(text -> assertThat(text).startsWith("opaque: parameter 1").contains("hold long double", "take a pointer"))
                    .anySatisfy(text -> assertThat(text).startsWith("large: parameter 1").contains("words of 8 bytes", "let it take a pointer"));
            assertThat(library.bind(MethodHandles.lookup(), CallsBackWell.class)
                    .plain(struct -> struct.getAtIndex(JAVA_LONG, 0) + struct.getAtIndex(JAVA_LONG, 1))).isEqualTo(42);
        }
    }

    @Test
    void functionsOfAnotherCallingConvention() {
        try (LinkedLibrary library = library("clang -g -w", "windows.c", "__attribute__((ms_abi)) int f(int a, int b) { return a - b; }")) {
            assertRefused(library, "f", "another calling convention", "cannot be called from Java");
            assertThatThrownBy(() -> Prototype.parse("int f(int, int)").call(library, List.of("1", "2"))).isInstanceOf(LinkException.class)
                    .hasMessageContaining("another calling convention");
        }
    }

    /** It tells names and lines, which must not be taken for functions that take and return nothing. */
    @ParameterizedTest
    @ValueSource(strings = {"gcc -g1", "g++ -g1", "clang -g1"})
    void functionsOfWhichOnlyTheNameIsTold(String command) {
        String language = command.startsWith("g++") ? "extern \"C\" " : "";
        try (LinkedLibrary library = library(command, command.startsWith("g++") ? "lines.cpp" : "lines.c",
                language + "int add(int a, int b) { return a + b; }")) {
            assertThat(library.declaration("add")).isEmpty();
            assertRefused(library, "add", "no type information of add");
            assertThat(Prototype.parse("int add(int, int)").call(library, List.of("1", "2"))).isEqualTo("3");
        }
    }

    /** binutils describes each function, and has no types for it. */
    @Test
    @OnX8664
    void functionsOfAnAssembler() {
        try (LinkedLibrary library = library("gcc -g", "label.S", """
                .globl add
                .type add, @function
                add: lea (%rdi,%rsi), %eax; ret
                .size add, . - add
                .section .note.GNU-stack,"",@progbits
                """)) {
            assertThat(library.declaration("add")).isEmpty();
            assertRefused(library, "add", "no type information of add");
            assertThat(Prototype.parse("int add(int, int)").call(library, List.of("1", "2"))).isEqualTo("3");
            assertThat(library.bind(Declared.class).add(1, 2)).isEqualTo(3);
        }
    }

    interface Declared {
        @Declaration("int add(int, int)") int add(int a, int b);
    }

    /** BTF has the names of the source alone; DWARF has the labels. */
    @Test
    void functionsUnderTheLabelsOfOthers() {
        String code = "int add(int a, int b) __asm__(\"sum\"); double half(double x) __asm__(\"add\");"
                + " int add(int a, int b) { return a + b; } double half(double x) { return x / 2; }";
        try (LinkedLibrary library = library("gcc -gbtf", "labels.c", code)) {
            assertRefused(library, "add", "no type information of add");
            assertThat(Prototype.parse("double add(double)").call(library, List.of("3"))).isEqualTo("1.5");
        }
        for (String flags : List.of("-g", "-g -gbtf")) {
            try (LinkedLibrary library = library("gcc " + flags, "labels.c", code)) {
                assertThat(library.declaration("add")).contains("double add(double x)");
                assertThat(library.declaration("sum")).contains("int sum(int a, int b)");
            }
        }
    }

    /** An alias is no label, and an inline function has no symbol. */
    @Test
    void functionsBesideAliasesAndInlineOnes() {
        try (LinkedLibrary library = library("gcc -gbtf -O2", "aliases.c", "inline int twice(int x) { return 2 * x; }"
                + " int f(int x) { return twice(x); } int g(int x) __attribute__((alias(\"f\")));")) {
            assertThat(library.declaration("f")).contains("int f(int x)");
        }
    }

    /** DWARF knows which have a prototype, BTF does not. */
    @Test
    void functionsWithoutAPrototypeWhereBothFormsAreThere() {
        try (LinkedLibrary library = library("gcc -g -gbtf -std=gnu17 -w", "old.c", "float f(x) float x; { return 2 * x; }")) {
            assertRefused(library, "f", "says nothing of its parameters");
        }
    }

    /** What Rust does with structs, tuples, slices and arrays is its own, but in extern "C", which DWARF does not tell. */
    @Test
    @OnX8664
    void structsOfRust() throws Throwable {
        try (LinkedLibrary library = rust("""
                #![no_std]
                #![crate_type = "lib"]
                #[repr(C)] pub struct P { pub x: i32, pub y: f32 }
                #[no_mangle] pub fn tuple(a: (i32, i32)) -> i32 { a.0 * 10 + a.1 }
                #[no_mangle] pub fn slice(a: &[u8]) -> usize { a.len() }
                #[no_mangle] pub fn array(a: [i32; 2]) -> i32 { a[1] }
                #[no_mangle] pub fn point(p: P) -> f32 { p.x as f32 + p.y }
                #[no_mangle] pub fn three(a: u64) -> (u64, u64, u64) { (a, a, a) }
                #[no_mangle] pub extern "C" fn told(p: P) -> f32 { p.x as f32 + p.y }
                #[no_mangle] pub fn add(a: i32, b: i32) -> i32 { a.wrapping_add(b) }
                """); Arena scope = Arena.ofConfined()) {
            for (String function : List.of("tuple", "slice", "point", "three", "told")) {
                assertRefused(library, function, "Rust", "extern \"C\"", "FunctionDescriptor");
            }
            assertRefused(library, "array", "an array by value");
            assertThat((int) library.handle("add").invokeExact(1, 2)).isEqualTo(3);
            MemorySegment point = scope.allocate(library.layout("struct P"));
            MemoryLayout fields = MemoryLayout.structLayout(JAVA_INT, JAVA_FLOAT);
            point.set(JAVA_INT, 0, 1);
            point.set(JAVA_FLOAT, JAVA_INT.byteSize(), 2.5f);
            assertThat((float) library.handle("told", FunctionDescriptor.of(JAVA_FLOAT, fields)).invokeExact(point)).isEqualTo(3.5f);
        }
    }

    private LinkedLibrary rust(String code) throws IOException {
        CCompiler.requireProgram("rustc");
        Path source = Files.writeString(folder.resolve("r.rs"), code);
        Path object = folder.resolve("r.o");
        CCompiler.run(List.of("rustc", "-g", "-O", "-C", "panic=abort", "--emit=obj", "-o", object.toString(), source.toString()));
        return ObjectLinker.create(InstallPolicy.anyUser()).add(object).link();
    }

    @Test
    @OnX8664
    void membersThatDoNotStandInTheirOrder() throws Throwable {
        try (LinkedLibrary library = rust("""
                #![no_std]
                #![crate_type = "lib"]
                pub struct N { pub a: u8, pub b: u64, pub c: u8 }
                #[no_mangle] pub extern "C" fn sum(n: &N) -> u64 { n.b.wrapping_add((n.a ^ n.c) as u64) }
                """); Arena scope = Arena.ofConfined()) {
            MemoryLayout members = library.layout("struct N"); // the compiler has put b before a
            MemorySegment n = scope.allocate(members);
            n.set(JAVA_LONG, members.byteOffset(PathElement.groupElement("b")), 40);
            n.set(JAVA_BYTE, members.byteOffset(PathElement.groupElement("a")), (byte) 3);
            n.set(JAVA_BYTE, members.byteOffset(PathElement.groupElement("c")), (byte) 1);
            assertThat((long) library.handle("sum").invokeExact(n)).isEqualTo(42);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gcc -g", "g++ -g"})
    void functionsThatTakeNothingAreToldFromThose(String command) {
        boolean cpp = command.startsWith("g++");
        String code = cpp ? "int seen; extern \"C\" void tick() { seen++; }" : "void tick(void) { }";
        try (LinkedLibrary library = library(command, cpp ? "tick.cpp" : "tick.c", code)) {
            assertThat(library.declaration("tick")).contains("void tick(void)");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gcc -g -std=gnu17 -w", "clang -g -std=gnu17 -w"})
    void floatsToFunctionsWithoutAPrototype(String command) {
        try (LinkedLibrary library = library(command, "old.c", "int f(a, b) float a; int b; { return a + b; }")) {
            assertThatThrownBy(() -> Prototype.parse("int f(float, int)").call(library, List.of("1", "2"))).isInstanceOf(LinkException.class)
                    .hasMessageContaining("C passes a float as a double");
            assertThat(Prototype.parse("int f(double, int)").call(library, List.of("1", "2"))).isEqualTo("3");
        }
    }

    @Test
    void classesWithMembersInThePaddingOfTheirBase() {
        try (LinkedLibrary library = library("g++ -g -O1", "padding.cpp", """
                struct Base { Base(); long a; char b; };
                struct Derived : Base { char c; };
                extern "C" int f(const Derived &d) { return d.c; }
                """)) {
            assertThat(library.handle("f").type().parameterCount()).isEqualTo(1);
            assertThatThrownBy(() -> library.layout("struct Derived")).isInstanceOf(LinkException.class)
                    .hasMessageContaining("padding of a base class").hasMessageNotContaining("damaged");
        }
    }

    /** As {@code ld -r} puts them into one object: each file has its own, and nobody can tell whose the name means. */
    @Test
    void staticFunctionsOfSeveralFilesThatShareAName() throws IOException {
        CCompiler.requireProgram("ld");
        String head = """
                #include <banos/driver.h>
                #include <banos/export.h>
                static int init(struct Banos_Driver *driver) { (void) driver; return 0; }
                BANOS_DRIVER_API struct Banos_Driver driver = { .driver_size = sizeof driver,
                    .minimal_banos_version = BANOS_VERSION_CURRENT, .name = "merged", .init = init };
                """;
        Path one = CCompiler.text(folder, "one", "static double help(double x) { return x + 1; } double (*used)(double) = help;"
                + "static int same(int x) { return x; } int (*kept)(int) = same;", "-g");
        Path two = CCompiler.text(folder, "two", head + "static int help(int x) { return x + 2; } BANOS_EXPORT(help);"
                + "static int same(int x) { return x; } BANOS_EXPORT(same);", "-g");
        Path merged = folder.resolve("merged.o");
        CCompiler.run(List.of("ld", "-r", "-o", merged.toString(), one.toString(), two.toString()));
        try (Loader loader = Loader.create(InstallPolicy.anyUser())) {
            Driver driver = loader.install(merged);
            assertThat(driver.export("help").declaration()).isEmpty();
            assertThat(Prototype.parse("int help(int)").call(driver, List.of("1"))).isEqualTo("3");
            assertThat(driver.export("same").declaration()).contains("int same(int x)");
        }
    }
}
