package dev.banos.loader;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** C's atomic operations of each width and order: on aarch64, compilers leave them to functions that no process has. */
class AtomicOperationsTest {
    private static final List<String> ORDERS = List.of("RELAXED", "ACQUIRE", "RELEASE", "ACQ_REL", "SEQ_CST");
    private static final String HEAD = "typedef unsigned char u8; typedef unsigned short u16; typedef unsigned u32; typedef unsigned long u64;\n";

    @TempDir
    Path folder;

    @Test
    void eachOperationDoesWhatItsNameSays() throws Throwable {
        StringBuilder code = new StringBuilder(HEAD);
        for (int bits = 8; bits <= 64; bits *= 2) {
            for (String order : ORDERS) {
                for (String operation : List.of("exchange_n", "fetch_add", "fetch_and", "fetch_xor", "fetch_or")) {
                    code.append("u64 %s_%d_%s(u%d *p, u64 a) { return __atomic_%s(p, (u%d) a, __ATOMIC_%s); }%n"
                            .formatted(operation, bits, order, bits, operation, bits, order));
                }
                code.append(("u64 compare_%d_%s(u%d *p, u64 a, u64 b) { u%d old = (u%d) a;"
                        + " __atomic_compare_exchange_n(p, &old, (u%d) b, 0, __ATOMIC_%s, __ATOMIC_RELAXED); return old; }%n")
                        .formatted(bits, order, bits, bits, bits, bits, order));
            }
        }
        Random random = new Random(7);
        Path file = CCompiler.text(folder, "atomics", code.toString(), "-O2");
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(file).link(); Arena scope = Arena.ofConfined()) {
            MemorySegment word = scope.allocate(JAVA_LONG);
            for (int bits = 8; bits <= 64; bits *= 2) {
                long mask = -1L >>> 64 - bits;
                for (String order : ORDERS) {
                    for (String operation : List.of("exchange_n", "fetch_add", "fetch_and", "fetch_xor", "fetch_or")) {
                        MethodHandle call = library.handle(operation + "_" + bits + "_" + order, FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG));
                        long before = random.nextLong();
                        long argument = random.nextLong();
                        word.set(JAVA_LONG, 0, before);
                        long old = (long) call.invokeExact(word, argument);
                        String name = operation + " of " + bits + " bits, " + order;
                        assertThat(old).as(name).isEqualTo(before & mask);
                        assertThat(word.get(JAVA_LONG, 0)).as(name).isEqualTo(before & ~mask | result(operation, before, argument) & mask);
                    }
                    requireCompares(library, "compare_" + bits + "_" + order, word, mask, random);
                }
            }
        }
    }

    private static void requireCompares(LinkedLibrary library, String name, MemorySegment word, long mask, Random random) throws Throwable {
        MethodHandle call = library.handle(name, FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG));
        for (boolean equal : new boolean[] {true, false}) {
            long before = random.nextLong();
            long after = random.nextLong();
            word.set(JAVA_LONG, 0, before);
            long old = (long) call.invokeExact(word, equal ? before : before ^ 1, after);
            assertThat(old).as(name).isEqualTo(before & mask);
            assertThat(word.get(JAVA_LONG, 0)).as(name).isEqualTo(equal ? before & ~mask | after & mask : before);
        }
    }

    private static long result(String operation, long before, long argument) {
        return switch (operation) {
            case "exchange_n" -> argument;
            case "fetch_add" -> before + argument;
            case "fetch_and" -> before & argument;
            case "fetch_xor" -> before ^ argument;
            default -> before | argument;
        };
    }
}
