package dev.banos.libc.sort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.mem.Malloc;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ScratchTest {
    private final AtomicInteger refused = new AtomicInteger();
    private final CountDownLatch refusedTwice = new CountDownLatch(2);
    private volatile boolean memory = true;
    private final Scratch scratch = new Scratch(64, this::malloc);

    private long malloc(long bytes) {
        if (memory) {
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
