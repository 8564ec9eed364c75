package dev.banos.loader;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.testing.OnX8664;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the type information of other languages than C says of parameters, which may be passed by value or by reference. */
@OnX8664
class OtherLanguagesTest {
    private static final String FORTRAN = """
            integer(c_int) function addv(a,b) bind(c)
             use iso_c_binding
             integer(c_int), value :: a,b
             addv=a+b
            end function
            integer function addr(a,b)
             integer :: a,b
             addr=a+b
            end function
            subroutine lengths(a, s, b, t)
             character(len=*) :: s, t
             integer :: a, b
             a = len(s)
             b = len(t)
            end subroutine
            complex function turned(x)
             real :: x
             turned=cmplx(x,1.0)
            end function
            real function total(x,n)
             integer :: n
             real :: x(n)
             integer :: i
             total=0
             do i=1,n
              total=total+x(i)
             end do
            end function
            character(len=4) function word()
             word='abcd'
            end function
            logical function negated(l)
             logical :: l
             negated=.not.l
            end function
            subroutine perhaps(a,b)
             integer, optional :: a
             integer, intent(out) :: b
             b=0
             if (present(a)) b=a
            end subroutine
            integer(c_int) function late(a,b,c,d,e,f,g,h) bind(c)
             use iso_c_binding
             integer(c_int), value :: a,b,c,d,e,f,g
             integer(c_int) :: h
             h=a+b+c+d+e+f
             late=g
            end function
            integer(c_int) function letter(c) bind(c)
             use iso_c_binding
             character(kind=c_char), value :: c
             letter=ichar(c)
            end function
            integer(c_size_t) function size(n) bind(c)
             use iso_c_binding
             integer(c_size_t), value :: n
             size=n+1
            end function
            """;
    /** What {@code gfortran -fc-prototypes-external} and {@code -fc-prototypes} print, with complex numbers left out. */
    private static final List<String> PROTOTYPES = List.of("int addr_ (int *a, int *b)",
            "void lengths_ (int *a, char *s, int *b, char *t, size_t s_len, size_t t_len)", "float total_ (float *x, int *n)",
            "int32_t negated_ (int32_t *l)", "void perhaps_ (int *a, int *b)", "int addv (int a, int b)",
            "int late (int a, int b, int c, int d, int e, int f, int g, int *h)", "int letter (char c)", "size_t size (size_t n)");

    @TempDir
    Path folder;

    private LinkedLibrary library(String command, String file, String code) {
        return ObjectLinker.create(InstallPolicy.anyUser()).add(CCompiler.compile(folder, command, file, code)).link();
    }

