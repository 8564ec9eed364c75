package dev.banos.loader.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.banos.loader.CCompiler;
import dev.banos.loader.abi.ExportEntry;
import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.types.ObjectTypes;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Time grows as the file does, and not as its square, where a file has many of what is looked for among many. */
class WorkBoundTest {
    private static final int TIMES = 16;
    /** Between what is in proportion and its square, each with much room. */
    private static final int MOST = 4 * TIMES;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @TempDir
    Path folder;

    /** The processor's time for the larger object, in that of one that is {@link #TIMES} times smaller; the least of several. */
    private static void requireProportion(ElfObject small, ElfObject large, Consumer<ElfObject> work) {
        for (int warm = 0; warm < 20; warm++) {
            work.accept(small);
        }
        double least = least(work, small, 15);
        assertThat(least(work, large, 3) / least).isLessThan(MOST);
    }

    private static double least(Consumer<ElfObject> work, ElfObject object, int rounds) {
        long least = Long.MAX_VALUE;
        for (int round = 0; round < rounds; round++) {
            long before = THREADS.getCurrentThreadCpuTime();
            work.accept(object);
            least = Math.min(least, THREADS.getCurrentThreadCpuTime() - before);
        }
        return Math.max(1, least);
    }

    private ElfObject assembled(String command, String source) {
        Path file = CCompiler.compile(folder, command, "hostile.s", source);
        try {
            return ObjectReader.read(Files.readAllBytes(file), "hostile.o");
        } catch (IOException gone) {
            throw new AssertionError(gone);
        }
    }

    /** High parts of descriptors at a label where low parts of an address ask for another. */
    @Test
    void ofPairsForRiscv() {
        requireProportion(highs(1_500), highs(TIMES * 1_500), object -> Architecture.of(Elf.EM_RISCV).prepared(object, true));
    }

    private ElfObject highs(int count) {
        return assembled("clang-19 --target=riscv64-linux-gnu -mno-relax", ".text\nhigh: .word 0, 0\n"
                + ".reloc high, R_RISCV_TLSDESC_HI20, v\n".repeat(count) + ".reloc high, R_RISCV_PCREL_HI20, w\n"
                + ".reloc high + 4, R_RISCV_PCREL_LO12_I, high\n".repeat(count));
    }

    @Test
    void ofSectionsOfTypes() {
        requireProportion(units(1_000), units(TIMES * 1_000), ObjectTypes::read);
    }

    private static ElfObject units(int count) {
        String names = ".debug_info\0.debug_abbrev";
        return ObjectReader.read(new HandmadeObject(names).emptySections(1, 13).emptySections(count, 1).bytes(), "hostile.o");
    }

    /** Compilers name what an export points to by its section. */
    @Test
    void ofExportsAmongManySymbols() {
        requireProportion(exports(1_000), exports(TIMES * 1_000), ExportEntry::read);
        assertThat(ExportEntry.read(exports(5))).extracting(ExportEntry::symbol).containsExactly("f0", "f1", "f2", "f3", "f4");
    }

    private ElfObject exports(int count) {
        StringBuilder source = new StringBuilder();
        for (int i = 0; i < count; i++) {
            source.append(String.format(".text; f%d: nop; .type f%1$d, @function; .section .rodata; n%1$d: .asciz \"e%1$d\";"
                    + " .section .banos-export,\"aw\"; .quad n%1$d, f%1$d%n", i));
        }
        return assembled("gcc", source.toString());
    }

    @Test
    void exportsWhoseNamesShareTheirBytesAreRefused() {
        ElfObject object = assembled("gcc", ".section .rodata; names: .fill 100000, 1, 0x6e; .byte 0; .text; f: nop; .type f, @function;"
                + " .section .banos-export,\"aw\"\n.set i, 0\n.rept 3000\n.quad names + i, f\n.set i, i + 1\n.endr\n");
        assertThatThrownBy(() -> ExportEntry.read(object)).isInstanceOf(Refusal.class).hasMessageContaining("section .banos-export")
                .hasMessageContaining("the names up to this one are longer together than 8 times the file");
    }

    /** An entry of the file's may be a byte; one in memory is more. */
    @Test
    void entriesThatHoldNothingAreRefused() {
        ElfObject object = assembled("gcc", """
                .section .debug_abbrev; .uleb128 1, 0x11; .byte 1, 0, 0; .uleb128 2, 0x0f; .byte 0, 0, 0, 0
                .section .debug_info; .long end - begin
                begin: .short 4; .long 0; .byte 8; .uleb128 1; .fill 300000, 1, 2
                end:
                """);
        assertThatThrownBy(() -> ObjectTypes.read(object)).isInstanceOf(Refusal.class).hasMessageContaining("would take more memory");
    }
}
