package dev.banos.loader;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.loader.call.Calls;
import dev.banos.testing.RunsObjects;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an object's type information makes of its exports, whichever compiler wrote it in whichever form. */
class TypedHandleTest {
    private static final String BTF = "gcc -gbtf -O2";

    @TempDir
    Path folder;

    private Path typed(String command) {
        String[] words = command.split(" ");
        return CCompiler.object(folder, "typed.c", words[0], Arrays.copyOfRange(words, 1, words.length));
    }

    private static Loader loader() {
        return Loader.create(InstallPolicy.anyUser());
    }

    @ParameterizedTest
    @ValueSource(strings = {BTF, "gcc -g", "gcc -g -O2", "gcc -gdwarf-4 -gdwarf64", "gcc -gdwarf-2 -gstrict-dwarf", "gcc -g -gz", "gcc -g3 -O3 -fno-pic",
        "gcc -gdwarf-5 -fdebug-types-section", "clang -w -g", "clang -w -gdwarf-4 -O2", "clang -w -gdwarf-5 -gdwarf64 -O1", "clang -w -g -gz"})
    void declarationsReadAsTheyWereWritten(String command) {
        assertThat(ObjectInfo.read(typed(command)).exports().stream().map(export -> export.declaration().orElseThrow()))
                .containsExactlyInAnyOrder("int add(int a, int b)", "struct point mid(struct point a, const struct point *b)",
                        "struct big grow(struct big b, float factor)", "int flag(struct flags f)",
                        "word walk(struct node *n, compare c, enum color e, bool q)", "long secret(short s)",
                        "long double ld(long double x)", "int sum(int n, ...)",
                        "struct opaque *hide(struct opaque *o, void (*f)(struct opaque *, char **), int *grid)",
                        "int packed(struct tight t)",
                        "unsigned char widest(unsigned char a, signed char b, unsigned short c, long long d, unsigned long long e,"
                                + " double f)",
                        "int variable", "long hid.den(short s)");
    }

    @RunsObjects
    @ParameterizedTest
    @ValueSource(strings = {BTF, "gcc -g -O2", "gcc -gdwarf-4 -gz", "clang -w -g -O2"})
    void handlesHaveTheFunctionsOwnTypes(String command) throws Throwable {
        try (Loader loader = loader(); Arena scope = Arena.ofConfined()) {
            Driver driver = loader.install(typed(command));
            assertThat((int) driver.handle("add").invokeExact(40, 2)).isEqualTo(42);
            assertThat((long) driver.export("hid.den").handle().invokeExact((short) 5)).isEqualTo(-5);
            assertThat((byte) driver.handle("widest").invokeExact((byte) 200, (byte) -1, (short) 1, 1L, 2L, 3.5)).isEqualTo((byte) 206);
            assertThat((int) driver.export("sum").handle(JAVA_INT, JAVA_INT, JAVA_INT).invokeExact(3, 5, 6, 7)).isEqualTo(18);
            assertThat(driver.export("walk").descriptor().toMethodType().toString())
                    .isEqualTo("(MemorySegment,MemorySegment,int,boolean)long");
            MemorySegment a = point(scope, 2, 10);
            MethodHandle mid = driver.handle("mid");
            MemorySegment middle = (MemorySegment) mid.invokeExact((SegmentAllocator) scope, a, point(scope, 4, 20));
            assertThat(middle.get(JAVA_INT, 0)).isEqualTo(3);
            assertThat(middle.get(JAVA_INT, JAVA_INT.byteSize())).isEqualTo(15);
        }
    }

    private static MemorySegment point(Arena scope, int x, int y) {
        return scope.allocateFrom(JAVA_INT, x, y);
    }

