package dev.banos.loader;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.testing.RunsObjects;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Random structs with bit-fields of all declared types, by value into C and out of it: the compiler's own caller, which hands C's
 * result to C, gets the same as Java's.
 */
@RunsObjects
class BitFieldValuesTest {
    private static final int STRUCTS = 120;
    private static final String[] PLAIN = {"char", "short", "int", "long", "float", "double", "unsigned char", "void *"};
    private static final String[] FIELDS = {"signed char", "unsigned char", "short", "unsigned short", "int", "unsigned", "long",
        "unsigned long", "_Bool", "enum color"};
    private static final int[] BITS = {8, 8, 16, 16, 32, 32, 64, 64, 1, 4};

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"gcc -g -O1,1", "gcc -gbtf -O2,2", "clang -g -O1,3", "gcc -gdwarf-4,4", "gcc -gdwarf-2 -gstrict-dwarf -O1,5"})
    void travelAsTheCompilerPassesThem(String command, long seed) throws Throwable {
        Random random = new Random(seed);
        StringBuilder code = new StringBuilder("enum color { RED, BLUE = 9 };\n");
        for (int i = 0; i < STRUCTS; i++) {
            code.append(struct(random, i));
        }
        Path object = CCompiler.compile(folder, command + " -w", "fields.c", code.toString());
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(object).link(); Arena scope = Arena.ofConfined()) {
            int refused = 0;
            for (int i = 0; i < STRUCTS; i++) {
                if (!isCallable(library, i)) {
                    refused++;
                    continue;
                }
                var make = library.handle("make" + i);
                var read = library.handle("read" + i);
                var pass = library.handle("pass" + i, FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));
                for (long value : new long[] {0, -1, 0x1234_5678_9abc_def1L, 3}) {
                    MemorySegment struct = (MemorySegment) make.invokeExact((SegmentAllocator) scope, value);
                    assertThat((long) read.invokeExact(1, struct, 2.0, 3)).as("seed %s: struct s%s\n%s", seed, i, text(code, i))
                            .isEqualTo((long) pass.invokeExact(value));
                }
            }
            assertThat(refused).isLessThanOrEqualTo(STRUCTS / 20);
        }
    }

    /** All are but some that unnamed bit-fields alone fill up. */
    private static boolean isCallable(LinkedLibrary library, int number) {
        try {
            library.handle("make" + number);
            return true;
        } catch (LinkException refused) {
            assertThat(refused).hasMessageContaining("gaps that no alignment explains");
            return false;
        }
    }

    private static String text(StringBuilder code, int i) {
        return code.substring(code.indexOf("struct s" + i + " {"), code.indexOf("#" + i));
    }

    /** Unnamed bit-fields, which gcc and clang pass differently beside floating-point numbers, stand among integers alone. */
    private static String struct(Random random, int number) {
        boolean unnamed = random.nextInt(3) == 0;
        StringBuilder members = new StringBuilder();
        StringBuilder make = new StringBuilder();
        StringBuilder read = new StringBuilder();
        int count = 1 + random.nextInt(5);
        for (int i = 0; i < count; i++) {
            if (i > 0 && random.nextInt(3) == 0) {
                String type = PLAIN[random.nextInt(PLAIN.length)];
                boolean real = type.equals("float") || type.equals("double");
                if (unnamed && real) {
                    continue;
                }
                members.append(type).append(" m").append(i).append("; ");
                make.append("s.m").append(i).append(" = (").append(real ? "short" : type).append(")(v >> ").append(i).append("); ");
                read.append("h = h * 31 + (long) s.m").append(i).append("; ");
                continue;
            }
            int kind = random.nextInt(FIELDS.length);
            int bits = 1 + random.nextInt(BITS[kind]);
            members.append(FIELDS[kind]).append(" m").append(i).append(" : ").append(bits).append("; ");
            make.append("s.m").append(i).append(" = v >> ").append(i).append("; ");
            read.append("h = h * 31 + s.m").append(i).append("; ");
            if (unnamed && random.nextInt(2) == 0) {
                int other = random.nextInt(8);
                members.append(FIELDS[other]).append(" : ").append(random.nextInt(2) * random.nextInt(BITS[other])).append("; ");
            }
        }
        return """
                struct s%1$d { %2$s};//#%1$d
                struct s%1$d make%1$d(long v) { struct s%1$d s = {0}; %3$sreturn s; }
                __attribute__((noinline)) long read%1$d(int a, struct s%1$d s, double b, int c) { long h = a + (long) b - 7 * c; %4$sreturn h; }
                long pass%1$d(long v) { return read%1$d(1, make%1$d(v), 2.0, 3); }
                """.formatted(number, members, make, read);
    }

    @ParameterizedTest
    @CsvSource({"gcc -g", "clang -g", "gcc -gbtf"})
    void packedUnionsAreSmallerThanTheirFieldsTypes(String command) throws Throwable {
        Path object = CCompiler.compile(folder, command, "union.c", "union __attribute__((packed)) u { int a : 3; long b : 20; };"
                + " int a(union u u) { return u.a; } int b(union u u) { return u.b; } union u make(int b) { union u u; u.b = b; return u; }");
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(object).link(); Arena scope = Arena.ofConfined()) {
            MemorySegment union = (MemorySegment) library.handle("make").invokeExact((SegmentAllocator) scope, -300_001);
            assertThat((int) library.handle("b").invokeExact(union)).isEqualTo(-300_001);
            assertThat((int) library.handle("a").invokeExact(union)).isEqualTo(-1);
        }
    }

    @Test
    void whatNoLayoutHasIsRefusedInWords() {
        Path object = CCompiler.compile(folder, "gcc -g", "packed.c",
                "struct __attribute__((packed)) p { char c; int i; }; int f(struct p p) { return p.i; }");
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(object).link()) {
            assertThatThrownBy(() -> library.handle("f")).isInstanceOf(LinkException.class)
                    .hasMessageContaining("it passes no struct by value that is packed").hasMessageContaining("take a pointer");
        }
    }
}
