package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.bindings.Native;
import dev.banos.mem.insight.LeakRecords;
import dev.banos.mem.insight.LeakTracking.Level;
import dev.banos.mem.slots.RunTable;
import dev.banos.mem.slots.Spans;
import dev.banos.testing.OtherThread;
import dev.banos.thread.BanosThread;
import dev.banos.thread.Tcb;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Heaps whose thread ends, and heaps that close while others use them. */
@Timeout(60)
class HeapLifeTest {
    private static final long MARK = 0x6d61726b6d61726bL;

    @Test
    void blocksOutliveTheirThreadAndAreFreedByOthers() throws InterruptedException {
        for (boolean own : new boolean[] {true, false}) {
            long[] blocks = new long[1000];
            Runnable body = () -> {
                for (int i = 0; i < blocks.length; i++) {
                    blocks[i] = Malloc.malloc(8 + i);
                    Native.EVERYTHING.set(ValueLayout.JAVA_LONG, blocks[i], i);
                }
            };
            Thread thread = own ? new BanosThread(body) : new Thread(body);
            thread.start();
            thread.join();
            for (int i = 0; i < blocks.length; i++) {
                assertThat(Native.EVERYTHING.get(ValueLayout.JAVA_LONG, blocks[i])).isEqualTo(i);
                Malloc.free(blocks[i]);
                long freed = blocks[i];
                assertThatThrownBy(() -> Malloc.free(freed)).isInstanceOf(InvalidBlockException.class);
            }
        }
    }

    @Test
    void ofTwoThreadsThatFreeTheSameBlockExactlyOneIsRight() throws InterruptedException {
        AtomicInteger refused = new AtomicInteger();
        int blocks = 20_000;
        long[] shared = new long[blocks];
        for (int i = 0; i < blocks; i++) {
            shared[i] = Malloc.malloc(40);
        }
        Runnable freeAll = () -> {
            for (long block : shared) {
                try {
                    Malloc.free(block);
                } catch (InvalidBlockException twice) {
                    refused.incrementAndGet();
                }
            }
        };
        Thread one = new Thread(freeAll);
        Thread other = new Thread(freeAll);
        one.start();
        other.start();
        one.join();
        other.join();
        assertThat(refused).hasValue(blocks);
    }

    /** The owner moves the free slot between its hand and the bitmap all the time; no look may miss it on its way. */
    @Test
    void anotherThreadsDoubleFreeIsFoundWhereverTheSlotIs() throws InterruptedException {
        try (Heap heap = Heap.create()) {
            long[] blocks = new long[Long.SIZE];
            for (int i = 0; i < blocks.length; i++) {
                blocks[i] = heap.malloc(64);
            }
            for (int i = 1; i < blocks.length; i++) {
                heap.free(blocks[i]); // the first keeps the run, the last is the one that no malloc below takes
            }
            AtomicInteger missed = new AtomicInteger();
            Thread thread = new Thread(() -> {
                for (int i = 0; i < 200_000; i++) {
                    try {
                        heap.free(blocks[blocks.length - 1]);
                        missed.incrementAndGet();
                    } catch (InvalidBlockException found) {
                        continue;
                    }
                }
            });
            thread.start();
            while (thread.isAlive()) {
                heap.free(heap.malloc(64));
                heap.trim();
            }
            assertThat(missed).hasValue(0);
        }
    }

    @Test
    void aConfinedHeapRefusesOtherThreadsMallocsAndTakesTheirFrees() throws InterruptedException {
        try (Heap heap = Heap.create()) {
            long block = heap.malloc(100);
            OtherThread.run(() -> {
                assertThatThrownBy(() -> heap.malloc(8)).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(heap::close).isInstanceOf(IllegalStateException.class);
                heap.free(block);
                assertThatThrownBy(() -> heap.free(block)).isInstanceOf(InvalidBlockException.class);
            });
            assertThatThrownBy(() -> heap.free(block)).isInstanceOf(InvalidBlockException.class);
        }
    }

