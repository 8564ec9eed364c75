package dev.banos.mem.slots;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Malloc;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.FullJavaHeap;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The tables of arenas grow together, each time with a little more room in Java's heap, or not at all. */
class SpansInFullJavaHeapTest {
    @Test
    void theTablesOfArenasGrowTogetherOrNotAtAll() throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of("-Xmx8m", "-XX:+UseSerialGC", "-XX:-UseTLAB", "-ea", "-Dbanos.mem.purgeDelayMillis=100000"),
                Child.class).output()).containsPattern("out of memory [1-9]").contains("then taken;");
    }

    /** What the JVM with the small heap runs. */
    public static final class Child {
        /** Each is a few bytes more, and less than one of the tables. */
        private static final int STEPS = 300;

        private Child() {
        }

        public static void main(String[] arguments) {
            Malloc.free(Malloc.malloc(100)); // then all classes are there
            FullJavaHeap javaHeap = new FullJavaHeap(STEPS);
            int tables = Integer.highestOneBit(Spans.committed()) * 128; // how many arenas they have room for, or more
            while (Spans.committed() < tables) {
                Spans.take(SizeClasses.SPANS_PER_ARENA);
            }
            javaHeap.fill();
            int outOfMemory = 0;
            int taken = Spans.NONE;
            for (int i = 0; i < STEPS && taken == Spans.NONE; i++) {
                try {
                    taken = Spans.take(SizeClasses.SPANS_PER_ARENA);
                } catch (OutOfMemoryError javaHeapIsFull) {
                    outOfMemory++;
                }
                javaHeap.giveBack(1);
            }
            javaHeap.empty();
            System.out.println("out of memory " + outOfMemory + ", then " + (taken == Spans.NONE ? "none;" : "taken;"));
        }
    }
}
