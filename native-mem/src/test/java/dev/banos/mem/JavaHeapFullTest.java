package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.Native;
import dev.banos.mem.insight.Footprint;
import dev.banos.mem.insight.HeapFigures;
import dev.banos.mem.insight.LeakTracking.Level;
import dev.banos.mem.mappings.MappingCaches;
import dev.banos.mem.slots.SizeClasses;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.FullJavaHeap;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The Java heap is full but for some bytes, in a JVM of its own that takes each object from the heap itself: a call does its work, or
 * throws an {@link OutOfMemoryError} and has done nothing. What lives is what the test has, and the figures agree.
 */
class JavaHeapFullTest {
    private static final List<String> FLAGS = List.of("-Xmx8m", "-XX:+UseSerialGC", "-XX:-UseTLAB", "-ea",
            "-Dbanos.mem.purgeDelayMillis=100000");

    @ParameterizedTest
    @ValueSource(strings = {"malloc", "shared", "cached", "cachedShared", "child", "tracked", "hardened"})
    void eachCallIsDoneOrIsNot(String kind) throws IOException, InterruptedException {
        List<String> flags = new ArrayList<>(FLAGS);
        flags.add("-Dkind=" + kind);
        assertThat(ChildJvm.run(flags, Child.class).output()).contains("as expected: out of memory ").doesNotContain("WRONG");
    }

    /** Java's heap has room for nothing while a damaged block leaves the quarantine: the next verify tells, and nobody gets the block. */
    @Test
    void damageThatThereWasNoRoomToReportIsReportedLater() throws IOException, InterruptedException {
        assertThat(ChildJvm.run(FLAGS, Quarantined.class).output()).contains("at once false, later true, given out false, at last 0");
    }

    /** A new block that was not written to, for want of room in Java's heap, is nobody's. */
    @Test
    void callocReallocAndAllocateLeaveNoBlockBehind() throws IOException, InterruptedException {
        assertThat(ChildJvm.run(FLAGS, Unwritten.class).output()).contains("calloc true 1, realloc true 1, allocate true 1, of malloc true 0");
    }

    /** Each with a little more room: what comes from the cache for a copy is not lost where the copy comes to nothing. */
    @Test
    void growthLosesNoMappingThatWasKept() throws IOException, InterruptedException {
        assertThat(ChildJvm.run(FLAGS, Growing.class).output()).containsPattern("grown [1-9]").containsPattern("out of memory [1-9]")
                .contains("left 0;");
    }

    /** What the JVM with the small heap runs for that. */
    public static final class Growing {
        private static final int HEAPS = 60;
        private static final long MIB = 1 << 20;

        private Growing() {
        }

        public static void main(String[] arguments) {
            Heap[] heaps = new Heap[HEAPS];
            long[] blocks = new long[HEAPS];
            FullJavaHeap javaHeap = new FullJavaHeap(HEAPS);
            grow(heaps, blocks); // then all classes are there
            int grown = 0;
            int outOfMemory = 0;
            open(heaps, blocks);
            javaHeap.fill();
            for (int i = 0; i < HEAPS; i++) {
                try {
                    blocks[i] = heaps[i].realloc(blocks[i], 2 * MIB);
                    grown++;
                } catch (OutOfMemoryError javaHeapIsFull) {
                    outOfMemory++;
                }
                javaHeap.giveBack(1);
            }
            javaHeap.empty();
            System.out.println("grown " + grown + ", out of memory " + outOfMemory + ", left " + close(heaps) + ";");
        }

        private static void grow(Heap[] heaps, long[] blocks) {
            open(heaps, blocks);
            for (int i = 0; i < HEAPS; i++) {
                blocks[i] = heaps[i].realloc(blocks[i], 2 * MIB);
            }
            long ignored = close(heaps);
        }

        /** Each has a block, and keeps a mapping that is twice as long. */
        private static void open(Heap[] heaps, long[] blocks) {
            for (int i = 0; i < HEAPS; i++) {
                heaps[i] = Heap.create(HeapOptions.shared().mappingCache(8 * MIB));
                blocks[i] = heaps[i].malloc(MIB);
                heaps[i].free(heaps[i].malloc(2 * MIB));
            }
        }

        private static long close(Heap[] heaps) {
            long left = 0;
            for (Heap heap : heaps) {
                heap.close();
                left += heap.budget().usedBytes();
            }
            return left;
        }
    }

    /** Each with a little more room: a scope for which there is none is counted nowhere, and a heap that there is none for is in no list. */
    @Test
    void whatCannotBeMadeIsWaitedForByNobody() throws IOException, InterruptedException {
        assertThat(ChildJvm.run(FLAGS, Made.class).output()).containsPattern("opened [1-9]").containsPattern("created [1-9]")
                .containsPattern("out of memory [1-9][0-9]* and [1-9]").contains("left 0 scopes, 0 hardened heaps, 0 caches;");
    }

    /** What the JVM with the small heap runs for that. */
    public static final class Made {
        private static final int ROUNDS = 60;

        private static final int CRUMBS = 40;

