package dev.banos.insight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.mem.Hardening;
import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import dev.banos.mem.InvalidBlockException;
import dev.banos.mem.Malloc;
import dev.banos.mem.insight.LeakReport;
import dev.banos.mem.insight.LeakTracking;
import dev.banos.mem.insight.LeakTracking.Level;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.OtherThread;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What is remembered of live blocks, at each level; each test runs in threads of its own, whose pools are fresh. */
@Isolated
class LeakTrackingTest {
    private final List<Long> live = new ArrayList<>();

    @AfterEach
    void freeAll() {
        live.forEach(Malloc::free);
        LeakTracking.level(Level.OFF);
        assertThat(LeakTracking.count()).describedAs("blocks remembered after all were freed").isZero();
    }

    @Test
    void theLevelIsNeverNull() {
        LeakTracking.level(Level.SAMPLED);
        assertThatThrownBy(() -> LeakTracking.level(null)).isInstanceOf(NullPointerException.class);
        assertThat(LeakTracking.level()).isEqualTo(Level.SAMPLED);
    }

    @Test
    void aMappingThatIsRememberedStaysSoWhereItMovesThoughTheLevelIsLower() {
        LeakTracking.level(Level.FULL);
        for (long size : new long[] {100_000, 100_000, 300_000}) {
            live.add(Malloc.malloc(size));
        }
        LeakTracking.level(Level.OFF);
        live.replaceAll(block -> Malloc.realloc(block, 200_000));
        assertThat(LeakTracking.count()).isEqualTo(3);
        assertThat(LeakTracking.report().toString()).contains("600000 bytes live");
        live.add(Malloc.realloc(Malloc.malloc(100_000), 200_000));
        assertThat(LeakTracking.count()).as("another is not").isEqualTo(3);
    }

    /** From slot to slot, from slot to mapping and back; also in a heap that has the level of malloc. */
    @Test
    void aRememberedBlockStaysSoWhereReallocCopiesItWhileTheLevelIsOff() {
        int[][] sizes = {{100, 5_000}, {5_000, 100}, {100, 100_000}, {100_000, 100}, {100_000, 300_000}};
        inNewThread(() -> {
            for (HeapOptions kind : List.of(HeapOptions.confined(), HeapOptions.shared(),
                    HeapOptions.shared().hardened(Hardening.NONE.withCanary()))) {
                try (Heap heap = Heap.create(kind)) {
                    for (int[] each : sizes) {
                        assertStaysRemembered(heap, each[0], each[1]);
                    }
                }
            }
            for (int[] each : sizes) {
                assertStaysRemembered(Heap.current(), each[0], each[1]);
            }
        });
    }

    private static void assertStaysRemembered(Heap heap, int size, int newSize) {
        heap.trim(); // what is in hand when the level rises would escape
        LeakTracking.level(Level.FULL);
        long block = heap.malloc(size);
        LeakTracking.level(Level.OFF);
        long before = heap.statistics().liveBlocks();
        block = heap.realloc(block, newSize);
        assertThat(heap.leakReport().sites()).as("%s: %d -> %d", heap, size, newSize).singleElement()
                .satisfies(site -> assertThat(site.bytes()).isEqualTo(newSize))
                .satisfies(site -> assertThat(site.weight()).isEqualTo(newSize))
                .satisfies(site -> assertThat(site.stack().getFirst().getMethodName()).isEqualTo("assertStaysRemembered"));
        assertThat(heap.statistics().liveBlocks()).isEqualTo(before);
        heap.free(heap.realloc(heap.malloc(size), newSize));
        heap.free(block);
        assertThat(LeakTracking.count()).as("after the free").isZero();
    }

    /** Run by a JVM of its own. */
    public static final class Child {
        private Child() {
        }

        public static void main(String[] arguments) {
            Malloc.free(Malloc.malloc(1));
        }
    }

    /** Run by a JVM of its own: leaks, and prints what the samples say that it has. */
    public static final class Leaking {
        private static final int BLOCKS = 20_000;
        private static final int BYTES = 64; // and so has the slot

        private Leaking() {
        }

        public static void main(String[] arguments) {
            for (int i = 0; i < BLOCKS; i++) {
                Malloc.malloc(BYTES);
            }
            System.out.println("estimate=" + LeakTracking.report().sites().stream().mapToLong(LeakReport.Site::weight).sum());
        }
    }

