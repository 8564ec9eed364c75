package dev.banos.insight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.banos.bindings.Native;
import dev.banos.mem.CorruptBlockException;
import dev.banos.mem.Hardening;
import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import dev.banos.mem.InvalidBlockException;
import dev.banos.mem.MemoryInsight;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** What a damage is reported with: an event, and the stacks of the block's allocation and free where they are recorded. */
@Isolated
class CorruptionReportTest {
    private static final String CORRUPTION = "dev.banos.mem.Corruption";
    private static final HeapOptions OPTIONS = HeapOptions.shared().named("orders")
            .hardened(Hardening.NONE.withCanary().withQuarantine(1 << 20).withStacks());

    @TempDir
    Path folder;

    @Test
    void aRecordingShowsTheDamage() throws IOException {
        Path file = folder.resolve("corruption.jfr");
        long block;
        try (Recording recording = new Recording(); Heap heap = Heap.create(OPTIONS)) {
            recording.enable(CORRUPTION);
            recording.start();
            block = heap.malloc(20);
            put(block, 23, 0);
            assertThat(catchThrowableOfType(CorruptBlockException.class, () -> heap.free(block))).isNotNull();
            recording.stop();
            recording.dump(file);
        }
        // The purger may tell of its work meanwhile: its events are on unless a recording turns them off.
        assertThat(RecordingFile.readAllEvents(file))
                .filteredOn(event -> event.getEventType().getName().equals(CORRUPTION))
                .singleElement().satisfies(event -> shows(event, block));
    }

    private static void shows(RecordedEvent event, long block) {
        assertThat(event.getLong("address")).isEqualTo(block);
        assertThat(event.getLong("offset")).isEqualTo(23);
        assertThat(event.getByte("found")).isZero();
        assertThat(event.getByte("expected")).isNotZero();
        assertThat(event.getLong("slotBytes")).isEqualTo(32);
        assertThat(event.getString("heap")).isEqualTo("heap orders");
        assertThat(event.getString("finding")).contains("allocated by " + CorruptionReportTest.class.getName());
    }

    @Test
    void stacksNameWhoFreedABlockThatIsFreedOrWrittenAgain() {
        try (Heap heap = Heap.create(OPTIONS)) {
            long block = heap.malloc(20);
            freeFirst(heap, block);
            InvalidBlockException twice = catchThrowableOfType(InvalidBlockException.class, () -> heap.free(block));
            assertThat(twice).hasMessageContaining("freed by " + CorruptionReportTest.class.getName() + ".freeFirst:");
            assertThat(MemoryInsight.explain(block + 5)).contains("5 bytes inside", "in quarantine", ".freeFirst:", "heap orders");
            put(block, 3, 0);
            CorruptBlockException written = catchThrowableOfType(CorruptBlockException.class, heap::verify);
            assertThat(written).hasMessageContainingAll("byte 3", ".freeFirst:", "allocated by");
        }
    }

    private static void freeFirst(Heap heap, long block) {
        heap.free(block);
    }

    private static void put(long block, long offset, int value) {
        Native.EVERYTHING.set(ValueLayout.JAVA_BYTE, block + offset, (byte) value);
    }
}
