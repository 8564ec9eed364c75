package dev.banos.loader.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.loader.CCompiler;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.elf.Refusal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link LldOracle} says of compiled objects for three machines, and of the first members of real libraries. */
class OfflineOracleTest {
    @TempDir
    Path folder;
    private LldOracle oracle;

    @BeforeEach
    void needsLld() {
        oracle = new LldOracle(folder);
    }

    private void assertSame(Path object) throws Exception {
        assertThat(oracle.differences(Files.readAllBytes(object), object.getFileName().toString())).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"everything.c,gcc,-O2", "everything.c,gcc,-O0 -g", "everything.c,gcc,-O2 -fPIC", "everything.c,gcc,-O2 -fno-pic",
        "everything.c,gcc,-O2 -fPIC -fno-plt", "everything.c,clang,-O2 -fPIC", "everything.c,clang,-O1 -fno-pic",
        "everything.c,gcc,-O2 -ffunction-sections -fdata-sections", "everything.c,gcc,-O2 -fcommon"})
    void compiledObjects(String source, String compiler, String flags) throws Exception {
        assertSame(CCompiler.object(folder, source, compiler, flags.split(" ")));
        assertThat(oracle.comparedBytes()).isGreaterThan(1000);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-O2", "-O0", "-O2 -fPIC", "-O1 -ffunction-sections", "-O2 -mcmodel=large"})
    void objectsForAarch64(String flags) throws Exception {
        assertSame(CCompiler.object(folder, "freestanding.c", "clang",
                ("--target=aarch64-linux-gnu -ffreestanding -ftls-model=initial-exec " + flags).split(" ")));
        assertThat(oracle.comparedBytes()).isGreaterThan(500);
    }

    @ParameterizedTest
    @CsvSource({"riscv64-linux-gnu-gcc,-O2", "riscv64-linux-gnu-gcc,-O0 -g", "riscv64-linux-gnu-gcc,-O2 -fPIC",
        "riscv64-linux-gnu-gcc,-O2 -ftls-model=initial-exec -falign-functions=32 -falign-loops=16",
        "riscv64-linux-gnu-gcc,-O2 -march=rv64g -falign-functions=16 -falign-loops=16", "riscv64-linux-gnu-gcc,-O2 -mcmodel=medany",
        "riscv64-linux-gnu-gcc,-O1 -mno-relax -ffunction-sections", "clang,-O2 --target=riscv64-linux-gnu",
        "clang,-O1 --target=riscv64-linux-gnu -fPIC -mno-relax", "clang,-O2 --target=riscv64-linux-gnu -falign-functions=64"})
    void objectsForRiscv64(String compiler, String flags) throws Exception {
        oracle.requireRiscv();
        assertSame(CCompiler.object(folder, "freestanding.c", compiler, ("-ffreestanding " + flags).split(" ")));
        assertThat(oracle.comparedBytes()).isGreaterThan(500);
    }

    /** lld links programs, so it takes the shortest way to each variable; so do we. */
    @ParameterizedTest
    @CsvSource({"gcc,-O2", "gcc,-O2 -fPIC", "gcc,-O2 -fPIC -fno-plt", "gcc,-O1 -fPIC -mtls-dialect=gnu2",
        "gcc,-O2 -ftls-model=initial-exec", "gcc,-O2 -fPIC -ftls-model=local-dynamic", "clang,-O2 -fPIC",
        "clang,-O1 -ftls-model=initial-exec", "clang,-O2 --target=aarch64-linux-gnu", "clang,-O2 -fPIC --target=aarch64-linux-gnu",
        "clang,-O2 -fPIC -ftls-model=initial-exec --target=aarch64-linux-gnu", "aarch64-linux-gnu-gcc,-O2 -fPIC",
        "aarch64-linux-gnu-gcc,-O2 -fpic", "aarch64-linux-gnu-gcc,-O2 -mtls-size=32",
        "riscv64-linux-gnu-gcc,-O2", "riscv64-linux-gnu-gcc,-O2 -fPIC", "riscv64-linux-gnu-gcc,-O2 -ftls-model=initial-exec",
        "clang-19,-O2 -fPIC -mtls-dialect=desc --target=riscv64-linux-gnu", "clang-19,-O0 -fPIC -mtls-dialect=desc --target=riscv64-linux-gnu"})
    void threadLocalVariables(String compiler, String flags) throws Exception {
        if (compiler.startsWith("riscv") || flags.contains("riscv")) {
            oracle.requireRiscv();
        }
        assertSame(CCompiler.object(folder, "threadlocals.c", compiler, flags.split(" ")));
        assertSame(CCompiler.object(folder, "ownblock.c", compiler, flags.split(" "))); // farther than one instruction reaches
        assertThat(oracle.comparedBytes()).isGreaterThan(100);
    }

    /** Linkers define these symbols themselves, so a load of one from the GOT becomes a computation of it. */
    @Test
    void boundsOfSections() throws Exception {
        assertSame(CCompiler.text(folder, "bounds", """
                extern const long __start_parts[], __stop_parts[];
                __attribute__((section("parts"), used)) static const long three[] = {1, 2, 3};
                long count(void) { return __stop_parts - __start_parts; }
                """, "-O2", "-fPIC"));
        assertThat(oracle.comparedBytes()).isGreaterThan(20);
    }

    /**
     * Calls that name an address, and no symbol, which counts as 0 (gABI): near ones as GNU ld links them, since lld takes them for calls
     * of a weak function on two machines; and those that are too far, for which nothing may be put over the code.
     */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "gcc|ld|.byte 0xe8; .reloc ., R_X86_64_PLT32, 0x10011ffc; .long 0; .byte 0xe8; .reloc ., R_X86_64_PLT32, -4; .long 0",
        "riscv64-linux-gnu-gcc|riscv64-linux-gnu-ld|call 0x10012000; j 0x10012100; call 0x10000000"})
    void callsWithoutASymbol(String compiler, String linker, String calls) throws Exception {
        CCompiler.requireProgram(linker);
        Path file = CCompiler.compile(folder, compiler, "calls.s", "\t.globl f\nf:\t.long 1, 2, 3, 4, 5, 6\n" + calls.replace(';', '\n') + "\n");
        Path program = folder.resolve("calls");
        CCompiler.run(List.of(linker, "--no-relax", "-e", "0", "-Ttext=0x" + Long.toHexString(LldOracle.BASE), "-o", program.toString(),
                file.toString()));
        byte[] theirs = Files.readAllBytes(program);
        LinkedProgram.Section text = LinkedProgram.read(theirs).section(".text");
        ElfObject object = ObjectReader.read(Files.readAllBytes(file), "calls.o");
        byte[] ours = OfflineLink.link(object, LldOracle.BASE, name -> 0, false).bytes();
        assertThat(Arrays.copyOf(ours, text.size())).isEqualTo(Arrays.copyOfRange(theirs, text.offset(), text.offset() + text.size()));
        try {
            byte[] far = OfflineLink.link(object, 0x7f00_0000_0000L, name -> 0, false).bytes();
            assertThat(Arrays.copyOf(far, 8)).containsExactly(1, 0, 0, 0, 2, 0, 0, 0);
        } catch (Refusal tooFar) {
            assertThat(tooFar).hasMessageContaining("against no symbol at .text+0x1");
        }
    }

    /** The same for A64, of which GNU ld refuses such calls. */
    @Test
    void branchesOfA64WithoutASymbol() throws Exception {
        Path file = CCompiler.compile(folder, "clang --target=aarch64-linux-gnu", "calls.s",
                "nop\n.reloc ., R_AARCH64_CALL26, 0x10012000\nbl 0\n.reloc ., R_AARCH64_JUMP26, 0xfffff00\nb 0\n");
        ElfObject object = ObjectReader.read(Files.readAllBytes(file), "calls.o");
        IntBuffer code = ByteBuffer.wrap(OfflineLink.link(object, LldOracle.BASE, name -> 0, false).bytes())
                .order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
        assertThat(LldOracle.BASE + 4 + (code.get(1) << 6 >> 4)).isEqualTo(0x1001_2000L); // the low 26 bits count instructions
        assertThat(LldOracle.BASE + 8 + (code.get(2) << 6 >> 4)).isEqualTo(0x0fff_ff00L);
    }

    /** Of each library the first members; the campaign takes all. */
    @ParameterizedTest
    @ValueSource(strings = {"libz.a", "liblua5.4.a", "libexpat.a", "libsqlite3.a"})
    void membersOfRealLibraries(String library) throws IOException {
        Path archive = Path.of("/usr/lib/x86_64-linux-gnu", library);
        assumeTrue(Files.exists(archive), () -> "skipped: " + library + " is not installed");
        ArchiveCampaign campaign = new ArchiveCampaign(oracle);
        campaign.archive(archive, 12);
        assertThat(campaign.different()).isEmpty();
        assertThat(campaign.refused()).isEmpty();
        assertThat(oracle.comparedBytes()).isGreaterThan(10_000);
    }

    @Test
    void theOracleSeesADifference() throws Exception {
        byte[] object = Files.readAllBytes(CCompiler.object(folder, "everything.c", "gcc", "-O2"));
        assertThat(oracle.differences(object, "x.o")).isEmpty();
        assertThat(oracle.comparedSlots()).isPositive();
    }
}