    @RunsObjects
    @ParameterizedTest
    @ValueSource(strings = {BTF, "gcc -g", "gcc -gdwarf-4", "clang -w -g"})
    void structsHaveTheirMembersAtTheirPlaces(String command) throws Throwable {
        try (Loader loader = loader(); Arena scope = Arena.ofConfined()) {
            Driver driver = loader.install(typed(command));
            MemoryLayout big = driver.layout("struct big");
            assertThat(big.byteSize()).isEqualTo(48);
            assertThat(big.byteOffset(PathElement.groupElement("name"), PathElement.sequenceElement(3))).isEqualTo(19);
            assertThat(big.byteOffset(PathElement.groupElement("p"), PathElement.sequenceElement(1), PathElement.groupElement("y")))
                    .isEqualTo(40);
            assertThat(driver.layout("struct tight").byteOffset(PathElement.groupElement("i"))).isEqualTo(1);
            assertThat(driver.layout("struct node").select(PathElement.groupElement("u"), PathElement.groupElement("f")).byteSize())
                    .isEqualTo(4);
            assertThat(driver.layout("word").byteSize()).isEqualTo(8);
            MemorySegment grown = (MemorySegment) driver.handle("grow").invokeExact((SegmentAllocator) scope,
                    scope.allocate(big).fill((byte) 0), 2f);
            assertThat(grown.byteSize()).isEqualTo(48);
            assertThat(grown.asSlice(8, 8).get(java.lang.foreign.ValueLayout.JAVA_LONG, 0)).isEqualTo(1);
            assertThat(grown.asSlice(40, 4).get(JAVA_INT, 0)).isEqualTo(9);
        }
    }

    /** a=5 b=17 c=3 d=300 e=-7, put where gcc puts them on a little-endian machine. */
    @RunsObjects
    @ParameterizedTest
    @ValueSource(strings = {BTF, "gcc -gdwarf-4", "gcc -g", "clang -w -gdwarf-4", "clang -w -g"})
    void bitFieldsTravelInTheirStorage(String command) throws Throwable {
        try (Loader loader = loader(); Arena scope = Arena.ofConfined()) {
            Driver driver = loader.install(typed(command));
            MemoryLayout flags = driver.layout("struct flags");
            MemorySegment value = scope.allocate(flags).fill((byte) 0);
            put(value, flags, "a|b", 5 | 17 << 3);
            put(value, flags, "c", 3);
            put(value, flags, "d", 300);
            put(value, flags, "e", -7);
            assertThat((int) driver.handle("flag").invokeExact(value)).isEqualTo(5_000_000 + 170_000 + 3_000 + 300 - 7);
        }
    }

    private static void put(MemorySegment struct, MemoryLayout layout, String member, int value) {
        PathElement path = PathElement.groupElement(member);
        MemorySegment field = struct.asSlice(layout.byteOffset(path), layout.select(path).byteSize());
        for (int i = 0; i < field.byteSize(); i++) {
            field.set(java.lang.foreign.ValueLayout.JAVA_BYTE, i, (byte) (value >> Byte.SIZE * i));
        }
    }

    @RunsObjects
    @Test
    void whatCannotBeCalledSaysWhy() {
        try (Loader loader = loader()) {
            Driver driver = loader.install(typed(BTF));
            assertThatThrownBy(() -> driver.handle("ld")).isInstanceOf(LinkException.class).hasMessageContaining("long double");
            assertThatThrownBy(() -> driver.handle("packed")).isInstanceOf(LinkException.class)
                    .hasMessageContaining("cannot call packed").hasMessageContaining("take a pointer");
            assertThatThrownBy(() -> driver.handle("variable")).isInstanceOf(LinkException.class)
                    .hasMessageContaining("no function but int variable");
            assertThatThrownBy(() -> driver.export("add").handle(JAVA_INT)).isInstanceOf(LinkException.class)
                    .hasMessageContaining("int add(int a, int b) takes no more arguments");
            assertThatThrownBy(() -> driver.layout("struct none")).isInstanceOf(LinkException.class).hasMessageContaining("struct none");
            assertThatThrownBy(() -> driver.layout("struct opaque")).isInstanceOf(LinkException.class);
        }
    }

