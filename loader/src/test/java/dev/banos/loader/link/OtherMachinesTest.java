package dev.banos.loader.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.loader.CCompiler;
import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.machine.Architecture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A driver for another machine, linked offline against the functions of a small program for that machine, which maps the image
 * and runs the driver under qemu: it says what the same driver says when a C compiler links it for this machine.
 */
class OtherMachinesTest {
    /** Near enough for 32-bit addresses, too far from the program for an A64 branch. */
    private static final long BASE = 0x2000_0000L;
    private static final int BANOS_SYMBOL_BYTES = 16;

    @TempDir
    static Path folder;
    private static String expected;
    private static final Map<String, Runner> RUNNERS = new HashMap<>();

    private record Runner(Path program, Map<String, Long> symbols) {
        /** A function of the program's own, rather than one of its C library. */
        long find(String name) {
            return symbols.getOrDefault("host_" + name, symbols.getOrDefault(name, 0L));
        }
    }

    @ParameterizedTest
    @CsvSource({"aarch64,gcc,-O2", "aarch64,gcc,-O0", "aarch64,gcc,-O2 -fPIC", "aarch64,gcc,-O2 -fpic -ffunction-sections",
        "aarch64,gcc,-O2 -mcmodel=large -fno-pic", "aarch64,clang,-O2 -fPIC", "riscv64,gcc,-O2", "riscv64,gcc,-O0",
        "riscv64,gcc,-O2 -fPIC", "riscv64,gcc,-O2 -mcmodel=medlow -fno-pic", "riscv64,gcc,-O3 -falign-functions=64 -falign-loops=32",
        "riscv64,gcc,-O2 -mno-relax", "riscv64,gcc,-O2 -march=rv64g", "riscv64,clang,-O2 -fPIC"})
    void driversSayWhatTheySayHere(String machine, String compiler, String flags) throws IOException {
        CCompiler.requireProgram("qemu-" + machine);
        Runner runner = runner(machine);
        String[] target = compiler.equals("clang") ? ("--target=" + machine + "-linux-gnu " + flags).split(" ") : flags.split(" ");
        Path object = CCompiler.object(folder, "portable.c", compiler.equals("clang") ? "clang" : machine + "-linux-gnu-gcc", target);
        assertThat(run(machine, runner, object)).isEqualTo(expected());
    }

    private static String run(String machine, Runner runner, Path file) throws IOException {
        ElfObject object = ObjectReader.read(Files.readAllBytes(file), file.toString());
        OfflineLink link = OfflineLink.link(object, BASE, runner::find, false);
        byte[] image = Arrays.copyOf(link.bytes(), (int) link.size());
        List<String> command = new ArrayList<>(List.of("qemu-" + machine, runner.program().toString(),
                Files.write(folder.resolve("driver.image"), image).toString()));
        OfflineLink.Part exports = part(link, ".banos-export");
        for (long number : new long[] {BASE, link.size(), codeBytes(object, link), part(link, ".banos-driver").address(),
            exports.address(), exports.size() / BANOS_SYMBOL_BYTES}) {
            command.add(Long.toHexString(number));
        }
        return CCompiler.run(command);
    }

    private static OfflineLink.Part part(OfflineLink link, String name) {
        return link.sections().stream().filter(part -> part.name().equals(name)).findFirst().orElseThrow();
    }

    /** Everything up to the page where the last executable section or stub ends. */
    private static long codeBytes(ElfObject object, OfflineLink link) {
        long end = BASE;
        for (OfflineLink.Part part : link.sections()) {
            if ((object.sections().flags(part.index()) & Elf.SHF_EXECINSTR) != 0) {
                end = Math.max(end, part.address() + part.size());
            }
        }
        for (OfflineLink.Slot stub : link.stubs()) {
            end = Math.max(end, stub.address() + 1);
        }
        return end - BASE + Architecture.PAGE_BYTES - 1 & -Architecture.PAGE_BYTES;
    }

    private static Runner runner(String machine) {
        CCompiler.requireProgram(machine + "-linux-gnu-gcc");
        assumeTrue(Files.exists(Path.of("/usr", machine + "-linux-gnu", "lib", "libc.a")),
                () -> "skipped: the C library for " + machine + " is not installed");
        return RUNNERS.computeIfAbsent(machine, key -> {
            Path program = CCompiler.program(folder, "runner.c", machine + "-linux-gnu-gcc", "-O1", "-static", "-no-pie");
            Map<String, Long> symbols = new HashMap<>();
            for (String line : CCompiler.run(List.of(machine + "-linux-gnu-nm", program.toString())).split("\n")) {
                String[] words = line.trim().split(" ");
                if (words.length == 3 && !words[2].equals("host_snprintf")) { // a variable, for the function to be there
                    symbols.put(words[2], Long.parseUnsignedLong(words[0], 16));
                }
            }
            return new Runner(program, symbols);
        });
    }

    private static String expected() {
        if (expected == null) {
            Path program = CCompiler.program(folder, "runner.c", "gcc", "-O1", "-DNATIVE");
            expected = CCompiler.run(List.of(program.toString()));
            assertThat(expected).contains("driver portable").contains("autumn").contains("uninit 3");
        }
        return expected;
    }
}
