package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.testing.OtherThread;
import org.junit.jupiter.api.Test;

/** What each option does to the heap, and that options never change. */
class HeapOptionsTest {
    @Test
    void theNameStandsInStatisticsAndMessages() {
        try (Heap heap = Heap.create(HeapOptions.confined().named("images"))) {
            assertThat(heap).hasToString("heap images");
            assertThat(heap.statistics().heap()).isEqualTo("heap images");
            assertThatThrownBy(() -> heap.free(1)).isInstanceOf(InvalidBlockException.class).hasMessageContaining("heap images");
        }
    }

    @Test
    void aConfinedHeapServesItsThreadAndASharedOneEveryThread() throws InterruptedException {
        try (Heap confined = Heap.create(HeapOptions.confined()); Heap shared = Heap.create(HeapOptions.shared())) {
            assertThat(confined.malloc(8)).isNotZero();
            OtherThread.run(() -> {
                assertThat(shared.malloc(8)).isNotZero();
                assertThatThrownBy(() -> confined.malloc(8)).isInstanceOf(IllegalStateException.class);
            });
            assertThat(shared.statistics().liveBlocks()).isEqualTo(1);
        }
    }

    @Test
    void aChangeLeavesTheOptionsAsTheyWere() {
        HeapOptions plain = HeapOptions.shared();
        HeapOptions named = plain.named("one");
        try (Heap one = Heap.create(named); Heap two = Heap.create(named.named("two")); Heap numbered = Heap.create(plain)) {
            assertThat(one).hasToString("heap one");
            assertThat(two).hasToString("heap two");
            assertThat(numbered.toString()).matches("heap \\d+");
        }
        assertThatThrownBy(() -> plain.named(null)).isInstanceOf(NullPointerException.class);
    }
}