    @RunsObjects
    @Test
    void withoutTypeInformationAPrototypeSaysTheType() throws Throwable {
        try (Loader loader = loader()) {
            Driver driver = loader.install(typed("gcc -O1"));
            assertThat(driver.export("add").declaration()).isEmpty();
            assertThatThrownBy(() -> driver.handle("add")).isInstanceOf(LinkException.class)
                    .hasMessageContaining("no type information of add").hasMessageContaining("-gbtf").hasMessageContaining("Prototype");
            assertThat((int) driver.export("add").handle(Prototype.parse("int add(int, int)")).invokeExact(1, 2)).isEqualTo(3);
        }
    }

    @RunsObjects
    @Test
    void aFunctionWithoutAPrototypeIsNotGuessedAt() {
        Path file = CCompiler.text(folder, "old", "int old(); int old(a) char a; { return a; }", "-g", "-w");
        try (LinkedLibrary library = library(file)) {
            assertThat(library.declaration("old")).contains("int old()");
            assertThatThrownBy(() -> library.handle("old")).isInstanceOf(LinkException.class)
                    .hasMessageContaining("says nothing of its parameters");
        }
    }

    @RunsObjects
    @Test
    void librariesHaveTypesToo() throws Throwable {
        try (LinkedLibrary library = library(typed("clang -w -g"))) {
            assertThat((int) library.handle("add").invokeExact(1, 2)).isEqualTo(3);
            assertThat(library.layout("struct point").byteSize()).isEqualTo(8);
            assertThat(library.declaration("hide")).isPresent();
        }
    }

    private static LinkedLibrary library(Path file) {
        return ObjectLinker.create(InstallPolicy.anyUser()).add(file).link();
    }

    /** Names are the compiler's for extern "C"; namespaces and members have the linker's. */
    @RunsObjects
    @Test
    void functionsOfCppAreFoundByTheirLinkerNames() throws Throwable {
        Path object = CCompiler.compile(folder, "g++ -g", "names.cpp", """
                namespace space { int twice(int x); }
                int space::twice(int x) { return 2 * x; }
                struct Base { int b; }; struct Derived : Base { long d; static int s; int get() const { return b; } };
                extern "C" long pick(const Derived &d, bool which) { return which ? d.d : d.get(); }
                struct Point { int x, y; }; struct Owner { int *p; Owner(const Owner &); ~Owner(); };
                extern "C" int plain(Point p) { return p.x + p.y; }
                extern "C" int owned(Owner o) { return *o.p; }
                Owner::Owner(const Owner &o) : p(o.p) { }
                Owner::~Owner() { }
                """);
        try (LinkedLibrary library = library(object); Arena scope = Arena.ofConfined()) {
            assertThat((int) library.handle("_ZN5space5twiceEi").invokeExact(21)).isEqualTo(42);
            assertThat(library.handle("pick").type().toString()).isEqualTo("(MemorySegment,boolean)long");
            MemorySegment derived = scope.allocate(16, 8);
            derived.set(JAVA_INT, 0, 3);
            assertThat((long) library.handle("pick").invokeExact(derived, false)).isEqualTo(3);
            assertThat((int) library.handle("plain").invokeExact(point(scope, 20, 22))).isEqualTo(42);
            assertThatThrownBy(() -> library.handle("owned")).isInstanceOf(LinkException.class).hasMessageContaining("copy constructor");
        }
    }

    @Test
    void handlesOfOneTypeAreOne() {
        try (Loader loader = loader()) {
            assertThat(Calls.handle(FunctionDescriptor.of(JAVA_INT, ADDRESS)))
                    .isSameAs(Calls.handle(FunctionDescriptor.of(JAVA_INT, ADDRESS)));
            assertThat(loader.drivers()).isEmpty();
        }
    }
}
