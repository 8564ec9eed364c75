package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.Native;
import dev.banos.mem.slots.SizeClasses;
import dev.banos.thread.BanosThread;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Blocks that one thread allocates and another frees: none lost, none given out twice, contents intact. */
class HandOverTest {
    /** Each block begins with its size and ends with its own address: whoever takes it over checks both. */
    private static final int LEAST = 16;

    private final ConcurrentLinkedQueue<Long> handedOver = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicLong failures = new AtomicLong();

    @Test
    @Timeout(120)
    void eightPlatformThreadsAndTenThousandVirtualThreads() throws InterruptedException {
        exchangeAmongAll(0);
    }

    /**
     * A virtual thread that needs more arenas makes its control block on the way to the kernel, which releases the heaps of
     * ended threads: it must not hold then what they need.
     */
    @Test
    @Timeout(60)
    void virtualThreadThatReleasesTheHeapsOfEndedThreadsWhileItNeedsAnArena() throws InterruptedException {
        for (int round = 0; round < 20; round++) {
            freeWhatEndedThreadsLeft(8, 100);
            List<Long> blocks = new ArrayList<>();
            Thread thread = Thread.ofVirtual().start(() -> allocate(200, blocks));
            assertThat(thread.join(Duration.ofSeconds(20))).as("the virtual thread ends").isTrue();
            blocks.forEach(Malloc::free);
            Malloc.trim();
        }
    }

    private static void freeWhatEndedThreadsLeft(int threads, int count) throws InterruptedException {
        for (int i = 0; i < threads; i++) {
            List<Long> blocks = new ArrayList<>();
            Thread thread = new Thread(() -> allocate(count, blocks));
            thread.start();
            thread.join();
            blocks.forEach(Malloc::free);
        }
    }

    private static void allocate(int count, List<Long> blocks) {
        for (int i = 0; i < count; i++) {
            blocks.add(Malloc.malloc(SizeClasses.DIRECT_BYTES / 2));
        }
    }

    @Test
    @Tag("campaign")
    @Timeout(600)
    void forMinutes() throws InterruptedException {
        long end = System.nanoTime() + Duration.ofMinutes(3).toNanos();
        for (int round = 1; System.nanoTime() < end; round++) {
            exchangeAmongAll(round * 100_000);
        }
    }

    private void exchangeAmongAll(int firstSeed) throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            int seed = firstSeed + i;
            Runnable body = () -> exchange(seed, 20_000);
            threads.add(i % 2 == 0 ? new BanosThread(body) : new Thread(body));
        }
        for (int i = 0; i < 10_000; i++) {
            int seed = firstSeed + 100 + i;
            threads.add(Thread.ofVirtual().unstarted(() -> exchange(seed, 30)));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        for (Long block = handedOver.poll(); block != null; block = handedOver.poll()) {
            checkAndFree(block);
        }
        waiting.set(0);
        assertThat(failures).hasValue(0);
        Malloc.trim();
    }

    private void exchange(int seed, int rounds) {
        try {
            SplittableRandom random = new SplittableRandom(seed);
            for (int i = 0; i < rounds; i++) {
                int size = LEAST + (random.nextInt(50) == 0 ? random.nextInt(100_000) : random.nextInt(600)) / 8 * 8;
                long block = Malloc.malloc(size);
                Native.EVERYTHING.set(ValueLayout.JAVA_LONG, block, size);
                Native.EVERYTHING.set(ValueLayout.JAVA_LONG, block + size - 8, block);
                handedOver.add(block);
                if (waiting.incrementAndGet() > 1000) {
                    waiting.decrementAndGet();
                    Long other = handedOver.poll();
                    if (other != null) {
                        checkAndFree(other);
                    }
                }
                if (i % 10 == 0) {
                    Thread.yield();
                }
            }
        } catch (RuntimeException | Error failure) {
            failures.incrementAndGet();
            throw failure;
        }
    }

    private void checkAndFree(long block) {
        long size = Native.EVERYTHING.get(ValueLayout.JAVA_LONG, block);
        if (Native.EVERYTHING.get(ValueLayout.JAVA_LONG, block + size - 8) != block) {
            throw new AssertionError("block 0x" + Long.toHexString(block) + " was overwritten");
        }
        Malloc.free(block);
    }
}
