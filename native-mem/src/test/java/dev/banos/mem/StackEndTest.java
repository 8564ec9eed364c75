package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.insight.LeakTracking.Level;
import dev.banos.mem.slots.SizeClasses;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.StackEnd;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whoever comes to the end of its stack in a call about a direct mapping, or in a realloc that copies, loses no block, at whatever depth: of
 * what a heap is charged for, nothing is left but what its cache keeps, and after the close not even that.
 */
class StackEndTest {
    @ParameterizedTest
    @CsvSource({"0, 100000, 100000", "8388608, 100000, 100000", "0, 100000, 300000", "0, 300000, 100000", "8388608, 100000, 300000",
            "0, 3000000, 3000000"})
    void noMappingIsLostWhereTheStackEnds(String cacheBytes, String bytes, String newBytes) throws IOException, InterruptedException {
        assertNothingIsLost("shared", cacheBytes, bytes, newBytes);
    }

    @ParameterizedTest
    @CsvSource({"shared, 100, 1000", "shared, 100000, 1000", "shared, 100, 100000", "tracked, 100, 1000", "tracked, 100000, 1000",
            "hardened, 100, 1000", "hardened, 100000, 300000"})
    void neitherBlockNorCopyIsLostWhereTheStackEnds(String kind, String bytes, String newBytes) throws IOException, InterruptedException {
        assertNothingIsLost(kind, "0", bytes, newBytes);
    }

    /** Neither kept nor live, it would be charged for good. */
    @Test
    void aFreeThatTheStacksEndBreaksOffLeavesTheMappingLive() throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of("-Xint"), FreeChild.class).output()).containsPattern("overflows [1-9]").contains("lost 0;");
    }

    /** Its record, or its life, has ended before the slot is free. */
    @ParameterizedTest
    @ValueSource(strings = {"tracked", "hardened"})
    void aFreeThatTheStacksEndBreaksOffLosesNoSlot(String kind) throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of("-Xint"), SlotChild.class, kind).output()).containsPattern("overflows [1-9]").contains("left 0;");
    }

    /** Frees once more what was not freed. */
    public static final class SlotChild {
        private static final long STACK_BYTES = 256 * 1024;
        private static final int DEPTHS = 250;
        private static final long LARGE = 20_000;

        private SlotChild() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            Thread thread = new Thread(null, () -> freeAtEachDepth(heap(arguments[0])), "deep", STACK_BYTES);
            thread.start();
            thread.join();
        }

        private static Heap heap(String kind) {
            return Heap.create(kind.equals("tracked") ? HeapOptions.shared().leaks(Level.FULL, report -> System.out.println(report))
                    : HeapOptions.shared().hardened(Hardening.NONE.withCanary().withQuarantine(1 << 20)));
        }

        private static void freeAtEachDepth(Heap heap) {
            heap.free(heap.malloc(LARGE)); // then all classes are there
            int depth = StackEnd.depth();
            int overflows = 0;
            for (int k = 0; k < DEPTHS; k++) {
                long block = heap.malloc(LARGE);
                if (StackEnd.isReachedBy(depth - k, () -> heap.free(block))) {
                    overflows++;
                    freeIfLive(heap, block);
                }
            }
            if (heap.hardened() != null) {
                heap.hardened().reclaim();
            }
            heap.trim();
            System.out.println("overflows " + overflows + ", left " + heap.budget().usedBytes() + ";");
        }

        private static void freeIfLive(Heap heap, long block) {
            try {
                heap.free(block);
            } catch (InvalidBlockException freed) {
                return;
            }
        }
    }

    /** Each call by a handle is linked by its first use, which takes much stack: that of a release, too. */
    @Test
    void aMallocThatTheStacksEndBreaksOffIsNotChargedThoughNothingWasFreedBefore() throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of("-Xint"), MallocChild.class).output()).containsPattern("overflows [1-9]").contains("lost 0;");
    }

    /** Frees nothing. */
    public static final class MallocChild {
        private static final long STACK_BYTES = 256 * 1024;
        private static final int DEPTHS = 150;

        private MallocChild() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            Thread thread = new Thread(null, MallocChild::mallocAtEachDepth, "deep", STACK_BYTES);
            thread.start();
            thread.join();
        }

        private static void mallocAtEachDepth() {
            Heap heap = Heap.create(HeapOptions.shared());
            heap.malloc(1 << 20); // then all other classes are there
            int depth = StackEnd.depth();
            int overflows = 0;
            for (int k = 0; k < DEPTHS; k++) {
                overflows += StackEnd.isReachedBy(depth - k, () -> heap.malloc(1 << 20)) ? 1 : 0;
            }
            long lost = heap.budget().usedBytes() - heap.statistics().mappedBytes();
            System.out.println("overflows " + overflows + ", lost " + lost + ";");
        }
    }

    /** Each depth in turn, where the other child frees once more, and so hides what the first free has lost. */
    public static final class FreeChild {
        private static final long STACK_BYTES = 400 * 1024;
        private static final int DEPTHS = 150;

        private FreeChild() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            Thread thread = new Thread(null, FreeChild::freeAtEachDepth, "deep", STACK_BYTES);
            thread.start();
            thread.join();
        }

        private static void freeAtEachDepth() {
            Heap heap = Heap.create(HeapOptions.shared().mappingCache(8 << 20));
            heap.free(heap.malloc(1 << 20));
            int depth = StackEnd.depth();
            int overflows = 0;
            int lost = 0;
            for (int k = 0; k < DEPTHS; k++) {
                long block = heap.malloc(1 << 20);
                overflows += StackEnd.isReachedBy(depth - k, () -> heap.free(block)) ? 1 : 0;
                HeapStatistics statistics = heap.statistics();
                lost += heap.budget().usedBytes() == statistics.cachedBytes() + statistics.mappedBytes() ? 0 : 1;
            }
            System.out.println("overflows " + overflows + ", lost " + lost + ";");
        }
    }

    private static void assertNothingIsLost(String... arguments) throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of("-Xint"), Child.class, arguments).output())
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
            HeapOptions kind = switch (arguments[0]) {
                case "tracked" -> HeapOptions.shared().leaks(Level.FULL, report -> System.out.println(report));
                case "hardened" -> HeapOptions.shared().hardened(Hardening.NONE.withCanary().withQuarantine(1 << 16).withGuard());
                default -> HeapOptions.shared().mappingCache(Long.parseLong(arguments[1]));
            };
            Heap heap = Heap.create(kind);
            Child child = new Child(heap, Long.parseLong(arguments[2]), Long.parseLong(arguments[3]));
            child.use(); // then all classes are there
            child.use();
            int overflows = StackEnd.atEachDepth(THREADS, STACK_BYTES, child::use);
            if (heap.hardened() != null) {
                heap.hardened().reclaim();
            }
            if (child.isOfSlots()) {
                heap.trim();
            }
            HeapStatistics statistics = heap.statistics();
            long left = heap.budget().usedBytes() - statistics.cachedBytes();
            heap.close();
            System.out.println("done " + child.done + ", overflows " + overflows + ", left " + left + ", live " + statistics.liveBlocks()
                    + ", after the close " + heap.budget().usedBytes() + ";");
        }

        private boolean isOfSlots() {
            return Math.min(bytes, newBytes) < SizeClasses.DIRECT_BYTES;
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
