package dev.banos.insight;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.Native;
import dev.banos.mem.Heap;
import dev.banos.mem.Malloc;
import dev.banos.mem.insight.LeakTracking;
import dev.banos.mem.insight.LeakTracking.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/** Threads hand blocks to each other while the level changes: no block is lost, shared or forgotten by its record. */
@Isolated
@Timeout(60)
class TrackingRacesTest {
    private static final int BATCHES = 1000;
    private static final int BATCH = 50;

    private final BlockingQueue<long[]> queue = new ArrayBlockingQueue<>(64);

    @AfterEach
    void stopTracking() {
        LeakTracking.level(Level.OFF);
    }

    @RepeatedTest(3)
    void blocksKeepTheirContentsWhateverTheLevelIsWhenTheyAreBornAndDie() throws Exception {
        int remembered = LeakTracking.count();
        try (ExecutorService platform = Executors.newCachedThreadPool();
                ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Boolean>> work = new ArrayList<>();
            for (ExecutorService executor : List.of(platform, virtual)) {
                work.add(executor.submit(this::produce));
                work.add(executor.submit(this::consume));
            }
            for (int i = 0; work.stream().anyMatch(each -> !each.isDone()); i++) {
                LeakTracking.level(Level.values()[i % Level.values().length]);
                Heap.current().trim();
                Thread.sleep(5);
            }
            for (Future<Boolean> each : work) {
                assertThat(each.get()).isTrue();
            }
        }
        assertThat(LeakTracking.count()).isEqualTo(remembered);
    }

    private Boolean produce() throws InterruptedException {
        for (int i = 0; i < BATCHES; i++) {
            long[] blocks = new long[BATCH];
            for (int k = 0; k < BATCH; k++) {
                blocks[k] = Malloc.malloc(16 + k * 40L);
                Native.EVERYTHING.set(JAVA_LONG, blocks[k], blocks[k]);
            }
            queue.put(blocks);
        }
        return true;
    }

    private Boolean consume() throws InterruptedException {
        boolean intact = true;
        for (int i = 0; i < BATCHES; i++) {
            for (long block : queue.take()) {
                intact &= Native.EVERYTHING.get(JAVA_LONG, block) == block;
                Malloc.free(block);
            }
        }
        return intact;
    }
}
