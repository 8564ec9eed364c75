package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MutatorTest {
    private static final int SEEDS = 300;
    private static final int OPERATIONS = 500;

    private static void forEachMutation(String example, Promises promises, java.util.function.Consumer<Program> check) {
        Mutator mutator = new Mutator(Program.parse(example), promises, OPERATIONS);
        for (int seed = 0; seed < SEEDS; seed++) {
            check.accept(mutator.mutate(seed));
        }
    }

    private static boolean has(Program program, int kind) {
        for (int i = 0; i < program.length(); i++) {
            if (program.kind(i) == kind) {
                return true;
            }
        }
        return false;
    }

    @Test
    void anAlignmentIsNoSizeToMutate() {
        forEachMutation("b0 = malloc(24)\nmisaligned(24)\nfree(b0)\n".repeat(50), Promises.ofC().withCheckedAlignments(),
                program -> assertThat(program.toString().lines().filter(line -> line.startsWith("misaligned")))
                        .allMatch("misaligned(24)"::equals));
    }

    @Test
    void whatIsNotPromisedIsNotAskedFor() {
        String example = "misaligned(24)\nb0 = malloc(1)\nb1 = aligned_alloc(4096, 8)\n";
        forEachMutation(example.repeat(50), Promises.ofC(), program -> assertThat(has(program, Program.MISALIGNED)).isFalse());
        forEachMutation(example.repeat(50), Promises.ofC().withCheckedAlignments().withLargestAlignment(0), program -> {
            assertThat(has(program, Program.MISALIGNED)).isFalse();
            assertThat(has(program, Program.ALIGNED)).isFalse();
        });
    }

    /** More would look like an allocator that takes more than is live. */
    @Test
    void littleIsLive() {
        String large = lines(400, block -> "b" + block + (block % 2 == 0 ? " = malloc(60000000)\n" : " = calloc(2, 25000000)\n"));
        String small = lines(100, block -> "b" + block + " = malloc(8)\n");
        String refused = lines(400, block -> "b" + block + " = calloc(9223372036854775808, 3)\n");
        for (Promises promises : List.of(Promises.ofC(), Promises.ofC().withReturnAtClose())) {
            for (String example : List.of(large + "close\n" + large, small + "close\n" + large, refused + large)) {
                forEachMutation(example, promises, program -> assertThat(mostLive(program, promises)).isLessThanOrEqualTo(256L << 20));
            }
        }
    }

    private static String lines(int blocks, IntFunction<String> line) {
        return IntStream.range(0, blocks).mapToObj(line).collect(Collectors.joining());
    }

    /** Of a run on an allocator that serves what can exist. */
    private static long mostLive(Program program, Promises promises) {
        Map<Integer, BigInteger> live = new HashMap<>();
        BigInteger most = BigInteger.ZERO;
        for (int i = 0; i < program.length(); i++) {
            BigInteger size = new BigInteger(Long.toUnsignedString(program.size(i)));
            size = program.kind(i) == Program.CALLOC ? size.shiftLeft(program.log2(i)) : size;
            boolean isServed = size.bitLength() < Long.SIZE - 1;
            switch (program.kind(i)) {
                case Program.MALLOC, Program.CALLOC, Program.ALIGNED -> {
                    if (isServed) {
                        live.putIfAbsent(program.slot(i), size);
                    }
                }
                case Program.REALLOC -> {
                    if (isServed) {
                        live.put(program.slot(i), size);
                    }
                }
                case Program.FREE, Program.FREE_TWICE -> live.remove(program.slot(i));
                case Program.CLOSE -> {
                    if (promises.returnsAtClose()) {
                        live.clear();
                    }
                }
                default -> { }
            }
            most = most.max(live.values().stream().reduce(BigInteger.ZERO, BigInteger::add));
        }
        return most.longValueExact();
    }

    /** Those that would make too much live have no slot. */
    @Test
    void theExampleMayHaveMoreSlotsThanAProgramHasOperations() {
        forEachMutation(lines(8 * OPERATIONS, block -> "b" + block + " = malloc(1000000)\n"), Promises.ofC(),
                program -> assertThat(program.slots()).isBetween(1, OPERATIONS));
    }

    /** A recording may use millions, and each costs the interpreters room. */
    @Test
    void slotsAreFew() {
        forEachMutation("b1000000 = malloc(8)\nfree(b1000000)\nb999999 = malloc(8)\n".repeat(100), Promises.ofC(),
                program -> assertThat(program.slots()).isBetween(1, 2));
    }
}