    @Test
    void aConfinedHeapRefusesOtherThreadsReallocsAlsoInPlace() {
        try (Heap heap = Heap.create()) {
            long block = heap.malloc(1000);
            OtherThread.run(() -> {
                for (long size : new long[] {900, 5000, 100_000, -1, 0}) {
                    assertThatThrownBy(() -> heap.realloc(block, size)).as("to " + size).isInstanceOf(IllegalStateException.class)
                            .hasMessageContaining("does not serve thread");
                }
            });
            assertThat(heap.realloc(block, 900)).isEqualTo(block);
        }
    }

    @Test
    void aConfinedHeapThatIsHardenedServesNoOtherThreadEither() {
        try (Heap heap = Heap.create(HeapOptions.confined().hardened(Hardening.ALL.withSample(2)))) {
            heap.malloc(100);
            List<ThrowingCallable> calls = List.of(heap::trim, heap::statistics, heap::verify, () -> heap.walk((_, _) -> { }),
                    () -> heap.malloc(10), () -> heap.calloc(10, 10), () -> heap.malloc(100_000));
            OtherThread.run(() -> {
                for (ThrowingCallable call : calls) {
                    assertThatThrownBy(call).as("call " + calls.indexOf(call)).isInstanceOf(IllegalStateException.class)
                            .hasMessageContaining("does not serve thread");
                }
            });
            heap.trim();
            assertThat(heap.statistics().liveBlocks()).isEqualTo(1);
        }
    }

    /** Nobody else could: neither its memory nor its parent would ever go. */
    @Test
    void aConfinedHeapWhoseThreadHasEndedCanBeClosedByAnyThread() {
        try (Heap parent = Heap.createShared()) {
            for (HeapOptions kind : List.of(HeapOptions.confined(), HeapOptions.confined().mappingCache(1 << 20),
                    HeapOptions.confined().leaks(Level.FULL, report -> { }), HeapOptions.confined().hardened(Hardening.ALL))) {
                for (Thread.Builder builder : List.of(Thread.ofPlatform(), Thread.ofVirtual())) {
                    assertThatAnyoneClosesIt(kind.childOf(parent), builder);
                }
                assertThat(parent.budget().usedBytes()).isZero();
            }
        }
    }

    private static void assertThatAnyoneClosesIt(HeapOptions kind, Thread.Builder builder) {
        AtomicReference<Heap> made = new AtomicReference<>();
        CountDownLatch used = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        List<Long> blocks = new ArrayList<>();
        OtherThread thread = OtherThread.start(builder, () -> {
            made.set(Heap.create(kind));
            for (long size = 16; size < 200_000; size *= 3) {
                blocks.add(made.get().malloc(size));
            }
            made.get().free(blocks.getLast());
            used.countDown();
            await(end);
        });
        await(used);
        Heap heap = made.get();
        assertThatThrownBy(heap::close).as("while it runs").isInstanceOf(IllegalStateException.class).hasMessageContaining("does not serve");
        end.countDown();
        thread.join();
        heap.free(blocks.get(1));
        assertThatThrownBy(() -> heap.malloc(16)).as("also now").isInstanceOf(IllegalStateException.class);
        heap.close();
        assertThat(heap.budget().usedBytes()).isZero();
        assertThatThrownBy(() -> heap.free(blocks.getFirst())).isInstanceOf(InvalidBlockException.class);
        heap.close();
    }