    private static void assertNoType(LinkedLibrary library, String function) {
        assertThat(library.declaration(function)).as(function).isEmpty();
        assertThatThrownBy(() -> library.handle(function)).as(function).isInstanceOf(LinkException.class)
                .hasMessageContaining("no type information of " + function);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gfortran -g", "gfortran -g -O1", "gfortran -g -O2", "gfortran -g -O3 -fPIC", "gfortran -gdwarf-4 -O1",
        "gfortran -gdwarf-2 -O2", "gfortran -gdwarf-5 -gdwarf64 -Og"})
    void fortranPassesAddresses(String command) throws Throwable {
        try (LinkedLibrary library = library(command, "passed.f90", FORTRAN); Arena scope = Arena.ofConfined()) {
            MemorySegment two = scope.allocateFrom(JAVA_INT, 2);
            MemorySegment three = scope.allocateFrom(JAVA_INT, 3);
            assertThat((int) library.handle("addr_").invokeExact(two, three)).isEqualTo(5);
            assertThat((int) library.handle("addv").invokeExact(2, 3)).isEqualTo(5);
            assertThat((float) library.handle("total_").invokeExact(scope.allocateFrom(JAVA_FLOAT, 1, 2, 4), three)).isEqualTo(7);
            assertThat((int) library.handle("negated_").invokeExact(scope.allocateFrom(JAVA_INT, 1)) & 1).isZero();
            library.handle("perhaps_").invokeExact(MemorySegment.NULL, two);
            assertThat(two.get(JAVA_INT, 0)).isZero();
            library.handle("perhaps_").invokeExact(three, two);
            assertThat(two.get(JAVA_INT, 0)).isEqualTo(3);
            assertThat((int) library.handle("late").invokeExact(1, 2, 3, 4, 5, 6, 70, two)).isEqualTo(70);
            assertThat(two.get(JAVA_INT, 0)).isEqualTo(21);
            assertThat((int) library.handle("letter").invokeExact((byte) 'a')).isEqualTo('a');
            MemorySegment text = scope.allocateFrom("text");
            library.handle("lengths_").invokeExact(two, text, three, text, 4L, 3L);
            assertThat(two.get(JAVA_INT, 0)).isEqualTo(4);
            assertThat(three.get(JAVA_INT, 0)).isEqualTo(3);
            MemorySegment word = scope.allocate(4);
            library.handle("word_").invokeExact(word, 4L);
            assertThat(word.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE)).isEqualTo("abcd".getBytes(StandardCharsets.US_ASCII));
            assertThatThrownBy(() -> library.handle("turned_")).isInstanceOf(LinkException.class).hasMessageContaining("complex");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gfortran -g", "gfortran -g -O2", "gfortran -gdwarf-4 -O1"})
    void fortransOwnPrototypesAgree(String command) {
        CCompiler.requireProgram("gfortran");
        try (LinkedLibrary library = library(command, "passed.f90", FORTRAN)) {
            for (String prototype : PROTOTYPES) {
                assertThat(library.handle(Prototype.parse(prototype))).as(prototype).isNotNull();
            }
            assertThatThrownBy(() -> library.handle(Prototype.parse("int addr_(int, int)"))).isInstanceOf(LinkException.class)
                    .hasMessageContaining("the prototype int");
            assertThatThrownBy(() -> library.bind(Wrong.class)).isInstanceOf(InterfaceMismatchException.class)
                    .hasMessageContaining("use MemorySegment or long");
        }
    }

    interface Wrong {
        int addr_(int a, int b);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gfortran -g", "gfortran -g -O2"})
    void fortransDerivedTypesAndModules(String command) throws Throwable {
        try (LinkedLibrary library = library(command + " -J" + folder, "types.f90", """
                module m
                 use iso_c_binding
                 type, bind(c) :: pt
                  integer(c_int) :: x
                  real(c_double) :: y
                 end type
                contains
                 integer function inside(p)
                  type(pt) :: p
                  inside = p%x
                  p%x = 7
                 end function
                end module
                type(pt) function twice(p)
                 use m, only: pt
                 type(pt) :: p
                 twice%x = 2 * p%x
                 twice%y = 2 * p%y
                end function
                subroutine first(x, r)
                 real :: x(:)
                 real :: r
                 r = x(1)
                end subroutine
                """); Arena scope = Arena.ofConfined()) {
            MemorySegment point = scope.allocate(library.layout("struct pt"));
            point.set(JAVA_INT, 0, 5);
            point.set(JAVA_DOUBLE, JAVA_LONG.byteSize(), 2.5);
            MemorySegment twice = (MemorySegment) library.handle("twice_").invokeExact((SegmentAllocator) scope, point);
            assertThat(twice.get(JAVA_INT, 0)).isEqualTo(10);
            assertThat(twice.get(JAVA_DOUBLE, JAVA_LONG.byteSize())).isEqualTo(5.0);
            assertThat((int) library.handle("__m_MOD_inside").invokeExact(point)).isEqualTo(5);
            assertThat(point.get(JAVA_INT, 0)).isEqualTo(7);
            assertThat(library.declaration("first_").orElseThrow()).startsWith("void first_(an array's descriptor *x, real(kind=4) *r");
        }
    }

    /** The optimiser leaves no trace of a parameter; a character is in the frame, as the function's own copy of an array would be. */
    @Test
    void whereNothingTellsHowAParameterIsPassedNothingIsSaid() {
        try (LinkedLibrary library = library("gfortran -g -O2", "untold.f90", """
                integer(c_int) function st(p) bind(c)
                 use iso_c_binding
                 type, bind(c) :: pt
                  integer(c_int) :: x
                  real(c_double) :: y
                 end type
                 type(pt), value :: p
                 st=p%x
                end function
                integer function one(c)
                 character, value :: c
                 one = ichar(c)
                end function
                """)) {
            assertNoType(library, "st");
            assertNoType(library, "one_");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-O0", "-O2"})
    void adaPassesAddressesWhereTheTypeSaysSo(String level) throws Throwable {
        CCompiler.requireProgram("gnatmake");
        Files.writeString(folder.resolve("pk.ads"), """
                package Pk is
                   type Rec is record X : Integer; Y : Long_Float; Z : Integer; end record;
                   procedure Inc (N : in out Integer);
                   pragma Export (C, Inc, "inc");
                   procedure Give (M : out Integer; N : Integer);
                   pragma Export (C, Give, "give");
                   function Sum (R : Rec) return Integer;
                   pragma Export (C, Sum, "sum");
                   function Add (A, B : Integer) return Integer;
                   pragma Export (C, Add, "add");
                end Pk;
                """);
        Files.writeString(folder.resolve("pk.adb"), """
                package body Pk is
                   procedure Inc (N : in out Integer) is begin N := N + 1; end Inc;
                   procedure Give (M : out Integer; N : Integer) is begin M := N; end Give;
                   function Sum (R : Rec) return Integer is begin return R.X + R.Z; end Sum;
                   function Add (A, B : Integer) return Integer is begin return A + B; end Add;
                end Pk;
                """);
        CCompiler.run(List.of("gnatmake", "-q", "-c", "-f", "-g", "-gnatp", level, "-D", folder.toString(), folder.resolve("pk.adb").toString()));
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(folder.resolve("pk.o")).link();
                Arena scope = Arena.ofConfined()) {
            MemorySegment number = scope.allocateFrom(JAVA_INT, 2);
            library.handle("inc").invokeExact(number);
            assertThat(number.get(JAVA_INT, 0)).isEqualTo(3);
            library.handle("give").invokeExact(number, 40);
            assertThat(number.get(JAVA_INT, 0)).isEqualTo(40);
            assertThat((int) library.handle("add").invokeExact(40, 2)).isEqualTo(42);
            assertThat((int) library.handle("sum").invokeExact(scope.allocateFrom(JAVA_INT, 1, 0, 0, 0, 5))).isEqualTo(6);
            assertThat((int) library.handle(Prototype.parse("int add(int, int)")).invokeExact(40, 2)).isEqualTo(42);
        }
    }

    /** Its references are types; its arrays are values, but for slices. */
    @Test
    void ofDTheTypesTell() throws Throwable {
        try (LinkedLibrary library = library("gdc -g -fno-druntime", "d.d", """
                struct P { int x; float y; }
                struct Own { int* p; this(this) { } ~this() { } }
                extern(C) int refer(ref int a, out int b, int[] s) { b = a; return s[1]; }
                extern(C) float point(P p) { return p.x + p.y; }
                extern(C) int fixed(int[2] a) { return a[1]; }
                extern(C) int own(Own o) { return *o.p; }
                """); Arena scope = Arena.ofConfined()) {
            MemorySegment numbers = scope.allocateFrom(JAVA_INT, 7, 8);
            MemorySegment other = scope.allocate(JAVA_INT);
            MemorySegment slice = scope.allocateFrom(JAVA_LONG, 2, numbers.address());
            assertThat((int) library.handle("refer").invokeExact(numbers, other, slice)).isEqualTo(8);
            assertThat(other.get(JAVA_INT, 0)).isEqualTo(7);
            MemorySegment point = scope.allocateFrom(JAVA_INT, 1, Float.floatToRawIntBits(2.5f));
            assertThat((float) library.handle("point").invokeExact(point)).isEqualTo(3.5f);
            assertThatThrownBy(() -> library.handle("fixed")).isInstanceOf(LinkException.class).hasMessageContaining("an array by value");
            assertThatThrownBy(() -> library.handle("own")).isInstanceOf(LinkException.class).hasMessageContaining("may have a copy constructor");
        }
    }

    /** Free Pascal's objects have one section for each function, and call nothing where nothing is checked. */
    @Test
    void pascalPassesAddressesOfVariables() throws Throwable {
        CCompiler.requireProgram("fpc");
        Path source = Files.writeString(folder.resolve("u.pas"), """
                unit u;
                {$mode objfpc}
                interface
                function padd(a, b: longint): longint; cdecl; public name 'PADD';
                procedure pinc(var a: longint); cdecl; public name 'PINC';
                procedure pout(b: longint; out a: longint); cdecl; public name 'POUT';
                implementation
                function padd(a, b: longint): longint; cdecl; begin padd := a + b; end;
                procedure pinc(var a: longint); cdecl; begin a := a + 1; end;
                procedure pout(b: longint; out a: longint); cdecl; begin a := b; end;
                end.
                """);
        CCompiler.run(List.of("fpc", "-gw2", "-FU" + folder, source.toString()));
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(folder.resolve("u.o")).require("PADD").link();
                Arena scope = Arena.ofConfined()) {
            assertThat((int) library.handle("PADD").invokeExact(40, 2)).isEqualTo(42);
            MemorySegment number = scope.allocateFrom(JAVA_INT, 2);
            library.handle("PINC").invokeExact(number);
            assertThat(number.get(JAVA_INT, 0)).isEqualTo(3);
            library.handle("POUT").invokeExact(40, number);
            assertThat(number.get(JAVA_INT, 0)).isEqualTo(40);
        }
    }
}