    /** An interval that was cut to whole bytes made samples of 2 bytes each 1.3 times as many. */
    @Test
    void theWeightsAddUpHoweverShortTheIntervalIs() throws IOException, InterruptedException {
        String output = ChildJvm.run(List.of("-Dbanos.mem.leaks=sampled",
                "-Dbanos.mem.leaks.intervalBytes=2"), Leaking.class).output();
        long estimate = Long.parseLong(output.lines().filter(line -> line.startsWith("estimate=")).findFirst().orElseThrow()
                .substring("estimate=".length()));
        assertThat(estimate).isCloseTo((long) Leaking.BLOCKS * Leaking.BYTES, Percentage.withPercentage(5));
    }

    @Test
    void aWrongWordInThePropertyIsAnsweredWithTheRightOnes() throws IOException, InterruptedException {
        String output = ChildJvm.run(List.of("-Dbanos.mem.leaks=some"), Child.class).output();
        assertThat(output).contains("banos.mem.leaks=some: the words are off, sampled, full");
    }

    @Test
    void offRemembersNothing() {
        inNewThread(() -> leakHere(1000, 100));
        assertThat(LeakTracking.report().sites()).isEmpty();
    }

    @Test
    void aThreadsHeapShowsWhatIsRemembered() {
        LeakTracking.level(Level.FULL);
        inNewThread(() -> {
            leakHere(10, 1000);
            List<Long> shown = new ArrayList<>();
            Heap.current().walk((address, usable) -> shown.add(address));
            assertThat(shown).containsAll(live);
            assertThat(Heap.current().statistics().liveBlocks()).isEqualTo(shown.size());
        });
    }

    /** As a report says that it does: in place, in a slot that has room, and by a copy. */
    @Test
    void aReportHasTheSizeThatWasAskedForLast() {
        LeakTracking.level(Level.FULL);
        int[][] sizes = {{1000, 600}, {20, 32}, {100, 5000}, {70_000, 60_000}, {70_000, 200_000}};
        inNewThread(() -> {
            for (int[] each : sizes) {
                long block = Malloc.realloc(Malloc.malloc(each[0]), each[1]);
                assertThat(LeakTracking.report().sites()).as("%d -> %d", each[0], each[1]).singleElement()
                        .satisfies(site -> assertThat(site.bytes()).isEqualTo(each[1]))
                        .satisfies(site -> assertThat(site.weight()).isEqualTo(each[1]));
                Malloc.free(block);
            }
            live.add(Malloc.alignedAlloc(4096, 10));
            assertThat(LeakTracking.report().sites()).singleElement().satisfies(site -> assertThat(site.bytes()).isEqualTo(10));
        });
    }

    @Test
    void fullRemembersEveryBlockWithItsStack() {
        LeakTracking.level(Level.FULL);
        inNewThread(() -> {
            leakHere(10, 100);
            leakThere(30, 50);
            leakThere(1, 100_000);
        });

        List<LeakReport.Site> sites = LeakTracking.report().sites();
        assertThat(sites).hasSize(3);
        assertThat(sites).extracting(LeakReport.Site::bytes).containsExactly(100_000L, 1500L, 1000L);
        assertThat(sites).extracting(LeakReport.Site::blocks).containsExactly(1L, 30L, 10L);
        assertThat(sites).extracting(LeakReport.Site::weight).containsExactly(100_000L, 1500L, 1000L);
        assertThat(sites).allMatch(site -> site.stack().getFirst().getClassName().equals(LeakTrackingTest.class.getName()));
        assertThat(LeakTracking.report().toString()).startsWith("banos: 102500 bytes live in 3 stacks\n")
                .contains("1500 bytes of malloc (30 blocks of 1500 bytes remembered)").contains("leakThere");
    }

    @Test
    void whatIsFreedIsForgotten() {
        LeakTracking.level(Level.FULL);
        inNewThread(() -> {
            leakHere(5, 64);
            Malloc.free(live.removeFirst());
            long large = Malloc.malloc(200_000);
            Malloc.free(Malloc.realloc(large, 900_000));
            Malloc.free(Malloc.realloc(Malloc.malloc(100), 5000));
        });
        assertThat(LeakTracking.count()).isEqualTo(4);
    }

    @Test
    void blocksThatAreRememberedCountAsAllOthers() {
        long before = Malloc.statistics().liveBlocks();
        LeakTracking.level(Level.FULL);
        inNewThread(() -> leakHere(50, 64));
        assertThat(Malloc.statistics().liveBlocks() - before).isEqualTo(50);
    }

    @Test
    void virtualThreadsAreTrackedToo() throws InterruptedException {
        Malloc.trim(); // what other tests left in the hands of the pools that virtual threads share is not tracked
        LeakTracking.level(Level.FULL);
        Thread.ofVirtual().start(() -> leakHere(7, 64)).join();
        assertThat(LeakTracking.count()).isEqualTo(7);
    }

