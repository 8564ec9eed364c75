package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.fuzz.mutants.CToy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TargetTest {
    private static final int ENOMEM = 12;

    @Test
    void glibcServesEveryFunction() {
        try (AllocatorUnderTest glibc = Target.parse("glibc")) {
            long block = glibc.malloc(100);
            assertThat(block).isNotZero();
            assertThat(glibc.usableSize(block)).isGreaterThanOrEqualTo(100);
            block = glibc.realloc(block, 1000);
            glibc.free(block);
            long aligned = glibc.alignedAlloc(4096, 100);
            assertThat(aligned % 4096).isZero();
            glibc.free(aligned);
            glibc.free(glibc.calloc(3, 7));
        }
    }

    @Test
    void anAllocatorIsHeldToThePromisesThatItsTestGives() {
        try (AllocatorUnderTest own = Target.parse("banos:own"); AllocatorUnderTest forOne = Target.parse("banos:own", Promises::withoutThreads)) {
            assertThat(forOne.promises()).isEqualTo(own.promises().withoutThreads()).isNotEqualTo(own.promises());
            Program.parse("""
                    b0 = malloc(100)
                    b1 = calloc(1, 21)
                    b0 = realloc(b0, 1000)
                    b2 = aligned_alloc(64, 100)
                    free(b1)
                    """).requireLawful(forOne);
            assertThat(forOne.malloc(-1L)).isZero();
            assertThat(forOne.errno()).isEqualTo(ENOMEM);
        }
    }

    @Test
    void refusalLeavesErrno() {
        try (AllocatorUnderTest glibc = Target.parse("glibc")) {
            assertThat(glibc.malloc(-1L)).isZero();
            assertThat(glibc.errno()).isEqualTo(ENOMEM);
            assertThat(glibc.alignedAlloc(64, -100L)).isZero();
            assertThat(glibc.errno()).isEqualTo(ENOMEM);
        }
    }

    @Test
    void unknownTargetsAreNamedWithTheForms() {
        assertThatThrownBy(() -> Target.parse("jmalloc")).isInstanceOf(TargetException.class)
                .hasMessage("unknown target jmalloc; a target is one of: " + String.join(", ", Target.FORMS));
    }

    @Test
    void aFileThatIsNoLibraryIsOneLine(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("x.so"), "not a library");
        assertThatThrownBy(() -> Target.parse(file.toString())).isInstanceOf(TargetException.class)
                .hasMessageContaining("x.so: cannot be loaded").hasMessageNotContaining("\n");
        assertThatThrownBy(() -> Target.parse("absent.so:p_")).hasMessageContaining("absent.so:p_: cannot be loaded");
    }

    @Test
    void aLibraryWithoutTheFunctionsIsNamed() {
        assertThatThrownBy(() -> Target.parse("libc.so.6:no_such_")).isInstanceOf(TargetException.class)
                .hasMessageContaining("it has no function no_such_malloc; nm lists");
    }

    /** The dynamic linker would find the C library's, which the fuzzer would then praise. */
    @Test
    void theFunctionsOfTheCLibraryAreNotALibrarysOwn(@TempDir Path folder) throws Exception {
        Path library = CToy.build(folder, 0);
        assertThatThrownBy(() -> Target.parse(library.toString())).isInstanceOf(TargetException.class)
                .hasMessageContaining("it has no function malloc; if its names carry a prefix");
    }

    /** A copy would lie in another folder. */
    @Test
    void aLibraryFindsItsNeighbours(@TempDir Path folder) throws Exception {
        Path part = Files.writeString(folder.resolve("part.c"), "int part(void) { return 1; }\n");
        CToy.compile(List.of("-shared", "-fPIC", "-o", folder.resolve("libpart.so").toString(), part.toString()));
        Path library = CToy.build(folder, 0, List.of("-Wl,--no-as-needed", "-L" + folder, "-lpart", "-Wl,-rpath,$ORIGIN"));
        try (AllocatorUnderTest toy = Target.parse(library + CToy.PREFIX)) {
            long block = toy.malloc(1);
            assertThat(block).isNotZero();
            toy.free(block);
        }
    }

    @Test
    void whatIsPreloadedHasNoPrefix() {
        assertThatThrownBy(() -> Target.of("preload:./x.so:toy_")).isInstanceOf(TargetException.class)
                .hasMessage("preload:./x.so:toy_: give preload:LIB.so, a name without a prefix, blanks and colons");
        assertThatThrownBy(() -> Target.of("preload:")).hasMessageContaining("give preload:LIB.so");
    }

    @Test
    void aClassMustBeAnAllocator() {
        assertThatThrownBy(() -> Target.parse("class:java.lang.Object")).isInstanceOf(TargetException.class)
                .hasMessageContaining("does not implement dev.banos.fuzz.AllocatorUnderTest");
        assertThatThrownBy(() -> Target.parse("class:no.Such"))
                .hasMessage("class:no.Such: no such class on the class path, which the variable CLASSPATH names");
    }
}