        private final FullJavaHeap javaHeap = new FullJavaHeap(ROUNDS * CRUMBS);
        private final AutoCloseable[] all = new AutoCloseable[3 * ROUNDS];
        private int made;
        private int outOfMemory;

        private Made() {
        }

        public static void main(String[] arguments) throws Exception {
            ScopeGroup group = ScopeGroup.create(5, 1 << 20);
            Made scopes = new Made();
            scopes.make(() -> scopes.keep(group.open()));
            scopes.close();
            group.retire();
            try (Heap parent = Heap.createShared()) {
                HeapOptions cached = HeapOptions.confined().childOf(parent).mappingCache(1 << 20);
                HeapOptions hardened = HeapOptions.shared().childOf(parent).hardened(Hardening.ALL);
                Made heaps = new Made();
                heaps.make(() -> heaps.keep(Heap.create(cached)));
                heaps.make(() -> heaps.keep(Heap.create(hardened)));
                heaps.close();
                System.out.println("opened " + scopes.made + ", created " + heaps.made + ", out of memory " + scopes.outOfMemory + " and "
                        + heaps.outOfMemory + ", left " + group.waitingScopes() + " scopes, " + HardenedBlocks.openHeaps() + " hardened heaps, "
                        + MappingCaches.open() + " caches;");
            }
        }

        /** Closed when there is room: a close beside a full heap is another test's. */
        private void keep(AutoCloseable closeable) {
            all[made] = closeable;
        }

        private void make(Runnable make) {
            make.run(); // then all classes are there
            made++;
            javaHeap.fill();
            for (int i = 0; i < ROUNDS; i++) {
                try {
                    make.run();
                    made++;
                } catch (OutOfMemoryError javaHeapIsFull) {
                    outOfMemory++;
                }
                javaHeap.giveBack(CRUMBS);
            }
            javaHeap.empty();
        }

        private void close() throws Exception {
            for (int i = 0; i < made; i++) {
                all[i].close();
            }
        }
    }

    /** What the JVM with the small heap runs for that. */
    public static final class Unwritten {
        private Unwritten() {
        }

        public static void main(String[] arguments) {
            FullJavaHeap javaHeap = new FullJavaHeap(0);
            try (Heap heap = Heap.createShared()) {
                long block = heap.realloc(heap.calloc(1, 40_000), 1_000); // then all classes and runs are there
                heap.free(heap.calloc(1, 40_000));
                heap.free(heap.allocate(1_000));
                Malloc.free(Malloc.allocate(1_000));
                System.out.println("calloc " + leaves(javaHeap, heap, () -> heap.calloc(1, 40_000)) + ", realloc "
                        + leaves(javaHeap, heap, () -> heap.realloc(block, 40_000)) + ", allocate "
                        + leaves(javaHeap, heap, () -> heap.allocate(1_000)) + ", of malloc "
                        + leaves(javaHeap, Heap.current(), () -> Malloc.allocate(1_000)));
            }
        }

        /** Whether the call had no room in Java's heap, and how many blocks live then. */
        private static String leaves(FullJavaHeap javaHeap, Heap heap, Runnable call) {
            boolean isFull = false;
            javaHeap.fill();
            try {
                call.run();
            } catch (OutOfMemoryError full) {
                isFull = true;
            }
            javaHeap.empty();
            return isFull + " " + heap.statistics().liveBlocks();
        }
    }

    /** What the JVM with the small heap runs for damage. */
    public static final class Quarantined {
        private static final int SIZE = 1024; // as large as its slot

        private Quarantined() {
        }

        public static void main(String[] arguments) {
            FullJavaHeap javaHeap = new FullJavaHeap(0);
            damage(javaHeap, false); // then all classes are there
            System.out.println(damage(javaHeap, true));
        }

        private static String damage(FullJavaHeap javaHeap, boolean fills) {
            Heap heap = Heap.create(HeapOptions.shared().hardened(Hardening.NONE.withQuarantine(SIZE)));
            long first = heap.malloc(SIZE);
            heap.malloc(SIZE); // a free looks at the block before, too
            long second = heap.malloc(SIZE);
            heap.free(first);
            Native.EVERYTHING.set(ValueLayout.JAVA_BYTE, first + SIZE / 2, (byte) 0);
            Runnable free = () -> heap.free(second);
            if (fills) {
                javaHeap.fill();
            }
            boolean atOnce = isDamaged(free);
            javaHeap.empty();
            boolean later = isDamaged(heap::verify);
            boolean givenOut = false;
            for (int i = 0; i < 200; i++) {
                givenOut |= heap.malloc(SIZE) == first;
            }
            heap.close();
            return "at once " + atOnce + ", later " + later + ", given out " + givenOut + ", at last " + heap.budget().usedBytes();
        }

        private static boolean isDamaged(Runnable look) {
            try {
                look.run();
                return false;
            } catch (CorruptBlockException found) {
                return true;
            }
        }
    }

    /** What the JVM with the small heap runs. */
    public static final class Child {
        private static final int ROUNDS = 8;
        private static final int CALLS = 12;
        private static final int MOST_CRUMBS = 40;
        private static final Heap PARENT = Heap.createShared();

