package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.insight.LeakTracking.Level;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.StackEnd;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The close of a scope that comes to the end of its stack, at whatever depth, loses neither block nor generation: a caller further up can
 * close the scope, and then the heap.
 */
class ScopeStackEndTest {
    @ParameterizedTest
    @CsvSource({"confined, 100000", "shared, 100", "shared, 100000", "group, 100", "group, 100000", "hardened, 100", "hardened, 100000",
            "confinedInShared, 20000", "tracked, 20000"})
    void noBlockIsLostWhereTheStackEndsInAClose(String kind, String bytes) throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of("-Xint"), Child.class, kind, bytes).output())
                .containsPattern("overflows [1-9]").contains("lost 0;");
    }

    /** What the JVM of its own runs. */
    public static final class Child {
        private static final long STACK_BYTES = 400 * 1024;
        /** The last of these are further from the end than the deepest close. */
        private static final int DEPTHS = 500;

        private final String kind;
        private final long bytes;
        private int overflows;

        private Child(String kind, long bytes) {
            this.kind = kind;
            this.bytes = bytes;
        }

        public static void main(String[] arguments) throws InterruptedException {
            Child child = new Child(arguments[0], Long.parseLong(arguments[1]));
            Thread thread = new Thread(null, child::closeAtEachDepth, "deep", STACK_BYTES);
            thread.start();
            thread.join();
        }

        private void closeAtEachDepth() {
            boolean ignored = isLost(Integer.MAX_VALUE); // then all classes are there
            int depth = StackEnd.depth();
            overflows = 0;
            int lost = 0;
            for (int k = 0; k < DEPTHS; k += 3) {
                lost += isLost(depth - k) ? 1 : 0;
            }
            System.out.println("overflows " + overflows + ", lost " + lost + ";");
        }

        /** Whether a close at that depth, and one further up where that one was too deep, leave anything of the scope. */
        private boolean isLost(int depth) {
            Heap heap = heap();
            ScopeGroup group = kind.equals("group") ? ScopeGroup.create(heap, 1, 0) : null;
            HeapScope scope = group != null ? group.open() : kind.equals("shared") ? HeapScope.ofShared(heap) : HeapScope.ofConfined(heap);
            scope.allocate(bytes);
            if (StackEnd.isReachedBy(depth, scope::close)) {
                overflows++;
                closeAgain(scope);
            }
            if (group != null) {
                group.close();
            }
            return heap.statistics().liveBlocks() != 0 || !isClosed(heap);
        }

        private Heap heap() {
            return Heap.create(switch (kind) {
                case "confined" -> HeapOptions.confined();
                case "tracked" -> HeapOptions.confined().leaks(Level.FULL, report -> System.out.println(report));
                case "hardened" -> HeapOptions.confined().hardened(Hardening.NONE.withCanary());
                default -> HeapOptions.shared();
            });
        }

        private static void closeAgain(HeapScope scope) {
            try {
                scope.close();
            } catch (IllegalStateException whatOverflowedWasTheEndOfItsGeneration) {
                return;
            }
        }

        private static boolean isClosed(Heap heap) {
            try {
                heap.close();
                return heap.budget().usedBytes() == 0;
            } catch (IllegalStateException openScopes) {
                return false;
            }
        }
    }
}
