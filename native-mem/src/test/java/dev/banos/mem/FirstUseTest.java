package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.testing.ChildJvm;
import dev.banos.testing.FullJavaHeap;
import dev.banos.testing.StackEnd;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import jdk.jfr.Recording;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The first use of something may come while Java's heap is full, or at the end of a stack. It may throw then, and works when there is room
 * again: the JVM tries neither to initialise a class nor to link a lambda a second time. Each in a JVM of its own.
 */
class FirstUseTest {
    private static final List<String> SMALL_HEAP = List.of("-Xmx16m", "-XX:+UseSerialGC", "-Dbanos.mem.purgeDelayMillis=100000");

    /** What remains free is where the first use in question breaks off, were it not for what the first malloc has made ready. */
    @ParameterizedTest
    @CsvSource({"mapping, 36000", "calloc, 16000", "trim, 32000", "wrong, 28000"})
    void worksAfterAFullJavaHeap(String use, String freeBytes) throws IOException, InterruptedException {
        assertThat(ChildJvm.run(SMALL_HEAP, Full.class, use, freeBytes).output()).contains("works");
    }

    /** As an event's first. */
    @ParameterizedTest
    @CsvSource({"mapping, 60000", "trim, 80000", "wrong, 20000"})
    void worksAfterAFullJavaHeapWhileARecordingIsOn(String use, String freeBytes) throws IOException, InterruptedException {
        List<String> flags = new ArrayList<>(SMALL_HEAP);
        flags.add("-Drecorded=true");
        assertThat(ChildJvm.run(flags, Full.class, use, freeBytes).output()).contains("works");
    }

    @ParameterizedTest
    @ValueSource(strings = {"mapping", "calloc", "trim"})
    void worksAfterTheEndOfAStack(String use) throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of("-Xint"), Deep.class, use).output()).containsPattern("overflows [1-9]").contains("works");
    }

    private static Runnable use(String name) {
        return switch (name) {
            case "malloc" -> () -> Malloc.free(Malloc.malloc(100));
            case "mapping" -> () -> Malloc.free(Malloc.malloc(100_000));
            case "calloc" -> () -> Malloc.free(Malloc.calloc(1, 100));
            case "trim" -> Malloc::trim;
            case "wrong" -> FirstUseTest::freeWrong;
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static void freeWrong() {
        try {
            Malloc.free(77);
            throw new AssertionError("77 was freed");
        } catch (InvalidBlockException asItShouldBe) {
            return;
        }
    }

    /** @return what was thrown, or null */
    private static Throwable outcome(Runnable use) {
        try {
            use.run();
            return null;
        } catch (Throwable thrown) {
            return thrown;
        }
    }

    private static void print(Throwable outcome) {
        System.out.println(outcome == null ? "works" : "lost: " + outcome);
    }

    /** What the JVM with the full heap runs. */
    public static final class Full {
        private Full() {
        }

        public static void main(String[] arguments) {
            Runnable use = use(arguments[0]);
            Malloc.free(Malloc.malloc(100));
            if (Boolean.getBoolean("recorded")) {
                record();
            }
            FullJavaHeap javaHeap = new FullJavaHeap(0);
            byte[] cushion = new byte[Integer.parseInt(arguments[1])];
            javaHeap.fill();
            cushion = null;
            Throwable ignored = outcome(use);
            javaHeap.empty();
            print(outcome(use));
            System.exit(0);
        }

        /** A first malloc that needs a run notices the recording. */
        private static void record() {
            Recording recording = new Recording(); // until the end
            for (String event : List.of("AllocationSample", "Mapping", "Purge", "InvalidBlock")) {
                recording.enable("dev.banos.mem." + event);
            }
            recording.start();
            Malloc.free(Malloc.malloc(40_000));
        }
    }

    /** What the JVM with the short stacks runs: the first use comes as deep as can be, and then ever less deep. */
    public static final class Deep {
        private static final int THREADS = 4;
        private static final long STACK_BYTES = 256 * 1024;

        private Deep() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            Runnable use = use(arguments[0]);
            Malloc.free(Malloc.malloc(100));
            int overflows = StackEnd.atEachDepth(THREADS, STACK_BYTES, () -> untilTheStackEnds(use));
            System.out.println("overflows " + overflows);
            print(outcome(use));
        }

        private static void untilTheStackEnds(Runnable use) {
            try {
                use.run();
            } catch (LinkageError lost) {
                return; // which is so from now on
            }
        }
    }
}
