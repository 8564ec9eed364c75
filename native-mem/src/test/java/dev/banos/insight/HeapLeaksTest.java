package dev.banos.insight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.bindings.Native;
import dev.banos.mem.CorruptBlockException;
import dev.banos.mem.Hardening;
import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import dev.banos.mem.InvalidBlockException;
import dev.banos.mem.Malloc;
import dev.banos.mem.insight.LeakReport;
import dev.banos.mem.insight.LeakReport.Site;
import dev.banos.mem.insight.LeakTracking;
import dev.banos.mem.insight.LeakTracking.Level;
import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is remembered of the blocks of heaps that an application makes. */
@Isolated
@Timeout(120)
class HeapLeaksTest {
    private final List<LeakReport> reports = new ArrayList<>();

    @AfterEach
    void nothingIsRememberedOfHeapsThatAreClosed() {
        LeakTracking.level(Level.OFF);
        assertThat(LeakTracking.count()).isZero();
    }

    static Stream<HeapOptions> kinds() {
        return Stream.of(HeapOptions.confined(), HeapOptions.shared(), HeapOptions.shared().hardened(Hardening.ALL),
                HeapOptions.confined().mappingCache(1 << 20)).map(kind -> kind.named("images"));
    }

    private Heap tracked(HeapOptions kind, Level level) {
        return Heap.create(kind.leaks(level, reports::add));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void fullRemembersEveryBlockWithItsStack(HeapOptions kind) {
        try (Heap heap = tracked(kind, Level.FULL)) {
            leakHere(heap, 10, 100);
            leakThere(heap, 30, 50);
            leakThere(heap, 1, 100_000);
            List<Site> sites = heap.leakReport().sites();
            assertThat(sites).extracting(Site::bytes).containsExactly(100_000L, 1500L, 1000L);
            assertThat(sites).extracting(Site::blocks).containsExactly(1L, 30L, 10L);
            assertThat(sites).allMatch(site -> site.heap().equals("heap images")
                    && site.stack().getFirst().getClassName().equals(HeapLeaksTest.class.getName()));
            assertThat(heap.leakReport().toString()).startsWith("banos: heap images: 102500 bytes live in 3 stacks\n")
                    .contains("1500 bytes of heap images (30 blocks of 1500 bytes remembered)").contains("leakThere");
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void whatIsFreedIsForgottenByWhomeverAndTheRestIsReportedAtTheClose(HeapOptions kind) throws InterruptedException {
        try (Heap heap = tracked(kind, Level.FULL)) {
            List<Long> blocks = leakHere(heap, 9, 64);
            heap.free(blocks.get(0));
            Thread.ofPlatform().start(() -> heap.free(blocks.get(1))).join();
            Thread.ofVirtual().start(() -> heap.free(blocks.get(2))).join();
            long large = heap.realloc(heap.malloc(200_000), 900_000);
            heap.free(heap.realloc(large, 300));
            assertThatThrownBy(() -> heap.free(blocks.get(1))).isInstanceOf(InvalidBlockException.class);
            assertThatThrownBy(() -> Malloc.free(blocks.get(3))).isInstanceOf(InvalidBlockException.class);
            assertThat(heap.leakReport().sites()).extracting(Site::blocks).containsExactly(6L);
        }
        assertThat(reports).singleElement().satisfies(report -> {
            assertThat(report.sites()).extracting(Site::bytes).containsExactly(6L * 64);
            assertThat(report.sites().getFirst().stack().getFirst().getMethodName()).isEqualTo("leakHere");
        });
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aHeapThatLeaksNothingReportsNothing(HeapOptions kind) {
        try (Heap heap = tracked(kind, Level.FULL)) {
            leakHere(heap, 20, 3000).forEach(heap::free);
        }
        assertThat(reports).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aWalkShowsTrackedBlocksToo(HeapOptions kind) {
        try (Heap heap = tracked(kind, Level.FULL)) {
            List<Long> blocks = leakHere(heap, 5, 64);
            List<Long> seen = new ArrayList<>();
            heap.walk((address, usable) -> {
                seen.add(address);
                heap.free(address);
            });
            assertThat(seen).containsExactlyInAnyOrderElementsOf(blocks);
        }
        assertThat(reports).isEmpty();
    }

    @Test
    void statisticsCountTrackedBlocksAsAllOthers() {
        for (HeapOptions kind : List.of(HeapOptions.confined(), HeapOptions.shared())) {
            try (Heap heap = tracked(kind, Level.FULL)) {
                leakHere(heap, 40, 64).subList(0, 10).forEach(heap::free);
                leakHere(heap, 1, 100_000);
                assertThat(heap.statistics().liveBlocks()).isEqualTo(31);
                assertThat(heap.statistics().liveBytes()).isEqualTo(30 * 64 + 102_400);
            }
        }
    }

    @Test
    void aHeapThatIsGivenNoLevelDoesAsMallocDoes() {
        LeakTracking.level(Level.FULL);
        try (Heap follows = Heap.create(HeapOptions.shared().named("follows"));
                Heap off = Heap.create(HeapOptions.shared().named("off").leaks(Level.OFF))) {
            leakHere(follows, 3, 100);
            leakHere(off, 4, 100);
            long block = Malloc.malloc(1000);
            assertThat(LeakTracking.report().sites()).extracting(Site::heap).contains("heap follows", "malloc").doesNotContain("heap off");
            assertThat(follows.leakReport().sites()).extracting(Site::blocks).containsExactly(3L);
            assertThat(Heap.current().leakReport().sites()).extracting(Site::heap).containsOnly("malloc");
            Malloc.free(block);
        }
    }

    @Test
    void oneReportOfAllHeapsIsSortedByBytes() {
        try (Heap small = tracked(HeapOptions.confined().named("small"), Level.FULL);
                Heap large = tracked(HeapOptions.confined().named("large"), Level.FULL)) {
            leakHere(small, 3, 100);
            leakHere(large, 300, 100);
            leakThere(small, 10, 100);
            assertThat(LeakTracking.report().sites()).extracting(site -> site.heap() + " " + site.bytes())
                    .containsExactly("heap large 30000", "heap small 1000", "heap small 300");
            assertThat(LeakTracking.report().toFoldedStacks()).startsWith("heap_large;").contains("\nheap_small;");
        }
    }

    @Test
    void anActionThatThrowsFindsTheHeapClosed() {
        Heap heap = Heap.create(HeapOptions.shared().leaks(Level.FULL, report -> {
            throw new IllegalStateException("leaks " + report.weight());
        }));
        long block = heap.malloc(100);
        assertThatThrownBy(heap::close).isInstanceOf(IllegalStateException.class).hasMessage("leaks 100");
        assertThatThrownBy(() -> heap.malloc(1)).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
        assertThatThrownBy(() -> heap.free(block)).isInstanceOf(InvalidBlockException.class);
        assertThat(heap.budget().usedBytes()).isZero();
        heap.close();
    }

    @Test
    void damageAndAReportThatThrowsAreBothTold() {
        Heap heap = Heap.create(HeapOptions.shared().hardened(Hardening.ALL).leaks(Level.FULL, report -> {
            throw new IllegalStateException("leaks");
        }));
        long block = heap.malloc(24);
        Native.EVERYTHING.set(ValueLayout.JAVA_BYTE, block + 24, (byte) (Native.EVERYTHING.get(ValueLayout.JAVA_BYTE, block + 24) + 1));
        assertThatThrownBy(heap::close).isInstanceOf(CorruptBlockException.class)
                .satisfies(damage -> assertThat(damage.getSuppressed()).singleElement().hasToString("java.lang.IllegalStateException: leaks"));
    }

    /** 256 MiB in steps of 512 KiB are 512 samples: their number has a standard deviation of 4.4 %. */
    @Test
    void samplesEstimateTheBytesOfEachStackWhicheverThreadsAllocate() throws Exception {
        try (Heap heap = tracked(HeapOptions.shared(), Level.SAMPLED)) {
            for (ThreadFactory factory : List.of(Thread.ofPlatform().factory(), Thread.ofVirtual().factory())) {
                inParallel(factory, 4, () -> {
                    for (int round = 0; round < 125; round++) {
                        leakHere(heap, 100, 2000);
                        leakThere(heap, 1000, 60);
                    }
                });
            }
            LeakReport report = heap.leakReport();
            assertThat(report.weight()).isCloseTo(1000L * (100 * 2048 + 1000 * 64), Percentage.withPercentage(25));
            long here = weightOf(report, "leakHere");
            assertThat(here).isCloseTo(1000L * 100 * 2048, Percentage.withPercentage(30));
            assertThat(LeakTracking.count()).isLessThan(1500);
        }
        assertThat(reports).hasSize(1);
    }

    private static long weightOf(LeakReport report, String method) {
        return report.sites().stream().filter(site -> site.stack().getFirst().getMethodName().equals(method))
                .mapToLong(Site::weight).sum();
    }

    @Test
    void trackedBlocksCountInTheBudgetsAboveThem() {
        try (Heap server = Heap.create(HeapOptions.shared().named("server").limit(8 << 20));
                Heap images = tracked(HeapOptions.confined().named("images").childOf(server).limit(4 << 20), Level.FULL)) {
            List<Long> blocks = leakHere(images, 1000, 1000);
            assertThat(images.budget().usedBytes()).isGreaterThanOrEqualTo(1000 * 1000)
                    .isEqualTo(images.statistics().reservedBytes()).isEqualTo(server.budget().usedBytes());
            assertThat(server.leakReport().sites()).as("a child reports for itself").isEmpty();
            blocks.forEach(images::free);
            images.trim();
            assertThat(server.budget().usedBytes()).isZero();
            assertThat(images.leakReport().sites()).isEmpty();
        }
    }

    @Test
    void aFullHeapThatRemembersEveryBlockIsOutOfMemoryAndUsable() {
        try (Heap heap = tracked(HeapOptions.confined().limit(1 << 20), Level.FULL)) {
            List<Long> blocks = untilFull(heap, 1000);
            assertThat(blocks).hasSizeGreaterThan(900);
            assertThat(heap.budget().refusals()).isPositive();
            blocks.forEach(heap::free);
            assertThat(untilFull(heap, 3000)).as("what was free made room").hasSizeGreaterThan(250);
        }
    }

    /** Where there is no run to be had for a sample, it is a block as all others. */
    @Test
    void aFullHeapThatSamplesHasRoomForWhatItsRunsHaveRoomFor() {
        try (Heap heap = tracked(HeapOptions.shared().limit(64 << 10), Level.SAMPLED)) {
            for (int i = 0; i < 20_000; i++) {
                long block = heap.malloc(1000);
                assertThat(block).isNotZero();
                heap.free(block);
            }
            assertThat(LeakTracking.count()).isZero();
        }
    }

    @Test
    void marksAreCalledForTrackedBlocksToo() {
        AtomicInteger calls = new AtomicInteger();
        try (Heap heap = tracked(HeapOptions.confined().highWater(256 << 10, now -> calls.incrementAndGet()), Level.FULL)) {
            leakHere(heap, 100, 1000);
            assertThat(calls.get()).isZero();
            leakHere(heap, 300, 1000);
            assertThat(calls.get()).isEqualTo(1);
            assertThat(heap.leakReport().sites().stream().mapToLong(Site::blocks).sum()).isEqualTo(400);
        }
    }

    private static List<Long> untilFull(Heap heap, long size) {
        return LongStream.generate(() -> heap.malloc(size)).takeWhile(block -> block != 0).boxed().toList();
    }

    /** Blocks are born, freed by others and closed over, all at once: nothing is lost, and nothing stays. */
    @RepeatedTest(20)
    void aCloseWhileOthersAllocateAndFreeLeavesNothing() throws Exception {
        for (Level level : List.of(Level.FULL, Level.SAMPLED)) {
            Heap heap = Heap.create(HeapOptions.shared().leaks(level, report -> { }));
            AtomicInteger started = new AtomicInteger();
            try (ExecutorService threads = Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory());
                    ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor()) {
                List<Future<?>> work = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    work.add((i % 2 == 0 ? threads : virtual).submit(() -> useUntilClosed(heap, started)));
                }
                while (started.get() < 200 && work.stream().noneMatch(Future::isDone)) { // who is done has failed
                    Thread.onSpinWait();
                }
                heap.close();
                for (Future<?> each : work) {
                    each.get();
                }
            }
            assertThat(LeakTracking.count()).isZero();
            assertThat(heap.budget().usedBytes()).isZero();
            assertThat(heap.leakReport().sites()).isEmpty();
        }
    }

    private static void useUntilClosed(Heap heap, AtomicInteger started) {
        List<Long> blocks = new ArrayList<>();
        try {
            while (true) {
                started.incrementAndGet();
                blocks.add(heap.malloc(ThreadLocalRandom.current().nextInt(100) == 0 ? 70_000 : 500));
                if (blocks.size() > 50) {
                    heap.free(blocks.remove(ThreadLocalRandom.current().nextInt(blocks.size())));
                }
            }
        } catch (IllegalStateException | InvalidBlockException closed) {
            assertThat(closed).hasMessageContaining("heap ");
        }
    }

    private static void inParallel(ThreadFactory factory, int count, Runnable body) throws Exception {
        try (ExecutorService threads = Executors.newThreadPerTaskExecutor(factory)) {
            List<Future<?>> work = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                work.add(threads.submit(body));
            }
            for (Future<?> each : work) {
                each.get();
            }
        }
    }

    /** Run by a JVM of its own. */
    public static final class Exiting {
        private Exiting() {
        }

        public static void main(String[] arguments) {
            try (Heap closed = Heap.create(HeapOptions.shared().named("closed").leaks(Level.FULL))) {
                leakHere(closed, 2, 100);
            }
            System.out.println("now the exit");
            leakHere(Heap.create(HeapOptions.shared().named("open").leaks(Level.FULL)), 3, 100);
            leakThere(Heap.create(HeapOptions.shared().named("follows")), 4, 100);
            try (Heap freed = Heap.create(HeapOptions.shared().named("freed"))) {
                leakHere(freed, 5, 100);
            }
        }
    }

    @Test
    void heapsWithALevelOfTheirOwnReportAtTheCloseAndAtExit() throws IOException, InterruptedException {
        String output = ChildJvm.run(List.of(), Exiting.class).output();
        assertThat(output).containsSubsequence("banos: heap closed: 200 bytes live in 1 stack\n",
                "200 bytes of heap closed (2 blocks of 200 bytes remembered)", "leakHere", "now the exit",
                "banos: heap open: 300 bytes live in 1 stack\n").doesNotContain("follows").doesNotContain("freed");
    }

    @Test
    void thePropertyReportsHeapsThatAreOpenAtExit() throws IOException, InterruptedException {
        String output = ChildJvm.run(List.of("-Dbanos.mem.leaks=full"), Exiting.class).output();
        assertThat(output).containsSubsequence("now the exit", "banos: 400 bytes live in 1 stack\n",
                "400 bytes of heap follows (4 blocks of 400 bytes remembered)", "leakThere").doesNotContain("heap freed");
        assertThat(output).containsOnlyOnce("banos: heap open: 300 bytes");
    }

    /** Run by a JVM of its own. */
    public static final class ExitingWithActionsThatThrow {
        private ExitingWithActionsThatThrow() {
        }

        public static void main(String[] arguments) {
            for (int i = 0; i < 8; i++) {
                leakHere(Heap.create(HeapOptions.shared().named("thrower " + i).leaks(Level.FULL, report -> {
                    throw new IllegalStateException("the log is closed");
                })), 1, 100);
                leakHere(Heap.create(HeapOptions.shared().named("other " + i).leaks(Level.FULL)), 1, 100);
            }
            deep(20, Heap.create(HeapOptions.shared().named("follows")));
            System.exit(3);
        }

        private static void deep(int depth, Heap heap) {
            leakHere(heap, 1, 100);
            if (depth > 0) {
                deep(depth - 1, heap);
            }
        }
    }

    @Test
    void anActionThatThrowsAtExitKeepsNoReportFromOthers() throws IOException, InterruptedException {
        String output = ChildJvm.run(List.of("-Dbanos.mem.leaks=full"), ExitingWithActionsThatThrow.class).output();
        assertThat(output).contains("banos: 2100 bytes live in 21 stacks\n", "  and 1 more stack\n");
        for (int i = 0; i < 8; i++) {
            assertThat(output).contains("banos: the leak report of heap thrower " + i + " was not taken: "
                    + "java.lang.IllegalStateException: the log is closed",
                    "banos: heap other " + i + ": 100 bytes live in 1 stack\n");
        }
    }

    private static List<Long> leakHere(Heap heap, int count, long size) {
        List<Long> blocks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            blocks.add(heap.malloc(size));
        }
        return blocks;
    }

    private static void leakThere(Heap heap, int count, long size) {
        for (int i = 0; i < count; i++) {
            heap.malloc(size);
        }
    }
}
