package dev.banos.mem.slots;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import dev.banos.mem.insight.LeakTracking.Level;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A free that found the run of a dead block, and goes on when the run is gone and its bitmaps are another's. */
class LateFreesTest {
    private static final long SIZE = 60_000; // a run of one bitmap word, as that of half the size
    private static final int BLOCKS = 5;

    @ParameterizedTest
    @EnumSource(names = {"OWN_THREAD", "STRIPED", "CONFINED", "SHARED"})
    void harmsNoBlockOfAnotherRun(Access access) {
        SlotPool gone = pool(access);
        SlotPool next = pool(Access.OWN_THREAD);
        long[] dead = LongStream.generate(() -> gone.allocate(SIZE)).limit(BLOCKS).toArray();
        Run stale = RunTable.holding(dead[3]);
        for (long block : dead) {
            assertThat(RunTable.holding(block).free(block)).isTrue();
        }
        gone.trim();
        Bitmaps.endWaiting();
        long[] live = LongStream.generate(() -> next.allocate(SIZE / 2)).limit(10 * BLOCKS).toArray();
        assertThat(RunTable.all()).filteredOn(run -> run.owner == next).extracting(run -> run.local).contains(stale.local);

        assertThat(gone.freeFromOutside(stale, dead[3])).isFalse();
        assertThat(stale.freeRemotely(dead[3])).isFalse();
        assertThat(stale.isLive(dead[3])).isFalse();
        for (long block : live) {
            assertThat(RunTable.holding(block).isLive(block)).isTrue();
        }
        next.destroy();
    }

    @Test
    void ofATrackedBlockEndsTheLifeOfTheOneThatIsThereNow() {
        try (Heap heap = Heap.create(HeapOptions.shared().leaks(Level.FULL, _ -> { }))) {
            long dead = heap.malloc(SIZE);
            Run stale = RunTable.holding(dead);
            heap.free(dead);
            heap.trim();
            assertThat(heap.malloc(SIZE)).isEqualTo(dead);
            assertThat(RunTable.holding(dead)).isNotSameAs(stale);
            assertThat(stale.owner.freeFromOutside(stale, dead)).isTrue();
            assertThat(heap.statistics().liveBlocks()).isZero();
            Set<Long> blocks = new HashSet<>();
            for (int i = 0; i < 200; i++) {
                blocks.add(heap.malloc(SIZE));
            }
            assertThat(blocks).hasSize(200);
            assertThat(heap.statistics().liveBlocks()).isEqualTo(200);
            blocks.forEach(heap::free);
        }
    }

    @Test
    void bitmapsWaitForAsLongAsAFreeHoldsThem() {
        int slots = 100;
        long held = Bitmaps.take(slots);
        int one = Hazards.hold(held);
        int other = Hazards.hold(held); // which finds its place taken
        Bitmaps.giveBack(held, slots);
        for (int place : new int[] {one, other}) {
            Bitmaps.endWaiting();
            assertThat(isTaken(held, slots, 1000)).isFalse();
            Hazards.release(place);
        }
        Bitmaps.endWaiting();
        assertThat(isTaken(held, slots, 200_000)).isTrue();
    }

    /** Whether it comes, of so many; the others go back. */
    private static boolean isTaken(long bitmap, int slots, int most) {
        List<Long> others = LongStream.generate(() -> Bitmaps.take(slots)).limit(most).takeWhile(each -> each != bitmap).boxed().toList();
        others.forEach(each -> Bitmaps.giveBack(each, slots));
        return others.size() < most;
    }

    private static SlotPool pool(Access access) {
        SlotPool pool = new SlotPool(Domain.MALLOC, access);
        pool.threadId = Long.MAX_VALUE; // some other thread's
        return pool;
    }
}
