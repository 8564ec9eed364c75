package dev.banos.loader.elf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.loader.CCompiler;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import net.fornwall.jelf.ElfFile;
import net.fornwall.jelf.ElfRelocationAddend;
import net.fornwall.jelf.ElfRelocationAddendSection;
import net.fornwall.jelf.ElfSection;
import net.fornwall.jelf.ElfSymbol;
import net.fornwall.jelf.ElfSymbolTableSection;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** jelf, an independent reader, sees the same sections, symbols and relocations in what compilers make. */
class SecondOpinionTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"everything.c,gcc,-O2", "everything.c,gcc,-O0 -g -fcommon", "calculator.c,gcc,-O2 -ffunction-sections -fPIC",
        "everything.c,clang,-O1 -g", "counter.cpp,g++,-O2 -g"})
    void agrees(String source, String compiler, String flags) throws IOException {
        CCompiler.requireProgram(compiler);
        Path file = CCompiler.object(folder, source, compiler, flags.split(" "));
        compare(ObjectReader.read(Files.readAllBytes(file), file.toString()), ElfFile.from(new File(file.toString())));
    }

    private static void compare(ElfObject ours, ElfFile theirs) {
        compareCensus(ours, theirs);
        assertThat(ours.machine()).isEqualTo(theirs.e_machine);
        assertThat(ours.sections().count()).isEqualTo(theirs.e_shnum);
        for (int index = 1; index < ours.sections().count(); index++) {
            ElfSection section = theirs.getSection(index);
            assertThat(ours.sections().name(index)).isEqualTo(section.header.getName());
            assertThat(ours.sections().type(index)).isEqualTo(section.header.sh_type);
            assertThat(ours.sections().size(index)).isEqualTo(section.header.sh_size);
            assertThat(ours.sections().offset(index)).isEqualTo(section.header.sh_offset);
            if (section instanceof ElfSymbolTableSection table) {
                compareSymbols(ours.symbols(), table.symbols);
            }
            if (section instanceof ElfRelocationAddendSection table && ours.sections().isAllocated(ours.sections().info(index))) {
                compareRelocations(ours.relocationsOf(ours.sections().info(index)), table.relocations);
            }
        }
    }

    private static void compareSymbols(SymbolTable ours, ElfSymbol[] theirs) {
        assertThat(ours.count()).isEqualTo(theirs.length);
        for (int symbol = 0; symbol < theirs.length; symbol++) {
            assertThat(ours.value(symbol)).isEqualTo(theirs[symbol].st_value);
            assertThat(ours.size(symbol)).isEqualTo(theirs[symbol].st_size);
            assertThat(ours.type(symbol)).isEqualTo(theirs[symbol].getType());
            assertThat(ours.binding(symbol)).isEqualTo(theirs[symbol].getBinding());
            assertThat((short) ours.section(symbol)).isEqualTo(theirs[symbol].st_shndx);
            if (ours.type(symbol) != Elf.STT_SECTION) {
                assertThat(ours.name(symbol)).isEqualTo(theirs[symbol].getName() == null ? "" : theirs[symbol].getName());
            }
        }
    }

    /** What the reader notes beside: the symbols and relocations of a kind. */
    private static void compareCensus(ElfObject ours, ElfFile theirs) {
        List<Integer> undefined = new ArrayList<>();
        boolean commons = false;
        ElfSymbol[] symbols = theirs.getSymbolTableSection().symbols;
        for (int symbol = 1; symbol < symbols.length; symbol++) {
            if (symbols[symbol].st_shndx == 0) {
                undefined.add(symbol);
            }
            commons |= symbols[symbol].st_shndx == Elf.SHN_COMMON;
        }
        assertThat(ours.symbols().undefined()).containsExactly(undefined.toArray(Integer[]::new));
        assertThat(ours.symbols().hasCommons()).isEqualTo(commons);
        long[] types = new long[symbols.length];
        for (RelocationTable table : ours.relocations()) {
            long all = 0;
            long farthest = 0;
            for (ElfRelocationAddend each : ((ElfRelocationAddendSection) theirs.getSection(table.section())).relocations) {
                types[each.getSymbolIndex()] |= 1L << each.getType();
                all |= 1L << each.getType();
                farthest = Math.max(farthest, each.r_offset);
            }
            assertThat(table.types()).isEqualTo(all);
            assertThat(table.farthest()).isEqualTo(farthest);
        }
        assertThat(ours.typesBySymbol()).isEqualTo(types);
    }

    private static void compareRelocations(RelocationTable ours, ElfRelocationAddend[] theirs) {
        assertThat(ours.count()).isEqualTo(theirs.length);
        for (int entry = 0; entry < theirs.length; entry++) {
            assertThat(ours.offset(entry)).isEqualTo(theirs[entry].r_offset);
            assertThat(ours.type(entry)).isEqualTo((int) theirs[entry].getType());
            assertThat(ours.symbol(entry)).isEqualTo(theirs[entry].getSymbolIndex());
            assertThat(ours.addend(entry)).isEqualTo(theirs[entry].r_addend);
        }
    }
}
