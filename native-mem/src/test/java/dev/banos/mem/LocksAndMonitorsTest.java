package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.insight.LeakRecords;
import dev.banos.mem.insight.LeakTracking.Level;
import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.function.Consumer;
import jdk.jfr.Recording;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Nobody waits for a monitor with the lock of a heap in hand: a virtual thread is unmounted there, and those that spin for the lock
 * meanwhile have the carriers that it would need to go on. In a JVM of its own with one carrier, where that would be the end. A
 * class of events is made behind a monitor as well, by a thread that keeps its carrier, but for a tenth of a second.
 */
@Timeout(120)
class LocksAndMonitorsTest {
    private static final List<String> FLAGS = List.of("-Djdk.virtualThreadScheduler.parallelism=1", "-Djdk.virtualThreadScheduler.maxPoolSize=1",
            "--add-opens=jdk.jfr/jdk.jfr.internal=ALL-UNNAMED");

    @ParameterizedTest
    @ValueSource(strings = {"close", "closeOfMappings", "realloc", "smallBlock", "mapping", "scope", "scopeOfAGroup", "closeOfAScope"})
    void whoWaitsForAMonitorLetsOthersUseTheHeap(String kind) throws IOException, InterruptedException {
        List<String> flags = new ArrayList<>(FLAGS);
        flags.add("-Dkind=" + kind);
        assertThat(ChildJvm.run(flags, Child.class).output()).contains("waits: BLOCKED", "the other: done", "in the end: done");
    }

    /** What the JVM with one carrier runs. */
    public static final class Child {
        private Child() {
        }

        public static void main(String[] arguments) throws Exception {
            String kind = System.getProperty("kind");
            Heap heap = Heap.create(HeapOptions.shared().leaks(Level.FULL, report -> { }));
            switch (kind) {
                case "close" -> waitAtTheRecordOf(heap.malloc(100), heap, heap::close);
                case "closeOfMappings" -> waitAtTheRecordOf(heap.malloc(100_000), heap, heap::close);
                case "realloc" -> {
                    long block = heap.malloc(100_000);
                    waitAtTheRecordOf(block, heap, () -> heap.realloc(block, 200_000));
                }
                case "smallBlock" -> waitAtTheFirstEvent(Heap.createShared(), 100);
                case "mapping" -> waitAtTheFirstEvent(Heap.createShared(), 100_000);
                case "scope" -> waitAtTheFirstEvent(HeapScope.ofShared(), scope -> scope.allocate(100_000));
                case "scopeOfAGroup" -> waitAtTheFirstEvent(ScopeGroup.create().open(), scope -> scope.allocate(20_000));
                case "closeOfAScope" -> waitAtTheFirstEvent(HeapScope.ofShared(), HeapScope::close);
                default -> throw new IllegalArgumentException(kind);
            }
            Runtime.getRuntime().halt(0);
        }

        private static void waitAtTheRecordOf(long block, Heap heap, Runnable work) throws Exception {
            Field blocks = LeakRecords.class.getDeclaredField("blocks");
            blocks.setAccessible(true);
            @SuppressWarnings("unchecked") // whatever the records are
            ConcurrentMap<Long, Object> map = (ConcurrentMap<Long, Object>) blocks.get(heap.domain().leaks);
            CountDownLatch held = new CountDownLatch(1);
            CountDownLatch end = new CountDownLatch(1);
            Thread.ofPlatform().daemon().start(() -> map.computeIfPresent(block, (key, record) -> {
                held.countDown();
                await(end);
                return record;
            }));
            await(held);
            use(Thread.ofVirtual().factory(), work, () -> use(heap), end);
        }

        private static void waitAtTheFirstEvent(Heap heap, long size) throws Exception {
            waitAtTheFirstEvent(() -> heap.malloc(size), () -> use(heap));
        }

        private static void waitAtTheFirstEvent(HeapScope scope, Consumer<HeapScope> work) throws Exception {
            scope.allocate(100_000); // which its close unmaps
            scope.allocate(1);
            waitAtTheFirstEvent(() -> work.accept(scope), () -> use(scope));
        }

        /** The first event of a kind is made known to the flight recorder, behind this monitor. */
        private static void waitAtTheFirstEvent(Runnable work, Runnable other) throws Exception {
            try (Recording recording = new Recording()) {
                recording.start();
                Object monitor = Class.forName("jdk.jfr.internal.MetadataRepository").getMethod("getInstance").invoke(null);
                CountDownLatch held = new CountDownLatch(1);
                CountDownLatch end = new CountDownLatch(1);
                Thread.ofPlatform().daemon().start(() -> {
                    synchronized (monitor) {
                        held.countDown();
                        await(end);
                    }
                });
                await(held);
                use(Thread.ofPlatform().factory(), work, other, end);
            }
        }

        private static void use(ThreadFactory threads, Runnable work, Runnable besides, CountDownLatch end) throws InterruptedException {
            Thread waiting = threads.newThread(work);
            waiting.start();
            for (int i = 0; i < 1000 && waiting.getState() != Thread.State.BLOCKED; i++) {
                Thread.sleep(10);
            }
            System.out.println("waits: " + waiting.getState());
            Thread other = threads.newThread(besides);
            other.start();
            System.out.println("the other: " + (other.join(Duration.ofSeconds(5)) ? "done" : "spins"));
            end.countDown();
            System.out.println("in the end: " + (waiting.join(Duration.ofSeconds(5)) ? "done" : "waits"));
        }

        /** By its lock, and without an event. */
        private static void use(Heap heap) {
            try {
                System.out.println(heap.statistics());
            } catch (IllegalStateException closed) {
                System.out.println(closed.getMessage());
            }
        }

        /** From its chunk, which has room. */
        private static void use(HeapScope scope) {
            try {
                System.out.println(scope.allocate(1).byteSize());
            } catch (IllegalStateException closed) {
                System.out.println(closed.getMessage());
            }
        }

        private static void await(CountDownLatch latch) {
            try {
                latch.await();
            } catch (InterruptedException nobodyDoes) {
                throw new AssertionError(nobodyDoes);
            }
        }
    }
}
