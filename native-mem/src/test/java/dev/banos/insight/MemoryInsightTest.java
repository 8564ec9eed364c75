package dev.banos.insight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.banos.mem.Hardening;
import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import dev.banos.mem.HeapScope;
import dev.banos.mem.InvalidBlockException;
import dev.banos.mem.Malloc;
import dev.banos.mem.MemoryInsight;
import dev.banos.mem.insight.Footprint;
import dev.banos.mem.insight.HeapFigures;
import dev.banos.mem.insight.LeakTracking;
import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import javax.management.Attribute;
import javax.management.JMException;
import javax.management.MBeanFeatureInfo;
import javax.management.MBeanInfo;
import javax.management.MBeanOperationInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.openmbean.CompositeData;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated
class MemoryInsightTest {
    @TempDir
    Path folder;

    @Test
    void theFootprintCountsMappingsAndSpans() {
        Footprint before = MemoryInsight.footprint();
        long large = Malloc.malloc(1 << 20);
        Footprint during = MemoryInsight.footprint();
        Malloc.free(large);
        assertThat(during.mappedBytes() - before.mappedBytes()).isEqualTo(1 << 20);
        assertThat(during.mappings() - before.mappings()).isEqualTo(1);
        assertThat(MemoryInsight.footprint().mappings()).isEqualTo(before.mappings());
        assertThat(during.bytes()).isEqualTo(during.usedBytes() + during.keptBytes() + during.mappedBytes());
    }

    /** Twice as well as once; and what is registered again is all there again, once. */
    @Test
    void whatIsUnregisteredIsInNoConsoleAndNoRecording() throws Exception {
        ObjectName name = new ObjectName(MemoryInsight.MXBEAN_NAME);
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        MemoryInsight.register();
        MemoryInsight.unregister();
        MemoryInsight.unregister();
        assertThat(server.isRegistered(name)).isFalse();
        assertThat(chunkOfStatistics("none")).isZero();
        MemoryInsight.register();
        assertThat(server.isRegistered(name)).isTrue();
        assertThat(chunkOfStatistics("again")).isPositive().isLessThanOrEqualTo(2); // at the beginning of a chunk, and at its end
    }

    private long chunkOfStatistics(String name) throws IOException {
        Path file = folder.resolve(name + ".jfr");
        try (Recording recording = new Recording()) {
            recording.enable("dev.banos.mem.Statistics");
            recording.start();
            recording.dump(file);
        }
        return RecordingFile.readAllEvents(file).stream().filter(event -> event.getEventType().getName().equals("dev.banos.mem.Statistics"))
                .count();
    }

    @Test
    void aConsoleReadsAndSetsWhatTheBeanShows() throws JMException {
        MemoryInsight.register();
        MemoryInsight.register();
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        ObjectName name = new ObjectName(MemoryInsight.MXBEAN_NAME);

        assertThat((long) server.getAttribute(name, "FootprintBytes")).isNotNegative();
        server.setAttribute(name, new Attribute("LeakLevel", "full"));
        assertThat(LeakTracking.level()).isEqualTo(LeakTracking.Level.FULL);
        server.setAttribute(name, new Attribute("LeakLevel", "OFF"));
        assertThat((String) server.invoke(name, "leakReport", null, null)).startsWith("banos: ").contains("LeakLevel is OFF");
        assertThatThrownBy(() -> server.setAttribute(name, new Attribute("LeakLevel", "often")))
                .hasRootCauseMessage("LeakLevel=often: the words are [OFF, SAMPLED, FULL]");
        assertThatThrownBy(() -> server.setAttribute(name, new Attribute("LeakLevel", null)))
                .hasRootCauseMessage("LeakLevel=null: the words are [OFF, SAMPLED, FULL]");
        server.invoke(name, "trim", null, null);
    }

    @Test
    void heapsShowWhatLivesInThemUntilTheyAreClosed() throws Exception {
        String name;
        try (Heap heap = Heap.create()) {
            name = heap.toString();
            fill(heap);
            assertHolds(anotherThreadSees(name).getFirst());
        }
        assertThat(anotherThreadSees(name)).isEmpty();
    }

