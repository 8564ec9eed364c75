package dev.banos.libc.sort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.mem.Malloc;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ScratchTest {
    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private final CountDownLatch refusedTwice = new CountDownLatch(2);
    private volatile boolean memory = true;
    private final Scratch scratch = new Scratch(64, this::malloc);

    private long malloc(long bytes) {
        if (memory) {
            asked.incrementAndGet();
            return Malloc.malloc(bytes);
        }
        refused.incrementAndGet();
        refusedTwice.countDown();
        return 0;
    }

    @Test
    void theFirstSortFailsWithoutMemory() {
        memory = false;
        assertThatThrownBy(scratch::claim).isInstanceOf(OutOfMemoryError.class)
                .hasMessage("no 64 bytes of native memory for what a sort needs beside its data");
        memory = true;
        Malloc.free(scratch.claim());
    }

    @Test
    void whatIsPreparedIsClaimedWithoutMemory() {
        memory = false;
        assertThatThrownBy(scratch::prepare).isInstanceOf(OutOfMemoryError.class);
        memory = true;
        scratch.prepare();
        memory = false;
        scratch.prepare();
        Malloc.free(scratch.claim());
        assertThat(refused).hasValue(1);
    }

    @Test
    void whatIsIdleNeedsNoMemory() {
        long block = scratch.claim();
        scratch.release(block);
        memory = false;
        assertThat(scratch.claim()).isEqualTo(block);
        assertThat(refused).hasValue(0);
        Malloc.free(block);
    }

    /** However many sorts ran at the same moment. */
    @Test
    void fewBlocksAreKept() {
        int sorts = 64;
        long[] blocks = new long[sorts];
        for (int round = 0; round < 2; round++) {
            Arrays.setAll(blocks, i -> scratch.claim());
            for (long block : blocks) {
                scratch.release(block);
            }
        }
        assertThat(asked).hasValueBetween(2 * sorts - Scratch.MOST_IDLE, 2 * sorts - 1); // one at least is kept
        memory = false;
        Malloc.free(scratch.claim());
        assertThat(refused).hasValue(0);
    }

    @Test
    void whatIsNotKeptIsFreed() {
        long bytes = 1 << 20;
        Scratch large = new Scratch(bytes, Malloc::malloc);
        long before = Malloc.statistics().liveBytes();
        long[] blocks = new long[4 * Scratch.MOST_IDLE];
        Arrays.setAll(blocks, i -> large.claim());
        for (long block : blocks) {
            large.release(block);
        }
        assertThat(Malloc.statistics().liveBytes() - before).isLessThan(2 * Scratch.MOST_IDLE * bytes);
    }

    @Test
    void withoutMemoryASortWaitsForTheEndOfAnother() throws Exception {
        long block = scratch.claim();
        memory = false;
        CompletableFuture<Long> waiting = CompletableFuture.supplyAsync(scratch::claim);
        refusedTwice.await();
        assertThat(waiting).isNotDone();

        scratch.release(block);

        assertThat(waiting.get()).isEqualTo(block);
        Malloc.free(block);
    }
}
