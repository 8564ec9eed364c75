package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.mem.insight.LeakTracking;
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

    @Test
    void aHeapHasANameThatCanBeSeen() {
        for (String name : new String[] {"", " ", "\n"}) {
            assertThatThrownBy(() -> HeapOptions.shared().named(name)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("name=\"" + name + "\"");
        }
    }

    @Test
    void theTextSaysWhatIsNotAsItWasAtFirst() {
        assertThat(HeapOptions.confined()).hasToString("confined");
        try (Heap parent = Heap.create(HeapOptions.shared().named("server"))) {
            assertThat(HeapOptions.shared().named("images").limit(200 << 20).highWater(150 << 20, now -> { }).childOf(parent)
                    .hardened(Hardening.NONE.withCanary().withGuard()).mappingCache(0).hugePages(HugePages.NEVER)
                    .leaks(LeakTracking.Level.OFF)).hasToString("shared, named images, limit 209715200, highWater 157286400, "
                    + "childOf heap server, hardened canary,guard, hugePages NEVER, leaks OFF");
        }
    }

    @Test
    void noCallOfAClosedHeapPassesForALook() {
        for (HeapOptions options : new HeapOptions[] {HeapOptions.confined(), HeapOptions.shared(),
                HeapOptions.shared().hardened(Hardening.ALL)}) {
            Heap heap = Heap.create(options);
            assertThatThrownBy(() -> heap.walk(null)).isInstanceOf(NullPointerException.class).hasMessage("visitor");
            heap.close();
            assertThatThrownBy(heap::verify).isInstanceOf(IllegalStateException.class).hasMessageContaining("is closed");
            assertThat(heap.budget().usedBytes()).isZero();
        }
    }
}