    /** A platform thread that called it would have, beside its own pool, one that another may have any time. */
    @Test
    void theHeapOfVirtualThreadsServesNoPlatformThreadAndTakesItsFrees() {
        AtomicReference<Heap> ofVirtual = new AtomicReference<>();
        AtomicLong block = new AtomicLong();
        OtherThread.start(Thread.ofVirtual(), () -> {
            ofVirtual.set(Heap.current());
            block.set(ofVirtual.get().malloc(100));
        }).join();
        Heap heap = ofVirtual.get();
        List<ThrowingCallable> calls = List.of(() -> heap.malloc(100), () -> heap.malloc(100_000), () -> heap.calloc(3, 30),
                () -> heap.realloc(0, 100), () -> heap.realloc(block.get(), 50), () -> heap.alignedAlloc(64, 64));
        OtherThread.run(() -> { // one without a pool
            for (ThrowingCallable call : calls) {
                assertThatThrownBy(call).isInstanceOf(IllegalStateException.class).hasMessageContaining("does not serve thread");
            }
            assertThat(Heap.current()).isNotSameAs(heap);
            Malloc.free(Malloc.malloc(100));
        });
        for (ThrowingCallable call : calls) {
            assertThatThrownBy(call).isInstanceOf(IllegalStateException.class).hasMessageContaining("does not serve thread");
        }
        heap.free(block.get());
    }

    @Test
    void afterItsCloseAHeapRefusesWhateverIsAskedOfIt() {
        for (HeapOptions kind : List.of(HeapOptions.confined(), HeapOptions.shared(), HeapOptions.shared().hardened(Hardening.ALL))) {
            Heap heap = Heap.create(kind);
            long block = heap.malloc(100);
            heap.close();
            List<ThrowingCallable> calls = List.of(() -> heap.malloc(10), () -> heap.malloc(1 << 20), () -> heap.malloc(-1),
                    () -> heap.malloc(1L << 48), () -> heap.calloc(1, 10), () -> heap.calloc(1L << 40, 1L << 40),
                    () -> heap.realloc(0, 10), () -> heap.realloc(block, 10), () -> heap.reallocarray(block, 1L << 40, 1L << 40),
                    () -> heap.alignedAlloc(64, 64), () -> heap.alignedAlloc(3, 3), () -> heap.alignedAlloc(64, -1),
                    () -> heap.posixMemalign(MemorySegment.NULL, 3, 3), () -> heap.allocate(10), () -> heap.verify(), () -> heap.trim(),
                    () -> heap.statistics(), () -> heap.walk((_, _) -> { }));
            for (int i = 0; i < calls.size(); i++) {
                assertThatThrownBy(calls.get(i)).as("call " + i + " of " + kind).isInstanceOf(IllegalStateException.class)
                        .isNotInstanceOf(InvalidBlockException.class).hasMessageContaining("is closed");
            }
            assertThatThrownBy(() -> heap.free(block)).isInstanceOf(InvalidBlockException.class);
            assertThat(heap.budget().usedBytes()).isZero();
        }
    }

    @Test
    void whatAClosedHeapRefusesCostsItsParentNothing() {
        try (Heap parent = Heap.createShared()) {
            for (HeapOptions kind : List.of(HeapOptions.shared(), HeapOptions.shared().hardened(Hardening.NONE.withCanary()))) {
                Heap child = Heap.create(kind.childOf(parent));
                child.close();
                assertThatThrownBy(() -> child.malloc(5 << 20)).isInstanceOf(IllegalStateException.class);
                assertThat(parent.budget().peakBytes()).isZero();
            }
        }
    }