        private final SplittableRandom random = new SplittableRandom(1);
        private final Heap heap;
        private final FullJavaHeap javaHeap = new FullJavaHeap(MOST_CRUMBS);
        private final long[] live = new long[20 + ROUNDS * CALLS];
        private int count;
        private int outOfMemory;

        private Child(Heap heap) {
            this.heap = heap;
        }

        public static void main(String[] arguments) {
            new Child(heap(System.getProperty("kind"))).run();
        }

        private static Heap heap(String kind) {
            return switch (kind) {
                case "malloc" -> Heap.current();
                case "shared" -> Heap.create(HeapOptions.shared().limit(1L << 40));
                case "cached" -> Heap.create(HeapOptions.confined().mappingCache(8 << 20));
                case "cachedShared" -> Heap.create(HeapOptions.shared().mappingCache(8 << 20));
                case "child" -> Heap.create(HeapOptions.shared().childOf(PARENT));
                case "tracked" -> Heap.create(HeapOptions.shared().childOf(PARENT).leaks(Level.FULL, _ -> { }));
                case "hardened" -> Heap.create(HeapOptions.shared().childOf(PARENT).hardened(Hardening.ALL));
                default -> throw new IllegalArgumentException(kind);
            };
        }

        private void run() {
            for (int i = 0; i < 20; i++) {
                call();
            }
            for (int round = 0; round < ROUNDS; round++) {
                javaHeap.fill();
                javaHeap.giveBack(random.nextInt(MOST_CRUMBS));
                for (int i = 0; i < CALLS; i++) {
                    call();
                }
                javaHeap.empty();
                check(round);
            }
            if (!heap.isOfMalloc()) {
                close();
            }
            System.out.println("as expected: out of memory " + outOfMemory);
        }

        private void call() {
            try {
                int kind = count == 0 ? 0 : random.nextInt(8);
                if (kind < 4) {
                    add(random.nextInt(6) == 0 ? heap.alignedAlloc(1L << random.nextInt(4, 15), size()) : heap.calloc(1, size()));
                } else if (kind < 6) {
                    free(random.nextInt(count));
                } else {
                    resize(random.nextInt(count));
                }
            } catch (OutOfMemoryError javaHeapIsFull) {
                outOfMemory++;
            }
        }

        private long size() {
            return switch (random.nextInt(4)) {
                case 0 -> random.nextLong(SizeClasses.DIRECT_BYTES, 300_000);
                case 1 -> random.nextLong(2_000);
                default -> random.nextLong(SizeClasses.DIRECT_BYTES);
            };
        }

        private void add(long block) {
            if (block != 0) {
                live[count++] = block;
            }
        }

        /** A free that throws may have been done: then its block is live no more, and nothing else of it may be left. */
        private void free(int index) {
            long block = live[index];
            live[index] = live[--count];
            try {
                heap.free(block);
            } catch (OutOfMemoryError javaHeapIsFull) {
                javaHeap.empty();
                if (isLive(block)) {
                    add(block);
                }
                throw javaHeapIsFull;
            }
        }

        private void resize(int index) {
            long moved = heap.realloc(live[index], random.nextLong(1, 200_000));
            live[index] = moved == 0 ? live[index] : moved;
        }

        private boolean isLive(long block) {
            try {
                return heap.usableSize(block) >= 0;
            } catch (InvalidBlockException notLive) {
                return false;
            }
        }

        private void check(int round) {
            HeapStatistics now = heap.isOfMalloc() ? Malloc.statistics() : heap.statistics();
            for (int i = 0; i < count; i++) {
                expect(isLive(live[i]), "a block was lost in round " + round);
            }
            expect(now.liveBlocks() == count, "round " + round + ": " + count + " blocks, but " + now);
            expect(now.budget().usedBytes() == now.reservedBytes() + now.cachedBytes(), "round " + round + ": " + now);
            Footprint footprint = MemoryInsight.footprint();
            long spans = MemoryInsight.heaps().stream().flatMap(each -> each.sizeClasses().stream())
                    .mapToLong(HeapFigures.OfSizeClass::spanBytes).sum();
            expect(footprint.usedBytes() == spans, "round " + round + ": runs of " + spans + " bytes, but " + footprint);
        }

        /** It may say that there is no memory, but then once more closes it. */
        private void close() {
            javaHeap.fill();
            try {
                heap.close();
            } catch (OutOfMemoryError javaHeapIsFull) {
                outOfMemory++;
            }
            javaHeap.empty();
            heap.close();
            PARENT.close();
            expect(HardenedBlocks.openHeaps() == 0, "the close left a hardened heap");
            expect(heap.budget().usedBytes() == 0, "the close left " + heap.budget());
            expect(MemoryInsight.footprint().usedBytes() == 0, "the close left " + MemoryInsight.footprint());
            expect(MemoryInsight.footprint().mappings() == 0, "the close left " + MemoryInsight.footprint());
        }

        private static void expect(boolean holds, String otherwise) {
            if (!holds) {
                System.out.println("WRONG: " + otherwise);
                System.exit(1);
            }
        }
    }
}
