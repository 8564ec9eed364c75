package dev.banos.loader.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.banos.bindings.SystemCalls;
import dev.banos.bindings.generated.Linux;
import dev.banos.loader.CCompiler;
import dev.banos.loader.InstallPolicy;
import dev.banos.loader.LinkException;
import dev.banos.loader.LinkedLibrary;
import dev.banos.loader.ObjectLinker;
import dev.banos.loader.machine.Architecture;
import dev.banos.thread.Tcb;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Modules while others hold all addresses within two gigabytes of libc. */
class CrowdedAddressSpaceTest {
    private static final long REACH = 1L << 31;
    private static final String PRINTS = "#include <stdio.h>\nint say(int n) { return fprintf(stdout, \"%d\\n\", n) + fflush(stdout); }\n";

    private record Filler(long address, long length) {
    }

    private final List<Filler> fillers = new ArrayList<>();

    @BeforeEach
    void fillEveryGap() throws IOException {
        long libc = CLibrary.find("malloc");
        long end = libc - REACH;
        for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
            String[] range = line.substring(0, line.indexOf(' ')).split("-");
            fill(end, Math.min(Long.parseUnsignedLong(range[0], 16), libc + REACH));
            end = Math.max(end, Long.parseUnsignedLong(range[1], 16));
        }
    }

    private void fill(long from, long to) {
        long start = from + Architecture.PAGE_BYTES - 1 & -Architecture.PAGE_BYTES;
        if (start >= to) {
            return;
        }
        long address = SystemCalls.mmap(Tcb.current().segment(), start, to - start, Linux.PROT_NONE(),
                Linux.MAP_PRIVATE() | Linux.MAP_ANONYMOUS() | Linux.MAP_NORESERVE() | Linux.MAP_FIXED_NOREPLACE(), -1, 0);
        if (!SystemCalls.isError(address)) { // the JVM may have mapped something there meanwhile
            fillers.add(new Filler(address, to - start));
        }
    }

    @AfterEach
    void empty() {
        fillers.forEach(filler -> SystemCalls.munmap(Tcb.current().segment(), filler.address, filler.length));
    }

    @Test
    void positionIndependentCodeRunsAnywhere(@TempDir Path folder) throws Throwable {
        Path object = CCompiler.text(folder, "far", PRINTS, "-fPIC", "-O2");
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(object).link()) {
            long address = library.symbol("say").address();
            assertThat(Math.abs(address - CLibrary.find("malloc"))).isGreaterThan(REACH);
            int result = (int) library.handle("say", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT)).invokeExact(7);
            assertThat(result).isEqualTo(2);
        }
    }

    @Test
    void otherCodeIsRefusedWithTheRemedy(@TempDir Path folder) {
        Path object = CCompiler.text(folder, "near", PRINTS, "-fPIE", "-O2");
        assertThatExceptionOfType(LinkException.class)
                .isThrownBy(() -> ObjectLinker.create(InstallPolicy.anyUser()).add(object).link())
                .withMessageContaining("stdout").withMessageContaining("-fPIC");
    }

    @Test
    void noMoreIsMappedThanAskedFor() throws IOException {
        long before = mappedBytes();
        long address = AddressSpace.near().map("test", 3 * Architecture.PAGE_BYTES, 1 << 16, true);
        assertThat(address & 0xFFFF).isZero();
        assertThat(mappedBytes() - before).isLessThan(1 << 16);
        AddressSpace.near().unmap(address, 3 * Architecture.PAGE_BYTES);
    }

    private static long mappedBytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/statm")).stream()
                .mapToLong(line -> Long.parseLong(line.substring(0, line.indexOf(' '))) * Architecture.PAGE_BYTES).sum();
    }
}
