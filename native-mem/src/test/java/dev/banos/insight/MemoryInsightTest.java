package dev.banos.insight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.mem.Heap;
import dev.banos.mem.InvalidBlockException;
import dev.banos.mem.Malloc;
import dev.banos.mem.MemoryInsight;
import dev.banos.mem.insight.Footprint;
import dev.banos.mem.insight.LeakTracking;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import javax.management.Attribute;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
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
        assertThat((String) server.invoke(name, "leakReport", null, null)).startsWith("banos: ");
        server.invoke(name, "trim", null, null);
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
                .satisfies(event -> assertThat(event.getString("finding")).startsWith("free of 0x"));
        assertThat(named(events, "ArenaCommit")).isNotEmpty();
        assertThat(named(events, "Purge")).isNotEmpty().allMatch(event -> event.getLong("size") > 0);
        assertThat(named(events, "Statistics")).isNotEmpty();
    }

    private static void growByArenas() {
        try (Heap heap = Heap.create()) {
            for (int i = 0; i < 100_000; i++) {
                heap.malloc(4000);
            }
        }
        Heap.current().trim();
    }

    private static long allocateHere(long size) {
        return Malloc.malloc(size);
    }

    private List<RecordedEvent> record(Runnable body) throws IOException {
        MemoryInsight.register();
        Path file = folder.resolve("recording.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("dev.banos.mem.Statistics").with("period", "beginChunk");
            recording.start();
            body.run();
            recording.stop();
            recording.dump(file);
        }
        return RecordingFile.readAllEvents(file);
    }

    private static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
        return events.stream().filter(event -> event.getEventType().getName().equals("dev.banos.mem." + name)).toList();
    }
}
