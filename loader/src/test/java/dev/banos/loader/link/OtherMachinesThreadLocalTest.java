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
import dev.banos.loader.machine.Architecture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
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
        "aarch64,clang,-O2 -fPIC --target=aarch64-linux-gnu",
        "aarch64,clang,-O2 -fPIC --target=aarch64-linux-gnu -mllvm -aarch64-elf-ldtls-generation=1",
        "aarch64,clang,-O0 -fPIC --target=aarch64-linux-gnu -mllvm -aarch64-elf-ldtls-generation=1", "riscv64,riscv64-linux-gnu-gcc,-O2",
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

    /** Calls for the module's own block, as the ABI has them for the small and the tiny code model: no compiler makes them. */
    private static final String LOCAL_DYNAMIC = """
                .globl run
                run: mov x9, x0
                adrp x0, :tlsldm:small
                add x0, x0, :tlsldm_lo12_nc:small
                bl __tls_get_addr
                add x1, x0, :dtprel_hi12:far, lsl 12
                ldr x2, [x1, :dtprel_lo12_nc:far]
                add x2, x2, x9
                str x2, [x1, :dtprel_lo12_nc:far]
                adr x0, :tlsldm:small
                bl __tls_get_addr
                movz x1, :dtprel_g1:far
                movk x1, :dtprel_g0_nc:far
                ldr x2, [x0, x1]
                ldrb w3, [x0, :dtprel_lo12:small]
                add x0, x2, x3
                br x30
                .section .tdata, "awT"
                .balign ALIGNMENT
                small: .byte 100
                .zero 8191
                far: .quad 7
                """;

    private static Path assembled(String name, String compiler, String source) throws IOException {
        CCompiler.requireProgram(compiler);
        Path object = folder.resolve(name + ".o");
        CCompiler.run(List.of(compiler, "-c", "-o", object.toString(), Files.writeString(folder.resolve(name + ".s"), source).toString()));
        return object;
    }

    /** Where the block wants more than sixteen bytes, it does not follow the thread's own two words; GNU ld takes it for that. */
    @ParameterizedTest
    @CsvSource({"16", "64"})
    void callsForTheModulesOwnBlockLeadToIt(int alignment) throws IOException {
        CCompiler.requireProgram("qemu-aarch64");
        Path runner = CCompiler.program(folder, "blockrunner.c", "aarch64-linux-gnu-gcc", "-O1", "-static", "-no-pie");
        Path object = assembled("localdynamic", "aarch64-linux-gnu-gcc", LOCAL_DYNAMIC.replace("ALIGNMENT", "" + alignment));
        assertThat(run("aarch64", runner, object, alignment).lines()).containsExactly("107", "108", "110", "113", "117", "122", "128");
    }

    @Test
    void localDynamicBecomesWhatGnuLdMakesOfIt() throws IOException {
        CCompiler.requireProgram("clang");
        requireGnuLdsCode("aarch64-linux-gnu-ld", assembled("localdynamic16", "aarch64-linux-gnu-gcc", LOCAL_DYNAMIC.replace("ALIGNMENT", "16")));
        requireGnuLdsCode("aarch64-linux-gnu-ld", CCompiler.object(folder, "ownblock.c", "clang", "-O2", "-fPIC",
                "--target=aarch64-linux-gnu", "-mllvm", "-aarch64-elf-ldtls-generation=1"));
    }

    /** x86-64: in the large code model, the function's distance from the table stands in between. */
    @Test
    void callsOfTheLargeCodeModelBecomeWhatGnuLdMakesOfThem() throws IOException {
        StringBuilder source = new StringBuilder(".globl run\nrun:\n");
        for (String address : List.of("x@tlsgd", "y@tlsgd", "x@tlsld", "y@tlsld")) {
            for (String table : List.of("%rbx", "%r15")) {
                source.append(String.format("lea %s(%%rip), %%rdi%nmovabs $__tls_get_addr@pltoff, %%rax%nadd %s, %%rax%ncall *%%rax%nnop%n",
                        address, table));
            }
        }
        source.append("lea x@dtpoff(%rax), %rax\nret\n.section .tdata, \"awT\"\nx: .zero 8\n.globl y\ny: .quad 5\n");
        requireGnuLdsCode("ld", assembled("largecalls", "gcc", source.toString()));
    }

    /** What compilers make of it, without the function that nothing calls any more. */
    @Test
    void aLargeModelsVariablesNeedNoFunction() throws IOException {
        Path object = CCompiler.object(folder, "ownblock.c", "gcc", "-O2", "-fPIC", "-mcmodel=large");
        OfflineLink link = OfflineLink.link(ObjectReader.read(Files.readAllBytes(object), "ownblock.o"), BASE, name -> 0, false);
        assertThat(link.imports()).isEmpty();
    }

    private static void requireGnuLdsCode(String linker, Path object) throws IOException {
        CCompiler.requireProgram(linker);
        byte[] bytes = Files.readAllBytes(object);
        OfflineLink ours = OfflineLink.link(ObjectReader.read(bytes, object.toString()), BASE, name -> 0, false);
        OfflineLink.Part text = ours.sections().stream().filter(part -> part.name().equals(".text")).findFirst().orElseThrow();
        Path program = folder.resolve("program");
        CCompiler.run(List.of(linker, "-static", "-e", "run", "-o", program.toString(), object.toString()));
        LinkedProgram theirs = LinkedProgram.read(Files.readAllBytes(program));
        LinkedProgram.Section section = theirs.section(".text");
        int start = (int) (text.address() - BASE);
        assertThat(HexFormat.of().formatHex(ours.bytes(), start, start + (int) text.size()))
                .isEqualTo(HexFormat.of().formatHex(theirs.bytes(), section.offset(), section.offset() + (int) text.size()));
    }

    private static String run(String machine, Path runner, Path file) throws IOException {
        return run(machine, runner, file, ALIGNMENT);
    }

    private static String run(String machine, Path runner, Path file, int alignment) throws IOException {
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
        command.add(Integer.toHexString(machine.equals("aarch64") ? alignment : 0));
        return CCompiler.run(command);
    }

    private static long codeBytes(ElfObject object, OfflineLink link) {
        long end = BASE;
        for (OfflineLink.Part part : link.sections()) {
            if ((object.sections().flags(part.index()) & Elf.SHF_EXECINSTR) != 0) {
                end = Math.max(end, part.address() + part.size());
            }
        }
        return end - BASE + Architecture.PAGE_BYTES - 1 & -Architecture.PAGE_BYTES;
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
    @ParameterizedTest
    @CsvSource({"TLSGD_ADR_PAGE21, 'adrp x0, :tlsgd:x; nop; add x0, x0, :tlsgd_lo12:x; bl __tls_get_addr; nop'",
        "TLSLD_ADR_PAGE21, 'adrp x0, :tlsldm:x; nop; add x0, x0, :tlsldm_lo12_nc:x; bl __tls_get_addr'",
        "TLSLD_ADR_PAGE21, 'adrp x0, :tlsldm:x; add x0, x0, :tlsldm_lo12_nc:x; nop; bl __tls_get_addr'",
        "TLSLD_ADR_PAGE21, 'adrp x0, :tlsldm:x; add x0, x0, :tlsldm_lo12_nc:x; bl other'",
        "TLSLD_ADR_PAGE21, 'adrp x1, :tlsldm:x; add x0, x1, :tlsldm_lo12_nc:x; bl __tls_get_addr'",
        "TLSLD_ADR_PAGE21, 'adrp x0, :tlsldm:x; add x0, x0, :tlsldm_lo12_nc:x'",
        "TLSLD_ADR_PREL21, 'adr x0, :tlsldm:x; nop; bl __tls_get_addr'", "TLSLD_ADR_PREL21, 'adr x1, :tlsldm:x; bl __tls_get_addr'"})
    void aCallThatIsTornApartIsRefusedWithTheRemedy(String type, String code) throws IOException {
        byte[] bytes = Files.readAllBytes(assembled("torn", "aarch64-linux-gnu-gcc", code + "\n"));
        assertThatThrownBy(() -> OfflineLink.link(ObjectReader.read(bytes, "torn.o"), BASE, name -> 0, true)).isInstanceOf(Refusal.class)
                .hasMessageContaining("R_AARCH64_" + type + " against x is not supported; compile with -mtls-dialect=desc");
    }

    /** Twelve bits of an instruction hold the distance of a block that is aligned to less than a page. */
    @Test
    void aBlockThatIsTooFarIsRefusedWithTheRemedy() throws IOException {
        byte[] bytes = Files.readAllBytes(assembled("wide", "aarch64-linux-gnu-gcc", LOCAL_DYNAMIC.replace("ALIGNMENT", "4096")));
        assertThatThrownBy(() -> OfflineLink.link(ObjectReader.read(bytes, "wide.o"), BASE, name -> 0, true)).isInstanceOf(Refusal.class)
                .hasMessageContaining("distance 4096 from the thread pointer does not fit the instruction; declare fewer or smaller");
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