    @Test
    void theHeapOfMallocCannotBeClosed() {
        assertThatThrownBy(() -> Heap.current().close()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void closeWhileOthersAllocateAndFreeIsADefinedErrorForThem() throws InterruptedException {
        for (int round = 0; round < 50; round++) {
            Heap heap = Heap.createShared();
            CountDownLatch started = new CountDownLatch(2);
            ConcurrentLinkedQueue<Throwable> ends = new ConcurrentLinkedQueue<>();
            Runnable use = () -> {
                started.countDown();
                try {
                    while (true) {
                        long block = heap.malloc(100);
                        heap.free(block);
                    }
                } catch (IllegalStateException | InvalidBlockException end) {
                    ends.add(end);
                }
            };
            Thread one = new Thread(use);
            Thread other = new Thread(use);
            one.start();
            other.start();
            started.await();
            heap.close();
            one.join();
            other.join();
            assertThat(ends).hasSize(2);
        }
    }

    @Test
    void closeWhileOthersFreeRemotelyLosesNothing() {
        long spansBefore = Spans.usedBytes();
        AtomicInteger refused = new AtomicInteger();
        for (int round = 0; round < 200; round++) {
            Heap heap = Heap.create();
            long[] blocks = new long[2000];
            Arrays.setAll(blocks, _ -> heap.malloc(64));
            CountDownLatch half = new CountDownLatch(1);
            CountDownLatch closing = new CountDownLatch(1);
            AtomicBoolean closed = new AtomicBoolean();
            OtherThread freeing = OtherThread.start(() -> {
                for (int i = 0; i < blocks.length / 2; i++) {
                    heap.free(blocks[i]);
                }
                half.countDown();
                await(closing);
                for (int i = blocks.length / 2; i < blocks.length; i++) {
                    boolean tooLate = closed.get();
                    if (isFreed(heap, blocks[i])) {
                        assertThat(tooLate).isFalse();
                    } else {
                        refused.incrementAndGet();
                    }
                }
            });
            await(half);
            long used = heap.budget().usedBytes();
            for (int i = 0; i < blocks.length / 2; i++) {
                heap.malloc(64);
            }
            assertThat(heap.budget().usedBytes()).as("with what was freed").isEqualTo(used);
            closing.countDown();
            heap.close();
            closed.set(true);
            freeing.join();
            assertThat(heap.budget().usedBytes()).isZero();
            assertThat(Arrays.stream(blocks)).allMatch(block -> RunTable.at(block) == null);
        }
        assertThat(refused.get()).isPositive();
        assertThat(Spans.usedBytes()).isLessThanOrEqualTo(spansBefore);
    }

    /** It grows by a copy to what the cache keeps, outside the lock, where a close finds neither of the two. The kernel says what is left. */
    @Test
    void closeWhileAnotherThreadGrowsAMappingLeavesNeitherOfItsPlaces() {
        AtomicInteger refused = new AtomicInteger();
        for (int round = 0; round < 400; round++) {
            Heap heap = Heap.create(HeapOptions.shared().mappingCache(8 << 20));
            long block = heap.malloc(1 << 20);
            long kept = heap.malloc(2 << 20);
            Native.EVERYTHING.set(ValueLayout.JAVA_LONG, block, MARK);
            Native.EVERYTHING.set(ValueLayout.JAVA_LONG, kept, MARK);
            assertThat(ProcSelf.holds(block, MARK) && ProcSelf.holds(kept, MARK)).isTrue();
            heap.free(kept);
            CountDownLatch growing = new CountDownLatch(1);
            OtherThread other = OtherThread.start(() -> {
                growing.countDown();
                try {
                    heap.realloc(block, 2 << 20);
                } catch (IllegalStateException | InvalidBlockException closed) {
                    refused.incrementAndGet();
                }
            });
            await(growing);
            for (int i = 0; i < round * 10; i++) {
                Thread.onSpinWait();
            }
            heap.close();
            other.join();
            assertThat(heap.budget().usedBytes()).isZero();
            assertThat(ProcSelf.holds(block, MARK) || ProcSelf.holds(kept, MARK)).isFalse();
        }
        assertThat(refused.get()).isPositive();
    }

    private static boolean isFreed(Heap heap, long block) {
        try {
            heap.free(block);
            return true;
        } catch (InvalidBlockException closed) {
            return false;
        }
    }

    /** A calloc, a realloc or a scope has its block before it writes to it: here it waits for its record's place until that is another heap's. */
    @ParameterizedTest
    @ValueSource(strings = {"calloc", "realloc", "scope"})
    void nothingIsWrittenForAHeapThatIsClosed(String call) throws ReflectiveOperationException {
        long size = 60_000;
        Heap heap = Heap.create(HeapOptions.shared().leaks(Level.FULL, _ -> { }));
        long source = heap.allocate(size / 2).fill((byte) 1).address();
        List<Long> blocks = new ArrayList<>();
        do {
            blocks.add(heap.malloc(size));
        } while (RunTable.at(blocks.getLast()) == RunTable.at(blocks.getFirst()));
        long block = blocks.getFirst(); // in a run that is full without the last
        heap.free(blocks.removeLast());
        heap.trim();
        heap.free(block);
        HeapScope scope = HeapScope.ofShared(heap);
        CountDownLatch end = new CountDownLatch(1);
        OtherThread holding = holdingTheRecordOf(block, heap, end);
        OtherThread writing = OtherThread.start(() -> assertThatThrownBy(() -> {
            long ignored = switch (call) {
                case "calloc" -> heap.calloc(1, size);
                case "realloc" -> heap.realloc(source, size);
                default -> scope.allocate(size).address();
            };
        }).isInstanceOf(IllegalStateException.class).isNotInstanceOf(InvalidBlockException.class));
        while (!RunTable.holding(block).isLive(block)) {
            Thread.onSpinWait();
        }
        OtherThread closing = OtherThread.start(() -> {
            scope.close();
            heap.close();
        });
        while (RunTable.at(block) != null) {
            Thread.onSpinWait();
        }
        try (Heap next = Heap.create()) {
            MemorySegment taken = next.allocate(size);
            for (int i = 0; taken.address() != block && i < 1000; i++) {
                taken = next.allocate(size);
            }
            assertThat(taken.address()).isEqualTo(block);
            taken.fill((byte) 7);
            end.countDown();
            holding.join();
            writing.join();
            closing.join();
            assertThat(taken.toArray(ValueLayout.JAVA_BYTE)).containsOnly(7);
        }
    }

    /** Who enters a record of this address waits until the end. */
    private static OtherThread holdingTheRecordOf(long block, Heap heap, CountDownLatch end) throws ReflectiveOperationException {
        Field blocks = LeakRecords.class.getDeclaredField("blocks");
        blocks.setAccessible(true);
        @SuppressWarnings("unchecked") // whatever the records are
        ConcurrentMap<Long, Object> map = (ConcurrentMap<Long, Object>) blocks.get(heap.domain().leaks);
        CountDownLatch held = new CountDownLatch(1);
        OtherThread holding = OtherThread.start(() -> map.compute(block, (_, _) -> {
            held.countDown();
            await(end);
            return null;
        }));
        await(held);
        return holding;
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** What runs in a thread after its body may still have the heap that it asked for there. */
    @Test
    void aThreadWhoseBlockIsGivenBackHasItsHeapNoMore() throws InterruptedException {
        AtomicReference<Heap> kept = new AtomicReference<>();
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread thread = new BanosThread(() -> {
            kept.set(Heap.current());
            kept.get().free(kept.get().malloc(100));
            throw new IllegalStateException("so that a handler runs after the body");
        });
        thread.setUncaughtExceptionHandler((_, _) -> {
            try {
                kept.get().malloc(100);
            } catch (IllegalStateException notServed) {
                thrown.set(notServed);
            }
        });
        thread.start();
        thread.join();
        assertThat(thrown.get()).hasMessageContaining("does not serve thread");
    }

    @Test
    void whatRunsInAThreadAfterItsBodyHasOneBlockAndOneHeap() throws InterruptedException {
        Set<Tcb> blocks = ConcurrentHashMap.newKeySet();
        Set<Heap> heaps = ConcurrentHashMap.newKeySet();
        Thread thread = new BanosThread(() -> {
            throw new IllegalStateException("so that a handler runs after the body");
        });
        thread.setUncaughtExceptionHandler((_, _) -> {
            for (int i = 0; i < 5; i++) {
                blocks.add(Tcb.current());
                heaps.add(Heap.current());
                Malloc.free(Malloc.malloc(100));
            }
        });
        thread.start();
        thread.join();
        assertThat(blocks).hasSize(1);
        assertThat(heaps).hasSize(1);
    }
}
