package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.testing.ChildJvm;
import dev.banos.testing.StackEnd;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Whoever comes to the end of its stack in a call about a direct mapping loses none, at whatever depth: of what a heap is charged
 * for, nothing is left but what its cache keeps, and after the close not even that.
 */
class StackEndTest {
    @ParameterizedTest
    @CsvSource({"0, 100000, 100000", "8388608, 100000, 100000", "0, 100000, 300000", "0, 300000, 100000", "8388608, 100000, 300000",
            "0, 3000000, 3000000"})
    void noMappingIsLostWhereTheStackEnds(String cacheBytes, String bytes, String newBytes) throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of("-Xint"), Child.class, cacheBytes, bytes, newBytes).output())
                .containsPattern("done [1-9]").containsPattern("overflows [1-9]").contains("left 0, live 0, after the close 0;");
    }

    /** What the JVM of its own runs. */
    public static final class Child {
        private static final int THREADS = 8;
        private static final long STACK_BYTES = 160 * 1024;

        private final Heap heap;
        private final long bytes;
        private final long newBytes;
        private int done;

        private Child(Heap heap, long bytes, long newBytes) {
            this.heap = heap;
            this.bytes = bytes;
            this.newBytes = newBytes;
        }

        public static void main(String[] arguments) throws InterruptedException {
            Heap heap = Heap.create(HeapOptions.shared().mappingCache(Long.parseLong(arguments[0])));
            Child child = new Child(heap, Long.parseLong(arguments[1]), Long.parseLong(arguments[2]));
            child.use(); // then all classes are there
            child.use();
            int overflows = StackEnd.atEachDepth(THREADS, STACK_BYTES, child::use);
            HeapStatistics statistics = heap.statistics();
            long left = heap.budget().usedBytes() - statistics.cachedBytes();
            heap.close();
            System.out.println("done " + child.done + ", overflows " + overflows + ", left " + left + ", live " + statistics.liveBlocks()
                    + ", after the close " + heap.budget().usedBytes() + ";");
        }

        private void use() {
            long block = heap.malloc(bytes);
            try {
                block = newBytes == bytes ? block : heap.realloc(block, newBytes);
                done++;
            } finally {
                heap.free(block);
            }
        }
    }
}
