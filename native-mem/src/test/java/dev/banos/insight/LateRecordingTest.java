package dev.banos.insight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Heap;
import dev.banos.mem.Malloc;
import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A recording begins when a program has all the runs that it will ever need: nothing but words of these is opened from then on,
 * and its allocations are seen all the same. In a JVM of its own, because the first recording of a process is what must be noticed.
 */
class LateRecordingTest {
    @ParameterizedTest
    @ValueSource(strings = {"malloc", "virtual", "heap"})
    void itSeesAllocationsInRunsThatWereThereBefore(String kind) throws IOException, InterruptedException {
        String output = ChildJvm.run(List.of("-Dkind=" + kind), Child.class).output();
        assertThat(output).containsPattern("^[1-9][0-9]* samples");
    }

    /** What the JVM that records runs. */
    public static final class Child {
        private static final long SIZE = 64;
        private static final long[] LIVE = new long[300];
        private static volatile boolean hasRuns;
        private static volatile boolean records;

        private Child() {
        }

        public static void main(String[] arguments) throws IOException, InterruptedException {
            Thread.Builder kind = System.getProperty("kind").equals("virtual") ? Thread.ofVirtual() : Thread.ofPlatform();
            Thread working = kind.start(() -> replace(System.getProperty("kind").equals("heap") ? Heap.create() : null));
            while (!hasRuns) {
                Thread.onSpinWait();
            }
            try (Recording recording = new Recording()) {
                recording.enable("dev.banos.mem.AllocationSample");
                recording.start();
                records = true;
                working.join();
                recording.stop();
                Path file = Files.createTempFile("late", ".jfr");
                recording.dump(file);
                List<RecordedEvent> events = RecordingFile.readAllEvents(file);
                Files.delete(file);
                System.out.println(events.size() + " samples");
            }
        }

        /** Waits for the recording without a pause: a virtual thread that parks may come back without the runs that it had. */
        private static void replace(Heap heap) {
            replace(heap, 1_000);
            hasRuns = true;
            while (!records) {
                Thread.onSpinWait();
            }
            replace(heap, 200_000); // some 25 times the interval of samples
        }

        private static void replace(Heap heap, int times) {
            for (int i = 0; i < times; i++) {
                int slot = i % LIVE.length;
                if (heap == null) {
                    Malloc.free(LIVE[slot]);
                    LIVE[slot] = Malloc.malloc(SIZE);
                } else {
                    heap.free(LIVE[slot]);
                    LIVE[slot] = heap.malloc(SIZE);
                }
            }
        }
    }
}
