package dev.banos.fuzz.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.ProgramText;
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
    private static final int THREADS = 2;
    private static final long LARGEST_ALIGNMENT = 2 << 20;
    private static final Repertoire PLAIN = new Repertoire(LARGEST_ALIGNMENT, false, false, true, false);

    private static void forEachMutation(String example, Repertoire repertoire, java.util.function.Consumer<Operations> check) {
        Mutator mutator = new Mutator(ProgramText.parse(example), repertoire, OPERATIONS, THREADS);
        for (int seed = 0; seed < SEEDS; seed++) {
            check.accept(mutator.mutate(seed));
        }
    }

    private static boolean has(Operations program, int kind) {
        for (int i = 0; i < program.length(); i++) {
            if (program.kind(i) == kind) {
                return true;
            }
        }
        return false;
    }

    @Test
    void noMoreThreadsThanAllowed() {
        String example = "b0 = malloc(24)\nthread 3: b1 = malloc(24)\nthread 2: free(b0)\nthread 2: exit\nthread 3: exit\nfree(b1)\n".repeat(50);
        forEachMutation(example, PLAIN, program -> assertThat(threads(program)).isSubsetOf(0, 1));
        forEachMutation(example, new Repertoire(LARGEST_ALIGNMENT, false, false, false, false), program -> {
            assertThat(threads(program)).isSubsetOf(0);
            assertThat(has(program, Operations.EXIT)).isFalse();
        });
    }

    private static List<Integer> threads(Operations program) {
        return IntStream.range(0, program.length()).map(program::thread).boxed().distinct().toList();
    }

    @Test
    void anAlignmentIsNoSizeToMutate() {
        forEachMutation("b0 = malloc(24)\nmisaligned(24)\nfree(b0)\n".repeat(50), new Repertoire(LARGEST_ALIGNMENT, false, true, true, false),
                program -> assertThat(program.toString().lines().filter(line -> line.startsWith("misaligned")))
                        .allMatch("misaligned(24)"::equals));
    }

    @Test
    void whatIsNotPromisedIsNotAskedFor() {
        String example = "misaligned(24)\nb0 = malloc(1)\nb1 = aligned_alloc(4096, 8)\n";
        forEachMutation(example.repeat(50), PLAIN, program -> assertThat(has(program, Operations.MISALIGNED)).isFalse());
        forEachMutation(example.repeat(50), new Repertoire(0, false, true, true, false), program -> {
            assertThat(has(program, Operations.MISALIGNED)).isFalse();
            assertThat(has(program, Operations.ALIGNED)).isFalse();
        });
    }

    /** More would look like an allocator that takes more than is live. */
    @Test
    void littleIsLive() {
        String large = lines(400, block -> "b" + block + (block % 2 == 0 ? " = malloc(60000000)\n" : " = calloc(2, 25000000)\n"));
        String small = lines(100, block -> "b" + block + " = malloc(8)\n");
        String refused = lines(400, block -> "b" + block + " = calloc(9223372036854775808, 3)\n");
        for (Repertoire repertoire : List.of(PLAIN, new Repertoire(LARGEST_ALIGNMENT, false, false, true, true))) {
            for (String example : List.of(large + "close\n" + large, small + "close\n" + large, refused + large)) {
                forEachMutation(example, repertoire, program -> assertThat(mostLive(program, repertoire)).isLessThanOrEqualTo(256L << 20));
            }
        }
    }

    private static String lines(int blocks, IntFunction<String> line) {
        return IntStream.range(0, blocks).mapToObj(line).collect(Collectors.joining());
    }

    /** Of a run on an allocator that serves what can exist. */
    private static long mostLive(Operations program, Repertoire repertoire) {
        Map<Integer, BigInteger> live = new HashMap<>();
        BigInteger most = BigInteger.ZERO;
        for (int i = 0; i < program.length(); i++) {
            BigInteger size = new BigInteger(Long.toUnsignedString(program.size(i)));
            size = program.kind(i) == Operations.CALLOC ? size.shiftLeft(program.log2(i)) : size;
            boolean isServed = size.bitLength() < Long.SIZE - 1;
            switch (program.kind(i)) {
                case Operations.MALLOC, Operations.CALLOC, Operations.ALIGNED -> {
                    if (isServed) {
                        live.putIfAbsent(program.slot(i), size);
                    }
                }
                case Operations.REALLOC -> {
                    if (isServed) {
                        live.put(program.slot(i), size);
                    }
                }
                case Operations.FREE, Operations.FREE_TWICE -> live.remove(program.slot(i));
                case Operations.CLOSE -> {
                    if (repertoire.closes()) {
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
        forEachMutation(lines(8 * OPERATIONS, block -> "b" + block + " = malloc(1000000)\n"), PLAIN,
                program -> assertThat(program.slots()).isBetween(1, OPERATIONS));
    }

    /** A recording may use millions, and each costs the interpreters room. */
    @Test
    void slotsAreFew() {
        forEachMutation("b1000000 = malloc(8)\nfree(b1000000)\nb999999 = malloc(8)\n".repeat(100), PLAIN,
                program -> assertThat(program.slots()).isBetween(1, 2));
    }
}