    @Test
    void theHeapOfMallocCountsAllThreads() throws Exception {
        long before = slotsInUse("malloc", 3072);
        long[] blocks = new long[3];
        Thread.ofPlatform().start(() -> blocks[0] = Malloc.malloc(3072)).join();
        Thread.ofVirtual().start(() -> blocks[1] = Malloc.malloc(3072)).join();
        blocks[2] = Malloc.malloc(3072);
        assertThat(slotsInUse("malloc", 3072) - before).isEqualTo(3);
        for (long block : blocks) {
            Malloc.free(block);
        }
        assertThat(slotsInUse("malloc", 3072)).isEqualTo(before);
    }

    @Test
    void heapsAreCountedWhileOtherThreadsAllocate() throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        try (Heap shared = Heap.createShared()) {
            Thread busy = Thread.ofPlatform().start(() -> {
                for (int i = 0; !stop.get(); i++) {
                    long block = shared.malloc(16 + i % 4000);
                    Malloc.free(Malloc.malloc(16 + i % 4000));
                    shared.free(block);
                }
            });
            try {
                for (int i = 0; i < 2000; i++) {
                    assertThat(MemoryInsight.heaps()).flatExtracting(HeapFigures::sizeClasses)
                            .allMatch(each -> each.live() >= 0 && each.live() <= each.slots() && each.runs() > 0);
                }
            } finally {
                stop.set(true);
                busy.join();
            }
        }
    }

    @Test
    void aConsoleSeesHeapsAsOpenData() throws JMException {
        MemoryInsight.register();
        try (Heap heap = Heap.create()) {
            fill(heap);
            CompositeData[] heaps = (CompositeData[]) ManagementFactory.getPlatformMBeanServer()
                    .getAttribute(new ObjectName(MemoryInsight.MXBEAN_NAME), "Heaps");
            CompositeData seen = Stream.of(heaps).filter(each -> each.get("heap").equals(heap.toString())).findFirst().orElseThrow();
            assertThat(seen.get("liveBlocks")).isEqualTo(101L);
            CompositeData[] classes = (CompositeData[]) seen.get("sizeClasses");
            assertThat(classes).extracting(each -> each.get("slotBytes")).containsExactly(64L);
            assertThat(classes).extracting(each -> each.get("live")).containsExactly(100L);
        }
    }

    @Test
    void aRecordingHoldsEachHeapAndItsSizeClasses() throws Exception {
        try (Heap heap = Heap.create()) {
            fill(heap);
            List<RecordedEvent> events = record(() -> { });
            assertThat(named(events, "HeapStatistics")).filteredOn(event -> event.getString("heap").equals(heap.toString())).isNotEmpty().allMatch(event ->
                    event.getLong("liveBlocks") == 101 && event.getLong("liveBytes") == 100 * 64 + 102_400
                            && event.getLong("mapped") == 102_400 && event.getLong("mappings") == 1);
            assertThat(named(events, "SizeClassStatistics")).filteredOn(event -> event.getString("heap").equals(heap.toString())).isNotEmpty().allMatch(event ->
                    event.getLong("slotBytes") == 64 && event.getLong("live") == 100 && event.getLong("slots") >= 100);
        }
    }

    /** In a JVM whose purger leaves what is kept alone. */
    @Test
    void aRecordingShowsOfABudgetWhatTheHeapShows() throws Exception {
        assertThat(ChildJvm.run(List.of("-Dbanos.mem.purgeDelayMillis=100000"), OfABudget.class, folder.resolve("recording.jfr").toString())
                .output()).contains("recorded as shown: true");
    }

    /** What that JVM runs. */
    public static final class OfABudget {
        private OfABudget() {
        }

        public static void main(String[] arguments) throws IOException {
            try (Heap heap = Heap.create(HeapOptions.shared().limit(4 << 20).mappingCache(1 << 20))) {
                fill(heap);
                heap.malloc(4 << 20);
                heap.free(heap.malloc(200_000));
                HeapFigures shown = MemoryInsight.heaps().stream().filter(each -> each.heap().equals(heap.toString())).findFirst().orElseThrow();
                assertThat(shown.refusals()).isPositive();
                assertThat(shown.cachedBytes()).isGreaterThanOrEqualTo(200_000);
                List<RecordedEvent> events = named(record(Path.of(arguments[0]), () -> { }), "HeapStatistics");
                assertThat(events).filteredOn(event -> event.getString("heap").equals(heap.toString()))
                        .isNotEmpty().allMatch(event -> event.getLong("used") == shown.usedBytes() && event.getLong("peak") == shown.peakBytes()
                                && event.getLong("refusals") == shown.refusals() && event.getLong("cached") == shown.cachedBytes());
            }
            System.out.println("recorded as shown: true");
        }
    }

    private static void fill(Heap heap) {
        for (int i = 0; i < 100; i++) {
            heap.malloc(64);
        }
        heap.malloc(100_000);
    }

    private static void assertHolds(HeapFigures heap) {
        assertThat(heap.liveBlocks()).isEqualTo(101);
        assertThat(heap.mappings()).isEqualTo(1);
        assertThat(heap.mappedBytes()).isEqualTo(102_400);
        assertThat(heap.liveBytes()).isEqualTo(100 * 64 + 102_400);
        assertThat(heap.sizeClasses()).singleElement().satisfies(each -> {
            assertThat(each.slotBytes()).isEqualTo(64);
            assertThat(each.live()).isEqualTo(100);
            assertThat(heap.reservedBytes()).isEqualTo(each.spanBytes() + 102_400);
        });
    }

    private static List<HeapFigures> anotherThreadSees(String heap) throws InterruptedException {
        List<HeapFigures> seen = new ArrayList<>();
        Thread.ofPlatform().start(() -> seen.addAll(MemoryInsight.heaps())).join();
        return seen.stream().filter(each -> each.heap().equals(heap)).toList();
    }

    private static long slotsInUse(String heap, long slotBytes) {
        return MemoryInsight.heaps().stream().filter(each -> each.heap().equals(heap)).flatMap(each -> each.sizeClasses().stream())
                .filter(each -> each.slotBytes() == slotBytes).mapToLong(HeapFigures.OfSizeClass::live).sum();
    }

    @Test
    void weightsEstimateTheBytesThatAreKept() throws Exception {
        long[] blocks = new long[100_000];
        List<RecordedEvent> events = record(() -> {
            for (int i = 0; i < blocks.length; i++) {
                blocks[i] = allocateHere(2000);
            }
        });
        for (long block : blocks) {
            Malloc.free(block);
        }
        List<RecordedEvent> samples = named(events, "AllocationSample");
        assertThat(samples).allMatch(event -> event.getString("caller").startsWith(MemoryInsightTest.class.getName() + ".allocateHere:"));
        assertThat(samples).allMatch(event -> event.getLong("size") == 2000 && event.getStackTrace().getFrames().stream()
                .anyMatch(frame -> frame.getMethod().getName().equals("allocateHere")));
        assertThat(samples.stream().mapToLong(event -> event.getLong("weight")).sum())
                .isCloseTo(blocks.length * 2048L, Percentage.withPercentage(30));
    }

    @Test
    void mappingsAreAmongTheBytesAllocated() throws Exception {
        try (Heap heap = Heap.create(HeapOptions.shared().mappingCache(1 << 20))) {
            List<RecordedEvent> events = record(() -> {
                for (int i = 0; i < 50; i++) {
                    heap.free(heap.malloc(i % 2 == 0 ? 1_000_000 : 2_000_000)); // from the cache, and not
                }
            });
            assertThat(named(events, "AllocationSample")).hasSize(50)
                    .allMatch(event -> event.getLong("weight") == event.getLong("size") && event.getString("heap").equals(heap.toString()));
            assertThat(named(events, "AllocationSample").stream().mapToLong(event -> event.getLong("weight")).sum()).isEqualTo(75_000_000);
        }
    }

    /** {@code allocate(long)} is a default method of {@code SegmentAllocator}, which is nobody's caller. */
    @Test
    void theCallerIsWhoAskedTheHeapForASegment() throws Exception {
        List<RecordedEvent> events = record(() -> {
            try (Heap heap = Heap.create(); Arena scope = HeapScope.ofConfined()) {
                for (int i = 0; i < 30_000; i++) { // some 50 times the interval of samples
                    heap.allocate(500);
                    scope.allocate(ValueLayout.JAVA_LONG, 50);
                }
            }
        });
        assertThat(named(events, "AllocationSample")).hasSizeGreaterThan(5)
                .allMatch(event -> event.getString("caller").startsWith(MemoryInsightTest.class.getName()));
        try (Heap heap = Heap.create(HeapOptions.confined().leaks(LeakTracking.Level.FULL, report -> { }))) {
            heap.allocate(500);
            assertThat(heap.leakReport().sites()).singleElement()
                    .satisfies(site -> assertThat(site.stack().getFirst().getClassName()).isEqualTo(MemoryInsightTest.class.getName()));
        }
        try (Heap heap = Heap.create(HeapOptions.confined().hardened(Hardening.NONE.withCanary().withStacks()))) {
            String block = MemoryInsight.explain(heap.allocate(500).address());
            assertThat(block).contains("allocated by " + MemoryInsightTest.class.getName());
        }
    }

    @Test
    void figuresAreJson() {
        HeapFigures heap = new HeapFigures("heap \"a\"", 3, 200, 300, 1, 100, 0, -1, 400, 500, 6,
                List.of(new HeapFigures.OfSizeClass(16, 1, 4096, 1, 65_536), new HeapFigures.OfSizeClass(32, 1, 2048, 1, 65_536)));
        assertThat(heap.toJson()).isEqualTo("""
                {"heap":"heap \\"a\\"","liveBlocks":3,"liveBytes":200,"reservedBytes":300,"mappings":1,"mappedBytes":100,\
                "cachedBytes":0,"limitBytes":-1,"usedBytes":400,"peakBytes":500,"refusals":6,"sizeClasses":[\
                {"slotBytes":16,"runs":1,"slots":4096,"live":1,"spanBytes":65536},\
                {"slotBytes":32,"runs":1,"slots":2048,"live":1,"spanBytes":65536}]}""");
        assertThat(new Footprint(1, 2, 3, 4, 5, 6, 7).toJson()).isEqualTo("""
                {"bytes":15,"arenas":1,"usedBytes":2,"keptBytes":3,"mappedBytes":4,"mappings":5,"cachedBytes":6,"hugeBytes":7}""");
        try (Heap live = Heap.create()) {
            fill(live);
            assertThat(MemoryInsight.toJson()).startsWith("{\"footprint\":{\"bytes\":").contains("\"heap\":\"" + live + "\"").endsWith("}]}]}");
            String figures = MemoryInsight.heaps().stream().filter(each -> each.heap().equals(live.toString())).findFirst().orElseThrow().toJson();
            assertThat(live.statistics().toJson()).isEqualTo(figures.substring(0, figures.length() - 1) + ",\"racedFrees\":0}");
        }
    }

    /** The same slot again and again: no new one is needed, and the bytes count all the same. */
    @Test
    void weightsEstimateTheBytesThatAreFreedAtOnce() throws Exception {
        int count = 100_000;
        List<RecordedEvent> samples = named(record(() -> {
            Malloc.trim(); // what is allocated next looks for a word, and so notices that somebody records
            for (int i = 0; i < count; i++) {
                Malloc.free(allocateHere(2000));
            }
        }), "AllocationSample");
        assertThat(samples.stream().filter(event -> event.getLong("size") == 2000).mapToLong(event -> event.getLong("weight")).sum())
                .isCloseTo(count * 2048L, Percentage.withPercentage(30));
    }

    @Test
    void aRecordingHoldsTheLifeOfMappingsAndArenasAndWrongFrees() throws Exception {
        List<RecordedEvent> events = record(() -> {
            long large = Malloc.realloc(Malloc.malloc(100_000), 300_000);
            Malloc.free(large);
            assertThatThrownBy(() -> Malloc.free(large)).isInstanceOf(InvalidBlockException.class);
            growByArenas();
        });
        assertThat(named(events, "Mapping")).extracting(event -> event.getString("action"))
                .containsSubsequence("map", "move", "unmap");
        assertThat(named(events, "InvalidBlock")).hasSize(1).first()
                .satisfies(event -> assertThat(event.getString("finding")).startsWith("free of 0x"))
                .satisfies(event -> assertThat(event.getString("caller")).as("who passed the address").startsWith(MemoryInsightTest.class.getName()));
        assertThat(named(events, "ArenaCommit")).isNotEmpty();
        assertThat(named(events, "Purge")).isNotEmpty().allMatch(event -> event.getLong("size") > 0);
        assertThat(named(events, "Statistics")).isNotEmpty();
    }

    /** Of each address what comes is mapped, and in the end it is not. The purger may come between, as the trim does. */
    @Test
    void aRecordingShowsWhatTheCacheKeepsAndGivesBack() throws Exception {
        List<RecordedEvent> events = named(record(() -> {
            Heap heap = Heap.create(HeapOptions.shared().mappingCache(1 << 20));
            heap.free(heap.malloc(100_000));
            heap.free(heap.malloc(100_000));
            heap.trim();
            heap.free(heap.malloc(100_000));
            heap.close();
        }), "Mapping");
        List<String> actions = events.stream().map(event -> event.getString("action")).toList();
        assertThat(String.join(" ", actions)).matches("map keep (reuse|unmap map) keep unmap map keep unmap");
        for (int i = 1; i < events.size(); i++) {
            if (!actions.get(i).equals("map")) {
                assertThat(events.get(i).getLong("address")).isEqualTo(events.get(i - 1).getLong("address"));
            }
        }
    }

    private static void growByArenas() {
        try (Heap heap = Heap.create()) {
            int arenas = MemoryInsight.footprint().arenas();
            while (MemoryInsight.footprint().arenas() == arenas) {
                heap.malloc(4000);
            }
        }
        Heap.current().trim();
    }

    /** {@code jfr view} shows the least of all longs as "N/A", and -1 as a limit of "-1 byte". */
    @Test
    void aRecordingShowsALimitOnlyWhereThereIsOne() throws Exception {
        try (Heap free = Heap.create(HeapOptions.shared().named("free"));
                Heap bound = Heap.create(HeapOptions.shared().named("bound").limit(64 << 20))) {
            fill(free);
            fill(bound);
            List<RecordedEvent> events = named(record(() -> { }), "HeapStatistics");
            assertThat(events).filteredOn(event -> event.getString("heap").equals(free.toString())).isNotEmpty()
                    .allMatch(event -> event.getLong("limit") == Long.MIN_VALUE);
            assertThat(events).filteredOn(event -> event.getString("heap").equals(bound.toString())).isNotEmpty()
                    .allMatch(event -> event.getLong("limit") == 64 << 20);
        }
    }

    @Test
    void aConsoleShowsWhatEachAttributeAndOperationIs() throws Exception {
        MemoryInsight.register();
        MBeanInfo bean = ManagementFactory.getPlatformMBeanServer().getMBeanInfo(new ObjectName(MemoryInsight.MXBEAN_NAME));
        Stream<MBeanFeatureInfo> features = Stream.concat(Stream.of(bean.getAttributes()), Stream.of(bean.getOperations()));
        assertThat(features).hasSize(14).allSatisfy(feature ->
                assertThat(feature.getDescription()).as(feature.getName()).hasSizeGreaterThan(20).doesNotContain("exposed for management"));
        assertThat(bean.getDescription()).contains("Banos");
        assertThat(bean.getOperations()).extracting(MBeanOperationInfo::getName, MBeanOperationInfo::getImpact).containsExactlyInAnyOrder(
                tuple("trim", MBeanOperationInfo.ACTION), tuple("leakReport", MBeanOperationInfo.INFO),
                tuple("heapProfile", MBeanOperationInfo.INFO));
    }

    private static long allocateHere(long size) {
        return Malloc.malloc(size);
    }

    /** In the order in which they happened: a file has them by the buffers that they came in. */
    private List<RecordedEvent> record(Runnable body) throws IOException {
        return record(folder.resolve("recording.jfr"), body);
    }

    private static List<RecordedEvent> record(Path file, Runnable body) throws IOException {
        MemoryInsight.register();
        try (Recording recording = new Recording()) {
            for (String periodic : List.of("Statistics", "HeapStatistics", "SizeClassStatistics")) {
                recording.enable("dev.banos.mem." + periodic).with("period", "beginChunk");
            }
            recording.start();
            body.run();
            recording.stop();
            recording.dump(file);
        }
        return RecordingFile.readAllEvents(file).stream().sorted(Comparator.comparing(RecordedEvent::getStartTime)).toList();
    }

    private static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
        return events.stream().filter(event -> event.getEventType().getName().equals("dev.banos.mem." + name)).toList();
    }
}
