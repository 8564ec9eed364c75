package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The figures, against a count of our own. */
class HeapStatisticsTest {
    @Test
    void countsWhatLivesInEachKindOfHeap() {
        try (Heap confined = Heap.create(); Heap shared = Heap.createShared()) {
            for (Heap heap : List.of(confined, shared)) {
                List<Long> blocks = new ArrayList<>();
                for (int i = 0; i < 100; i++) {
                    blocks.add(heap.malloc(64));
                }
                blocks.add(heap.malloc(5000));
                blocks.add(heap.malloc(100_000));
                heap.free(blocks.removeFirst());
                HeapStatistics statistics = heap.statistics();
                assertThat(statistics.liveBlocks()).isEqualTo(101);
                assertThat(statistics.sizeClasses()).extracting(HeapStatistics.SizeClass::slotBytes).containsExactly(64L, 5120L);
                assertThat(statistics.sizeClasses()).extracting(HeapStatistics.SizeClass::live).containsExactly(99L, 1L);
                assertThat(statistics.mappings()).isEqualTo(1);
                assertThat(statistics.mappedBytes()).isEqualTo(102_400);
                assertThat(statistics.liveBytes()).isEqualTo(99 * 64 + 5120 + 102_400);
                assertThat(statistics.toString()).contains("heap ").contains("101 blocks");
                assertThat(statistics.toJson()).contains("\"liveBlocks\":101").contains("\"slotBytes\":5120");
                blocks.forEach(heap::free);
                assertThat(heap.statistics().liveBlocks()).isZero();
            }
        }
    }

    /** Slots that wait in quarantine, and those taken ahead to be given out in random order, hold no block of anybody. */
    @Test
    void ofAHardenedHeapOnlyWhatIsLiveCounts() {
        try (Heap heap = Heap.create(HeapOptions.shared().named("hardened-count").hardened(Hardening.ALL))) {
            long first = heap.malloc(100);
            heap.malloc(100);
            heap.malloc(5000);
            heap.free(first);
            List<Long> walked = new ArrayList<>();
            heap.walk((address, usable) -> walked.add(address));
            HeapStatistics statistics = heap.statistics();
            assertThat(statistics.liveBlocks()).isEqualTo(walked.size()).isEqualTo(2);
            assertThat(HeapCensus.now()).filteredOn(each -> each.heap().contains("hardened-count"))
                    .singleElement().satisfies(each -> assertThat(each.liveBlocks()).isEqualTo(2));
            heap.walk((address, usable) -> heap.free(address));
            assertThat(heap.statistics().liveBlocks()).isZero();
        }
    }

    @Test
    void theWalkShowsEveryLiveBlockOnceAndMayFreeIt() {
        try (Heap heap = Heap.create()) {
            Map<Long, Long> live = new TreeMap<>();
            for (int i = 1; i < 2000; i++) {
                long block = heap.malloc(i * 37);
                live.put(block, heap.usableSize(block));
                if (i % 3 == 0) {
                    heap.free(block);
                    live.remove(block);
                }
            }
            Map<Long, Long> seen = new TreeMap<>();
            heap.walk(seen::put);
            assertThat(seen).isEqualTo(live);
            heap.walk((address, usable) -> heap.free(address));
            assertThat(heap.statistics().liveBlocks()).isZero();
        }
    }

    @Test
    void mallocCountsAllThreads() throws InterruptedException {
        long before = live(48);
        long[] blocks = new long[300];
        for (int kind = 0; kind < 3; kind++) {
            int from = kind * 100;
            Runnable allocate = () -> {
                for (int i = from; i < from + 100; i++) {
                    blocks[i] = Malloc.malloc(48);
                }
            };
            Thread thread = kind == 0 ? new Thread(allocate) : Thread.ofVirtual().unstarted(allocate);
            if (kind == 2) {
                allocate.run();
            } else {
                thread.start();
                thread.join();
            }
        }
        assertThat(live(48) - before).isEqualTo(300);
        for (long block : blocks) {
            Malloc.free(block);
        }
        assertThat(live(48)).isEqualTo(before);
    }

    private static long live(long slotBytes) {
        return Malloc.statistics().sizeClasses().stream().filter(each -> each.slotBytes() == slotBytes)
                .mapToLong(HeapStatistics.SizeClass::live).sum();
    }

    @Test
    void anyNameIsAJsonString() {
        try (Heap heap = Heap.create(HeapOptions.shared().named("a\"b\\c\n\u0001\ud800"))) {
            assertThat(heap.statistics().toJson()).startsWith("{\"heap\":\"heap a\\\"b\\\\c\\u000a\\u0001\\ud800\",");
        }
    }
}
