package dev.banos.mem.slots;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.mem.Heap;
import dev.banos.mem.InvalidBlockException;
import dev.banos.testing.OtherThread;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Frees into the run that a pool began to serve from last, which take a way of their own. */
class FavouriteRunTest {
    private static final long BYTES = 64;
    private static final int SLOTS = 1024;

    private final SlotPool pool = new SlotPool(Domain.MALLOC, Access.CONFINED);

    @AfterEach
    void destroy() {
        pool.destroy();
    }

    private List<Long> allocate(int count) {
        List<Long> blocks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            blocks.add(pool.allocate(BYTES));
        }
        assertThat(pool.isValid()).isTrue();
        return blocks;
    }

    private boolean favours(long block) {
        return pool.favours(RunTable.holding(block));
    }

    @Test
    void onlyALiveBlockIsFreed() {
        List<Long> blocks = allocate(3);
        assertThat(favours(blocks.getFirst())).isTrue();

        assertThat(pool.free(blocks.get(1))).isTrue();
        assertThat(pool.free(blocks.get(1))).isFalse();
        assertThat(pool.free(blocks.get(0) + 16)).isFalse();
        assertThat(pool.free(blocks.get(0) + 1)).isFalse();
        assertThat(pool.free(blocks.get(2) + BYTES)).isFalse();
        assertThat(pool.free(blocks.get(0) - 1)).isFalse();
        assertThat(pool.free(0)).isFalse();
        assertThat(pool.isValid()).isTrue();
        assertThat(RunTable.holding(blocks.get(0)).isLive(blocks.get(0))).isTrue();
        assertThat(pool.allocate(BYTES)).isEqualTo(blocks.get(2) + BYTES); // chosen before the free
        assertThat(pool.allocate(BYTES)).isEqualTo(blocks.get(1));
    }

    /** A run is served from a second time while other words of it are full: what is freed there is found again. */
    @Test
    void aWordThatWasFullIsServedFromAgain() {
        List<Long> first = allocate(SLOTS);
        List<Long> second = allocate(1);
        pool.free(first.get(70));
        second.addAll(allocate(SLOTS - 1));
        assertThat(allocate(1)).containsExactly(first.get(70));
        assertThat(favours(first.get(70))).isTrue();

        List<Long> freed = new ArrayList<>();
        for (int word = 2; word < SLOTS / Long.SIZE; word += 3) {
            freed.add(first.get(word * Long.SIZE + 5));
            assertThat(pool.free(freed.getLast())).isTrue();
        }
        assertThat(pool.isValid()).isTrue();
        assertThat(allocate(freed.size())).containsExactlyInAnyOrderElementsOf(freed);
    }

    @Test
    void anotherWordAnotherRunOrAWatchedRunIsNone() {
        long first = allocate(Long.SIZE).getFirst();
        assertThat(favours(first)).isTrue();
        allocate(1);
        assertThat(favours(first)).as("another word was opened").isFalse();

        allocate(SLOTS - Long.SIZE - 1);
        long second = allocate(1).getFirst();
        assertThat(favours(first)).isFalse();
        assertThat(favours(second)).isTrue();
        pool.allocate(2 * BYTES);
        assertThat(favours(second)).as("another size's word was opened").isFalse();
        assertThat(favours(pool.allocate(20_000))).as("a run of few slots").isFalse();
        assertThat(pool.isValid()).isTrue();
    }

    @Test
    void aRunThatIsGoneIsNone() {
        List<Long> blocks = allocate(10);
        Run run = RunTable.holding(blocks.getFirst());
        blocks.forEach(block -> assertThat(pool.free(block)).isTrue());
        pool.trim();
        assertThat(run.retired).isTrue();
        assertThat(pool.favours(run)).isFalse();

        for (long block : blocks) {
            assertThat(pool.free(block)).isFalse();
        }
        long elsewhere = pool.allocate(5000); // may lie where that run did
        for (long block : blocks) {
            assertThat(block != elsewhere && pool.free(block)).isFalse();
        }
    }

    @Test
    void whatAnotherThreadFreedIsFreedOnce() {
        try (Heap heap = Heap.create()) {
            long block = heap.malloc(BYTES);
            long other = heap.malloc(BYTES);
            OtherThread.run(() -> heap.free(block));
            assertThatThrownBy(() -> heap.free(block)).isInstanceOf(InvalidBlockException.class);
            heap.free(other);
            OtherThread.run(() -> assertThatThrownBy(() -> heap.free(other)).isInstanceOf(InvalidBlockException.class));
            assertThat(heap.statistics().liveBlocks()).isZero();
        }
    }
}
