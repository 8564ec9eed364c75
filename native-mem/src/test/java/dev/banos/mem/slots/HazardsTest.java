package dev.banos.mem.slots;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Malloc;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.StackEnd;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever comes to the end of its stack in another thread's free holds no place afterwards: all would have one less, for good. */
class HazardsTest {
    private static final String RELEASE_INTERPRETED = "-XX:CompileCommand=exclude,dev.banos.mem.slots.Hazards::release";

    @ParameterizedTest
    @ValueSource(strings = {"-Xint", "-Xmixed", RELEASE_INTERPRETED, RELEASE_INTERPRETED + " -XX:TieredStopAtLevel=1"})
    void noPlaceStaysHeldWhereTheStackEnds(String flags) throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of(("-XX:CompileCommand=quiet " + flags).split(" ")), Child.class).output())
                .containsPattern("freed [1-9]").containsPattern("overflows [1-9]").contains("held 0;");
    }

    /** What the JVM of its own runs. */
    public static final class Child {
        private static final int THREADS = 20;
        private static final int WARM_UP = 20_000;
        private static final long STACK_BYTES = 200 * 1024;
        private static final long[] BLOCKS = new long[100_000];
        private static int used;
        private static int freed;

        private Child() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            for (int i = 0; i < BLOCKS.length; i++) {
                BLOCKS[i] = Malloc.malloc(64);
            }
            Thread first = new Thread(() -> {
                while (used < WARM_UP) {
                    Malloc.free(BLOCKS[used++]);
                }
            });
            first.start();
            first.join();
            int overflows = StackEnd.atEachDepth(THREADS, STACK_BYTES, Child::free);
            System.out.println("freed " + freed + ", overflows " + overflows + ", held " + Hazards.list(new long[Hazards.PLACES]) + ";");
            Runtime.getRuntime().halt(0); // a place that is held makes others wait
        }

        /** Another thread's block. */
        private static void free() {
            if (used < BLOCKS.length) {
                Malloc.free(BLOCKS[used++]);
                freed++;
            }
        }
    }
}
