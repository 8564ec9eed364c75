package dev.banos.mem.slots;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Malloc;
import dev.banos.testing.ChildJvm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@link VirtualThreadStress} under schedulers of several sizes, and what goes back to the system, each in a JVM of its own. */
@Timeout(300)
class VirtualThreadsTest {
    private static final int MOST_BYTES = 512;

    @Test
    void onOneCarrier() throws Exception {
        run("-Djdk.virtualThreadScheduler.parallelism=1", "-Djdk.virtualThreadScheduler.maxPoolSize=1");
    }

    @Test
    void onTwoCarriers() throws Exception {
        run("-Djdk.virtualThreadScheduler.parallelism=2", "-Djdk.virtualThreadScheduler.maxPoolSize=2");
    }

    @Test
    void onEightCarriersAndMoreWherePinnedThreadsWait() throws Exception {
        run("-Djdk.virtualThreadScheduler.parallelism=8", "-Djdk.virtualThreadScheduler.maxPoolSize=64");
    }

    @Test
    void whatOthersFreeInThePoolOfARunningThreadGoesBackWhenItHasEnded() throws Exception {
        assertThat(ChildJvm.run(flags(), LeasedPoolPurge.class).output())
                .isEqualTo("of a running thread kept\nof an ended one given back\n");
    }

    /** Each pool may have two runs of each size: one that is served from, and an empty one that is kept. */
    @Test
    void memoryIsBoundedByProcessorsNotByThreads() throws InterruptedException {
        Thread.startVirtualThread(() -> Malloc.free(Malloc.malloc(1))).join(); // then the pools are there
        long bound = 0;
        for (int sizeClass = 0; sizeClass <= SizeClasses.indexOf(MOST_BYTES); sizeClass++) {
            bound += SharedPools.pools().size() * 2L * SizeClasses.spans(sizeClass) * SizeClasses.SPAN_BYTES;
        }
        for (int threads : new int[] {100, 10_000, 30_000}) {
            try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 0; i < threads; i++) {
                    int seed = i;
                    executor.execute(() -> replaceBlocks(new SplittableRandom(seed)));
                }
            }
            assertThat(reservedBytes()).as(threads + " threads").isLessThanOrEqualTo(bound);
        }
        assertThat(SharedPools.pools().size()).isLessThanOrEqualTo(6 * Runtime.getRuntime().availableProcessors());
    }

    @Test
    void whatEndedThreadsFreedThemselvesGoesBackWithoutATrim() throws Exception {
        Malloc.trim();
        long before = reservedBytes();
        int count = 500;
        CountDownLatch full = new CountDownLatch(count);
        CountDownLatch mayFree = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            threads.add(Thread.ofVirtual().start(() -> {
                long[] blocks = new long[64];
                Arrays.setAll(blocks, _ -> Malloc.malloc(MOST_BYTES));
                full.countDown();
                await(mayFree);
                Arrays.stream(blocks).forEach(Malloc::free);
            }));
        }
        full.await();
        assertThat(reservedBytes()).isGreaterThan(before); // 16 MB live
        mayFree.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        waitUntil(() -> reservedBytes() <= before);
    }

    /** When the purger has done, nobody has leased the pool, and its lock is free. */
    @Test
    void whatIsFreedWhenAllHaveEndedGoesBackWithoutATrim() throws Exception {
        Malloc.trim();
        long before = reservedBytes();
        long[] block = new long[1];
        Thread.ofVirtual().start(() -> block[0] = Malloc.malloc(MOST_BYTES)).join();
        waitUntil(() -> Thread.getAllStackTraces().keySet().stream().noneMatch(thread -> thread.getName().equals("banos-purger")));
        assertThat(reservedBytes()).isGreaterThan(before);
        Malloc.free(block[0]);
        waitUntil(() -> reservedBytes() <= before);
    }

    private static void waitUntil(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("20 seconds went by").isLessThan(deadline);
            Thread.sleep(50);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException unexpected) {
            throw new AssertionError(unexpected);
        }
    }

    private static long reservedBytes() {
        return Totals.spanBytes(SharedPools.counts());
    }

    private static void replaceBlocks(SplittableRandom random) {
        long[] blocks = new long[16];
        for (int i = 0; i < 100; i++) {
            int replaced = random.nextInt(blocks.length);
            Malloc.free(blocks[replaced]);
            blocks[replaced] = Malloc.malloc(random.nextInt(16, MOST_BYTES));
        }
        for (long block : blocks) {
            Malloc.free(block);
        }
    }

    private static void run(String... flags) throws Exception {
        assertThat(ChildJvm.run(flags(flags), VirtualThreadStress.class).output()).isEqualTo("held\n");
    }

    private static List<String> flags(String... more) {
        List<String> all = new ArrayList<>(List.of("-ea", "-Dbanos.mem.purgeDelayMillis=5"));
        all.addAll(List.of(more));
        return all;
    }
}
