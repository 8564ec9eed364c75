package dev.banos.mem.slots;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Malloc;
import dev.banos.thread.BanosThread;
import org.junit.jupiter.api.Test;

/** Pools outlive their threads, and serve the next. */
class ThreadPoolsTest {
    @Test
    void aThousandThreadsOneAfterAnotherNeedTheHeapsOfAFew() throws InterruptedException {
        int before = ThreadPools.madeCount();
        for (int i = 0; i < 1000; i++) {
            Thread thread = new BanosThread(() -> Malloc.free(Malloc.malloc(100)));
            thread.start();
            thread.join();
        }
        assertThat(ThreadPools.madeCount()).isLessThan(before + 100);
    }

    @Test
    void foreignThreadsThatEndedAreNoticed() throws InterruptedException {
        int before = ThreadPools.madeCount();
        for (int i = 0; i < 2000; i++) {
            Thread thread = new Thread(() -> Malloc.free(Malloc.malloc(100)));
            thread.start();
            thread.join();
        }
        assertThat(ThreadPools.madeCount()).isLessThan(before + 1000);
    }
}
