package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
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
        StringBuilder example = new StringBuilder();
        for (int block = 0; block < 400; block++) {
            example.append("b").append(block).append(block % 2 == 0 ? " = malloc(60000000)\n" : " = calloc(2, 25000000)\n");
        }
        forEachMutation(example.append("close\n").append(example).toString(), Promises.ofC(), program -> {
            Map<Integer, Long> live = new HashMap<>();
            for (int i = 0; i < program.length(); i++) {
                if (Program.isSized(program.kind(i))) {
                    live.putIfAbsent(program.slot(i), program.size(i) << program.log2(i));
                }
            }
            assertThat(live.values().stream().mapToLong(Long::longValue).sum()).isLessThanOrEqualTo(512L << 20);
        });
    }

    /** A recording may use millions, and each costs the interpreters room. */
    @Test
    void slotsAreFew() {
        forEachMutation("b1000000 = malloc(8)\nfree(b1000000)\nb999999 = malloc(8)\n".repeat(100), Promises.ofC(),
                program -> assertThat(program.slots()).isBetween(1, 2));
    }
}
