package dev.banos.mem.slots;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.ProcSelf;
import dev.banos.mem.system.Kernel;
import dev.banos.mem.system.Words;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How much memory the allocator takes for its own books, as the kernel counts it. */
class BitmapsTest {
    private static final int RUNS = 300;
    private static final int SMALLEST = SizeClasses.ALIGNMENT;

    @Test
    void bitmapsTakeLessThanOnePercentOfTheSmallestSlotsAndTheSecondComesWithTheFirstRemoteFree() {
        SlotPool pool = new SlotPool(Domain.MALLOC, Access.OWN_THREAD);
        pool.threadId = Long.MAX_VALUE;
        List<Long> blocks = new ArrayList<>();
        for (int i = 0; i < RUNS * SizeClasses.SPAN_BYTES / SMALLEST; i++) {
            blocks.add(pool.allocate(SMALLEST));
        }
        List<Run> fresh = RunTable.all().stream().filter(run -> run.owner == pool).toList();
        assertThat(fresh).hasSize(RUNS);
        long pages = fresh.stream().map(run -> page(run.local)).distinct().count();
        assertThat(pages * Kernel.PAGE_BYTES).isLessThan(RUNS * SizeClasses.SPAN_BYTES / 100);
        List<Run> untouched = fresh.stream().filter(run -> isWithoutMemory(page(run.remote))).toList();
        assertThat(untouched).as("runs whose bitmap was not another's before").hasSizeGreaterThan(RUNS / 3);

        Run freedIn = untouched.getLast();
        assertThat(SlotPool.free(SlotPool.NOBODY, freedIn, freedIn.base, Domain.MALLOC)).isTrue();
        assertThat(isWithoutMemory(page(freedIn.remote))).isFalse();
        assertThat(isWithoutMemory(page(freedIn.local))).isFalse();
        pool.destroy();
    }

    private static long page(long bit) {
        return Words.byteOf(bit) & -Kernel.PAGE_BYTES;
    }

    private static boolean isWithoutMemory(long page) {
        return !ProcSelf.hasOwnMemory(page);
    }
}
