package dev.banos.loader.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.loader.CCompiler;
import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.SymbolTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Thread-local variables of other machines, by each model: code linked offline runs under qemu with a block of its own at the thread
 * pointer, and says what it says here.
 */
class OtherMachinesThreadLocalTest {
    private static final long BASE = 0x2000_0000L;
    /** Of the variables in ownblock.c, the largest. */
    private static final int ALIGNMENT = 64;

    @TempDir
    static Path folder;

    @ParameterizedTest
    @CsvSource({"aarch64,aarch64-linux-gnu-gcc,-O2", "aarch64,aarch64-linux-gnu-gcc,-O2 -fPIC",
        "aarch64,aarch64-linux-gnu-gcc,-O2 -fPIC -mtls-dialect=trad", "aarch64,aarch64-linux-gnu-gcc,-O0 -fPIC -mtls-dialect=trad",
        "aarch64,aarch64-linux-gnu-gcc,-O3 -fpic -mtls-dialect=trad", "aarch64,aarch64-linux-gnu-gcc,-O1 -ftls-model=initial-exec",
        "aarch64,clang,-O2 -fPIC --target=aarch64-linux-gnu", "riscv64,riscv64-linux-gnu-gcc,-O2",
        "riscv64,riscv64-linux-gnu-gcc,-O2 -ftls-model=initial-exec",
        "riscv64,clang-19,-O2 -fPIC -mtls-dialect=desc --target=riscv64-linux-gnu",
        "riscv64,clang-19,-O0 -fPIC -mtls-dialect=desc --target=riscv64-linux-gnu",
        "riscv64,clang-19,-O2 -fPIC -mtls-dialect=desc -mno-relax --target=riscv64-linux-gnu"})
    void variablesAreWhereTheThreadPointerSays(String machine, String compiler, String flags) throws IOException {
        CCompiler.requireProgram("qemu-" + machine);
        CCompiler.requireProgram(machine + "-linux-gnu-gcc");
        assumeTrue(Files.exists(Path.of("/usr", machine + "-linux-gnu", "lib", "libc.a")),
                () -> "skipped: the C library for " + machine + " is not installed");
        Path runner = CCompiler.program(folder, "blockrunner.c", machine + "-linux-gnu-gcc", "-O1", "-static", "-no-pie");
        Path native64 = CCompiler.program(folder, "blockrunner.c", "gcc", "-O1", "-DNATIVE");
        Path object = CCompiler.object(folder, "ownblock.c", compiler, ("-ffreestanding " + flags).split(" "));
        assertThat(run(machine, runner, object)).isEqualTo(CCompiler.run(List.of(native64.toString())));
    }

    private static String run(String machine, Path runner, Path file) throws IOException {
        ElfObject object = ObjectReader.read(Files.readAllBytes(file), file.toString());
        OfflineLink link = OfflineLink.link(object, BASE, name -> 0, false);
        int end = 0;
        for (OfflineLink.Part part : link.threadLocals()) {
            end = Math.max(end, (int) (part.address() + part.size()));
        }
        byte[] block = new byte[end];
        for (OfflineLink.Part part : link.threadLocals()) {
            if (object.sections().hasBytes(part.index())) {
                System.arraycopy(object.bytes(), object.start(part.index()), block, (int) part.address(), (int) part.size());
            }
        }
        List<String> command = new ArrayList<>(List.of("qemu-" + machine, runner.toString(),
                Files.write(folder.resolve("block.image"), Arrays.copyOf(link.bytes(), (int) link.size())).toString()));
        for (long number : new long[] {BASE, link.size(), codeBytes(object, link), address(object, link, "run")}) {
            command.add(Long.toHexString(number));
        }
        command.add(Files.write(folder.resolve("block.initial"), block).toString());
        // The ABI: on A64 two words of the thread's own lie before the block, on RISC-V none.
        command.add(Integer.toHexString(machine.equals("aarch64") ? ALIGNMENT : 0));
        return CCompiler.run(command);
    }

    private static long codeBytes(ElfObject object, OfflineLink link) {
        long end = BASE;
        for (OfflineLink.Part part : link.sections()) {
            if ((object.sections().flags(part.index()) & Elf.SHF_EXECINSTR) != 0) {
                end = Math.max(end, part.address() + part.size());
            }
        }
        return end - BASE + Layout.PAGE_BYTES - 1 & -Layout.PAGE_BYTES;
    }

    private static long address(ElfObject object, OfflineLink link, String name) {
        SymbolTable symbols = object.symbols();
        for (int symbol = symbols.firstGlobal(); symbol < symbols.count(); symbol++) {
            if (symbols.isNamed(symbol, name)) {
                int section = symbols.section(symbol);
                return symbols.value(symbol) + link.sections().stream().filter(part -> part.index() == section).findFirst()
                        .orElseThrow().address();
            }
        }
        throw new AssertionError(name);
    }

    /** Only all of a call of {@code __tls_get_addr} can be rewritten. */
    @Test
    void aCallThatIsTornApartIsRefusedWithTheRemedy() throws IOException {
        CCompiler.requireProgram("aarch64-linux-gnu-gcc");
        Path source = Files.writeString(folder.resolve("torn.s"), """
                adrp x0, :tlsgd:x
                nop
                add x0, x0, :tlsgd_lo12:x
                bl __tls_get_addr
                nop
                """);
        Path object = folder.resolve("torn.o");
        CCompiler.run(List.of("aarch64-linux-gnu-gcc", "-c", "-o", object.toString(), source.toString()));
        byte[] bytes = Files.readAllBytes(object);
        assertThatThrownBy(() -> OfflineLink.link(ObjectReader.read(bytes, "torn.o"), BASE, name -> 0, true)).isInstanceOf(Refusal.class)
                .hasMessageContaining("R_AARCH64_TLSGD_ADR_PAGE21 against x is not supported; compile with -mtls-dialect=desc");
    }

    /** Here as well: what no code calls any more need not be anywhere. */
    @Test
    void aCallThatIsRewrittenNeedsNoFunction() throws IOException {
        Path object = CCompiler.object(folder, "ownblock.c", "gcc", "-O2", "-fPIC");
        OfflineLink link = OfflineLink.link(ObjectReader.read(Files.readAllBytes(object), "ownblock.o"), BASE, name -> 0, false);
        assertThat(link.imports()).isEmpty();
    }

    /** RISC-V: each of the other three instructions of a descriptor names the first. */
    @Test
    void aDescriptorWithoutItsFirstInstructionIsRefused() throws IOException {
        CCompiler.requireProgram("clang-19");
        Path source = Files.writeString(folder.resolve("headless.s"), """
                .Lother: auipc a0, %pcrel_hi(x)
                ld t0, %tlsdesc_load_lo(.Lother)(a0)
                """);
        Path object = folder.resolve("headless.o");
        CCompiler.run(List.of("clang-19", "--target=riscv64-linux-gnu", "-c", "-o", object.toString(), source.toString()));
        byte[] bytes = Files.readAllBytes(object);
        assertThatThrownBy(() -> OfflineLink.link(ObjectReader.read(bytes, "headless.o"), BASE, name -> 0, true))
                .isInstanceOf(Refusal.class).hasMessageContaining("no high part of a descriptor stands at its label, offset 0");
    }
}