    @Test
    void aBlockThatIsTrackedIsFreedByAnyThreadAndOnlyOnce() {
        LeakTracking.level(Level.FULL);
        inNewThread(() -> leakHere(1, 48));
        long block = live.removeFirst();
        assertThat(Malloc.usableSize(block)).isBetween(48L, 64L);
        assertThatThrownBy(() -> Malloc.free(block + 16)).isInstanceOf(InvalidBlockException.class);
        Malloc.free(block);
        assertThatThrownBy(() -> Malloc.free(block)).isInstanceOf(InvalidBlockException.class);
        assertThatThrownBy(() -> Malloc.usableSize(block)).isInstanceOf(InvalidBlockException.class);
    }

    @Test
    void alignedBlocksKeepTheirAlignment() {
        LeakTracking.level(Level.FULL);
        inNewThread(() -> {
            for (long alignment = 16; alignment <= 1 << 20; alignment *= 2) {
                long block = Malloc.alignedAlloc(alignment, 100);
                live.add(block);
                assertThat(block % alignment).isZero();
            }
        });
    }

    /** 256 MiB in steps of 512 KiB are 512 samples: their number has a standard deviation of 4.4 %. */
    @Test
    void samplesEstimateTheBytesOfEachStack() {
        LeakTracking.level(Level.SAMPLED);
        inNewThread(() -> {
            for (int round = 0; round < 1000; round++) {
                leakHere(100, 2000);
                leakThere(1000, 60);
            }
        });

        LeakReport report = LeakTracking.report();
        assertThat(report.weight()).isCloseTo(1000L * (100 * 2048 + 1000 * 64), Percentage.withPercentage(25));
        assertThat(report.sites()).hasSize(2);
        assertThat(report.sites().getFirst().stack().getFirst().getMethodName()).isEqualTo("leakHere");
        assertThat(report.sites().getFirst().weight()).isCloseTo(1000L * 100 * 2048, Percentage.withPercentage(30));
        assertThat(report.sites()).allSatisfy(site -> assertThat(site.liveBlocks()).as("%s", site.stack().getFirst())
                .isCloseTo(1000L * (site.stack().getFirst().getMethodName().equals("leakHere") ? 100 : 1000), Percentage.withPercentage(40)));
        assertThat(LeakTracking.count()).isLessThan(1500);
    }

    @Test
    void foldedStacksBeginWithTheHeapAndTheOutermostFrame() {
        LeakTracking.level(Level.FULL);
        inNewThread(() -> leakHere(2, 32));
        assertThat(LeakTracking.report().toFoldedStacks())
                .matches("malloc;java\\.lang\\.Thread.*;dev\\.banos\\.insight\\.LeakTrackingTest\\.leakHere 64\n");
    }

    @Test
    void pprofHoldsTheSameInItsFormat() throws IOException {
        LeakTracking.level(Level.FULL);
        inNewThread(() -> leakHere(3, 32));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LeakTracking.report().writePprof(out);

        byte[] message = new GZIPInputStream(new ByteArrayInputStream(out.toByteArray())).readAllBytes();
        ProtocolBuffer profile = ProtocolBuffer.parse(message);
        List<String> strings = profile.all(6).stream().map(bytes -> new String(bytes, StandardCharsets.UTF_8)).toList();
        assertThat(strings.getFirst()).isEmpty();
        assertThat(profile.messages(1)).extracting(type -> strings.get((int) type.number(1)) + "/" + strings.get((int) type.number(2)))
                .containsExactly("inuse_objects/count", "inuse_space/bytes");

        ProtocolBuffer sample = profile.messages(2).getFirst();
        assertThat(sample.numbers(2)).containsExactly(3L, 96L);
        ProtocolBuffer label = sample.messages(3).getFirst();
        assertThat(strings.get((int) label.number(1)) + "=" + strings.get((int) label.number(2))).isEqualTo("heap=malloc");
        ProtocolBuffer location = profile.messages(4).stream()
                .filter(each -> each.number(1) == sample.numbers(1).getFirst()).findFirst().orElseThrow();
        ProtocolBuffer function = profile.messages(5).stream()
                .filter(each -> each.number(1) == location.messages(4).getFirst().number(1)).findFirst().orElseThrow();
        assertThat(strings.get((int) function.number(2))).isEqualTo("dev.banos.insight.LeakTrackingTest.leakHere");
    }

    private void leakHere(int count, long size) {
        for (int i = 0; i < count; i++) {
            live.add(Malloc.malloc(size));
        }
    }

    private void leakThere(int count, long size) {
        for (int i = 0; i < count; i++) {
            live.add(Malloc.malloc(size));
        }
    }

    /** A pool of a thread that ended before may have words in hand: those blocks escape even the level FULL. */
    private static void inNewThread(OtherThread.Body body) {
        OtherThread.run(body);
    }
}
