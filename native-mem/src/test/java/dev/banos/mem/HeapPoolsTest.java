package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.banos.bindings.Native;
import dev.banos.mem.slots.SizeClasses;
import dev.banos.mem.slots.SlotPool;
import dev.banos.testing.OtherThread;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A heap for all threads has more pools where these meet, and is one heap all the same. */
@Timeout(60)
class HeapPoolsTest {
    private static final long SIZE = 100;

    @BeforeEach
    void onSeveralProcessors() {
        assumeThat(Runtime.getRuntime().availableProcessors()).as("processors: one has one pool").isGreaterThan(1);
    }

    @Test
    void haveAPoolForEachThreadThatMeetsAnother() {
        try (Heap heap = Heap.createShared()) {
            assertThat(heap.pools.count()).isEqualTo(1);
            SlotPool mine = heap.pools.lock();
            AtomicReference<SlotPool> first = new AtomicReference<>();
            AtomicReference<SlotPool> again = new AtomicReference<>();

            OtherThread.run(() -> {
                first.set(heap.pools.lock());
                first.get().lock.unlock();
                again.set(heap.pools.lock());
                again.get().lock.unlock();
            });
            mine.lock.unlock();

            assertThat(first.get()).isNotSameAs(mine);
            assertThat(again.get()).as("the pool that the thread had last").isSameAs(first.get());
            assertThat(heap.pools.count()).isEqualTo(2);
        }
    }

    @Test
    void areNoMoreThanOneInAHeapOfOneThreadOrAHardenedOne() throws InterruptedException {
        try (Heap confined = Heap.create(); Heap hardened = Heap.create(HeapOptions.shared().hardened(Hardening.ALL))) {
            for (Heap heap : List.of(confined, hardened)) {
                SlotPool mine = heap.pools.lock();
                CountDownLatch begun = new CountDownLatch(1);
                OtherThread waiting = OtherThread.start(() -> {
                    begun.countDown();
                    heap.pools.lock().lock.unlock();
                });
                begun.await();
                mine.lock.unlock();
                waiting.join();
                assertThat(heap.pools.count()).isEqualTo(1);
            }
        }
    }

    /** All figures are of all pools, and each block goes back to its own, whoever frees it. */
    @Test
    void areCountedShownTrimmedAndClosedAsOne() {
        Heap heap = Heap.createShared();
        long mine = heap.malloc(SIZE);
        long others = inAnotherPool(heap);

        assertThat(heap.pools.count()).isEqualTo(2);
        assertThat(heap.statistics().liveBlocks()).isEqualTo(2);
        assertThat(heap.budget().usedBytes()).isEqualTo(2 * SizeClasses.runBytes(SIZE));
        Set<Long> shown = new HashSet<>();
        heap.walk((address, usable) -> shown.add(address));
        assertThat(shown).containsExactlyInAnyOrder(mine, others);

        heap.free(others);
        assertThatThrownBy(() -> heap.free(others)).isInstanceOf(InvalidBlockException.class);
        heap.trim();
        assertThat(heap.budget().usedBytes()).isEqualTo(SizeClasses.runBytes(SIZE));

        long again = inAnotherPool(heap);
        heap.close();
        assertThatThrownBy(() -> heap.free(again)).isInstanceOf(InvalidBlockException.class);
        assertThatThrownBy(() -> heap.malloc(SIZE)).isInstanceOf(IllegalStateException.class);
        assertThat(heap.budget().usedBytes()).isZero();
    }

    /** At the limit a slot that is free in one pool serves whoever asks. */
    @Test
    void serveEachOthersThreadsAtTheLimit() {
        try (Heap heap = Heap.create(HeapOptions.shared().limit(SizeClasses.runBytes(SIZE)))) {
            long mine = heap.malloc(SIZE);

            long others = inAnotherPool(heap);

            assertThat(others).isNotZero();
            assertThat(heap.pools.count()).isEqualTo(2);
            assertThat(heap.statistics().liveBlocks()).isEqualTo(2);
            heap.free(others);
            heap.free(mine);
        }
    }

    /** @return a block that another thread allocates while this one has the lock of the pool that both would have */
    private static long inAnotherPool(Heap heap) {
        SlotPool mine = heap.pools.lock();
        AtomicLong block = new AtomicLong();
        OtherThread other = OtherThread.start(() -> block.set(heap.malloc(SIZE)));
        while (heap.pools.count() == 1) {
            Thread.onSpinWait();
        }
        mine.lock.unlock();
        other.join();
        return block.get();
    }

    /** Four threads allocate, write, resize, hand over and free; each block has what was written when it ends. */
    @Test
    void keepWhatThreadsWriteThatAllocateAndFreeEachOthersBlocks() {
        try (Heap heap = Heap.createShared()) {
            BlockingQueue<long[]> handedOver = new ArrayBlockingQueue<>(1_000);
            List<OtherThread> threads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                Random random = new Random(i);
                threads.add(OtherThread.start(() -> work(heap, handedOver, random)));
            }
            threads.forEach(OtherThread::join);
            handedOver.forEach(block -> end(heap, block));

            assertThat(heap.statistics().liveBlocks()).isZero();
            assertThat(heap.pools.count()).isBetween(1, 2 * Runtime.getRuntime().availableProcessors());
        }
    }

    private static void work(Heap heap, BlockingQueue<long[]> handedOver, Random random) {
        List<long[]> own = new ArrayList<>();
        for (int i = 0; i < 40_000; i++) {
            int choice = random.nextInt(8);
            if (choice < 3 || own.isEmpty()) {
                own.add(begun(heap, random));
            } else if (choice == 3) {
                long[] block = own.get(random.nextInt(own.size()));
                block[0] = heap.realloc(block[0], 8 + random.nextInt(2_000));
            } else if (choice == 4 && handedOver.offer(own.getLast())) {
                own.removeLast();
            } else {
                long[] block = random.nextBoolean() ? handedOver.poll() : own.remove(random.nextInt(own.size()));
                if (block != null) {
                    end(heap, block);
                }
            }
        }
        own.forEach(block -> end(heap, block));
    }

    private static long[] begun(Heap heap, Random random) {
        long address = heap.malloc(8 + random.nextInt(2_000));
        long mark = random.nextLong();
        Native.EVERYTHING.set(ValueLayout.JAVA_LONG, address, mark);
        return new long[] {address, mark};
    }

    private static void end(Heap heap, long[] block) {
        assertThat(Native.EVERYTHING.get(ValueLayout.JAVA_LONG, block[0])).isEqualTo(block[1]);
        heap.free(block[0]);
    }
}
