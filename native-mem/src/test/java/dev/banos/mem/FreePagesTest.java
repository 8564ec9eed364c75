package dev.banos.mem;

import static dev.banos.bindings.generated.Linux.ENOMEM;
import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.Native;
import dev.banos.mem.fault.SystemCallFaults;
import dev.banos.mem.fault.SystemCallFaults.Call;
import dev.banos.mem.insight.LeakTracking.Level;
import dev.banos.mem.slots.RunTable;
import dev.banos.mem.system.Kernel;
import dev.banos.thread.Tcb;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A trim gives back the pages that no live block is on, as the kernel sees it, and no others. */
@Isolated
@Timeout(120)
class FreePagesTest {
    private static final int LONG_BYTES = Long.BYTES;

    static Stream<Heap> heaps() {
        return Stream.of(Heap.create(), Heap.createShared(), Heap.create(HeapOptions.shared().hardened(Hardening.NONE.withCanary())),
                Heap.create(HeapOptions.confined().leaks(Level.FULL, report -> { })));
    }

    /** Which pages are gone follows from the addresses of what is live alone; slot sizes and runs do not matter. */
    @ParameterizedTest
    @MethodSource("heaps")
    void exactlyThePagesWithoutALiveBlockAreGone(Heap heap) {
        try (heap) {
            for (long size : new long[] {16, 100, 1000, 1500, 4088, 4096, 6000, 20_000, 60_000}) {
                List<Long> blocks = fill(heap, size, 3 << 20);
                List<Long> kept = freeMost(heap, blocks, new Random(size));
                heap.trim();
                assertIntact(kept, size);
                assertThat(pagesWithMemory(blocks, size)).as("pages at size " + size).isEqualTo(pages(kept));
                kept.forEach(heap::free);
            }
        }
    }

    private static List<Long> fill(Heap heap, long size, long bytes) {
        return LongStream.range(0, Math.min(bytes / size, 20_000)).map(i -> heap.malloc(size)).peek(block -> write(block, size)).boxed().toList();
    }

    /** Nine of ten, at random. @return the others */
    private static List<Long> freeMost(Heap heap, List<Long> blocks, Random random) {
        List<Long> shuffled = new ArrayList<>(blocks);
        Collections.shuffle(shuffled, random);
        int freed = shuffled.size() * 9 / 10;
        shuffled.subList(0, freed).forEach(heap::free);
        return shuffled.subList(freed, shuffled.size());
    }

    private static void write(long block, long size) {
        for (long at = 0; at + LONG_BYTES <= size; at += LONG_BYTES) {
            Native.EVERYTHING.set(ValueLayout.JAVA_LONG, block + at, block + at);
        }
    }

    private static void assertIntact(List<Long> blocks, long size) {
        for (long block : blocks) {
            for (long at = 0; at + LONG_BYTES <= size; at += LONG_BYTES) {
                if (Native.EVERYTHING.get(ValueLayout.JAVA_LONG, block + at) != block + at) {
                    throw new AssertionError("block of " + size + " bytes changed at " + at);
                }
            }
        }
    }

    /** The pages of the slots that these blocks are in; the end of a slot may never have been written to. */
    private static Set<Long> pages(List<Long> blocks) {
        return withMemory(blocks.stream().flatMapToLong(block -> pages(block, RunTable.at(block).slotBytes)));
    }

    private static Set<Long> pagesWithMemory(List<Long> blocks, long size) {
        return withMemory(blocks.stream().flatMapToLong(block -> pages(block, size)));
    }

    private static LongStream pages(long block, long size) {
        return LongStream.rangeClosed(block / Kernel.PAGE_BYTES, (block + size - 1) / Kernel.PAGE_BYTES);
    }

    private static Set<Long> withMemory(LongStream pages) {
        return pages.distinct().filter(page -> ProcSelf.hasOwnMemory(page * Kernel.PAGE_BYTES)).boxed().collect(Collectors.toSet());
    }

    @ParameterizedTest
    @MethodSource("heaps")
    void whatWasGivenBackIsUsedAgain(Heap heap) {
        try (heap) {
            List<Long> blocks = fill(heap, 2000, 1 << 20);
            List<Long> kept = new ArrayList<>(freeMost(heap, blocks, new Random(1)));
            long reserved = heap.statistics().reservedBytes();
            for (int round = 0; round < 3; round++) {
                heap.trim();
                heap.trim();
                List<Long> again = fill(heap, 2000, 200_000);
                assertIntact(kept, 2000);
                assertIntact(again, 2000);
                assertThat(heap.statistics().reservedBytes()).isLessThanOrEqualTo(reserved);
                again.forEach(heap::free);
            }
        }
    }

    @Test
    void callocIsZeroWhateverWasGivenBack() {
        try (Heap heap = Heap.create()) {
            List<Long> kept = freeMost(heap, fill(heap, 1500, 1 << 20), new Random(2));
            heap.trim();
            for (int i = 0; i < 600; i++) {
                long block = heap.calloc(1, 1500);
                for (long at = 0; at + LONG_BYTES <= 1500; at += LONG_BYTES) {
                    assertThat(Native.EVERYTHING.get(ValueLayout.JAVA_LONG, block + at)).isZero();
                }
            }
            assertIntact(kept, 1500);
        }
    }

    @Test
    void whatOthersFreedGoesWhenTheOwnerTrims() throws InterruptedException {
        try (Heap heap = Heap.create()) {
            List<Long> blocks = fill(heap, 4096, 1 << 20);
            List<Long> freed = blocks.subList(0, blocks.size() - 1);
            Thread.ofPlatform().start(() -> freed.forEach(heap::free)).join();
            heap.trim();
            assertThat(pagesWithMemory(blocks, 4096)).hasSize(1);
        }
    }

    @Test
    void theKernelRefuses() {
        try (Heap heap = Heap.create()) {
            List<Long> blocks = fill(heap, 4096, 1 << 20);
            List<Long> kept = freeMost(heap, blocks, new Random(3));
            SystemCallFaults.during((call, ordinal) -> call == Call.MADVISE ? ENOMEM() : 0, heap::trim);
            assertIntact(kept, 4096);
            heap.trim();
            assertThat(pagesWithMemory(blocks, 4096)).hasSize(kept.size());
        }
    }

    /** Of a thread that ended they go after a while: at once another thread may want the pool. */
    @Test
    void pagesOfAThreadThatEndedGoByThemselves() throws InterruptedException {
        List<Long> blocks = new ArrayList<>();
        List<Long> kept = new ArrayList<>();
        Thread.ofPlatform().start(() -> {
            for (int i = 0; i < 500; i++) {
                blocks.add(Malloc.malloc(4096));
                write(blocks.getLast(), 4096);
            }
            for (int i = 0; i < 500; i++) {
                if (i % 50 == 0) {
                    kept.add(blocks.get(i));
                } else {
                    Malloc.free(blocks.get(i));
                }
            }
        }).join();
        awaitPages(blocks, kept.size());
        assertIntact(kept, 4096);
        kept.forEach(Malloc::free);
    }

    private static void awaitPages(List<Long> blocks, int expected) throws InterruptedException {
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (pagesWithMemory(blocks, 4096).size() > expected && System.nanoTime() < deadline) {
            Thread.ofPlatform().start(Tcb::current).join(); // each new thread notices a few that have ended
            Thread.sleep(20);
        }
        assertThat(pagesWithMemory(blocks, 4096)).hasSize(expected);
    }

    @Test
    void aTrimCoversVirtualThreadsThatWait() throws InterruptedException {
        List<Long> blocks = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch filled = new CountDownLatch(1);
        CountDownLatch trimmed = new CountDownLatch(1);
        Thread waiting = Thread.ofVirtual().start(() -> {
            for (int i = 0; i < 64; i++) {
                blocks.add(Malloc.malloc(4096));
                write(blocks.getLast(), 4096);
            }
            blocks.subList(1, 64).forEach(Malloc::free);
            filled.countDown();
            try {
                trimmed.await();
            } catch (InterruptedException impossible) {
                throw new AssertionError(impossible);
            }
            Malloc.free(blocks.getFirst());
        });
        filled.await();
        while (waiting.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        Malloc.trim();
        assertThat(pagesWithMemory(blocks, 4096)).hasSize(1);
        trimmed.countDown();
        waiting.join();
    }

    /** Nobody calls trim: what one size class has free makes room before the heap becomes larger than it ever was. */
    @Test
    void growthGivesBackWhatOtherSizesHaveFree() {
        try (Heap heap = Heap.create()) {
            List<Long> blocks = fill(heap, 4096, 6 << 20);
            List<Long> kept = freeMost(heap, blocks, new Random(4));
            assertThat(pagesWithMemory(blocks, 4096)).hasSize(blocks.size());
            List<Long> others = fill(heap, 1000, 8 << 20);
            assertThat(pagesWithMemory(blocks, 4096)).hasSizeLessThan(kept.size() + blocks.size() / 5);
            assertIntact(kept, 4096);
            assertIntact(others, 1000);
        }
    }

    @Test
    void runsThatAreEmptyServeOtherSizesWhenAHeapGrows() {
        try (Heap heap = Heap.create()) {
            int sizes = 0;
            for (long size = 20_000; size <= 60_000; size += 5_000) { // each has a run of 1 MiB of its own, and keeps it
                heap.free(heap.malloc(size));
                sizes++;
            }
            assertThat(heap.budget().peakBytes()).isLessThanOrEqualTo((sizes + 1) / 2 * (1L << 20));
        }
    }

    /** Threads use a shared heap, and others trim it: no block ever changes under its owner. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void trimsBesideUse(boolean virtual) throws InterruptedException {
        try (Heap heap = Heap.createShared()) {
            AtomicBoolean ended = new AtomicBoolean();
            List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
            List<Thread> users = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                SplittableRandom random = new SplittableRandom(i);
                users.add((virtual ? Thread.ofVirtual() : Thread.ofPlatform()).unstarted(() -> use(heap, random)));
            }
            Thread trimmer = Thread.ofPlatform().unstarted(() -> {
                while (!ended.get()) {
                    heap.trim();
                    Malloc.trim();
                }
            });
            users.forEach(each -> each.setUncaughtExceptionHandler((thread, thrown) -> failures.add(thrown)));
            trimmer.setUncaughtExceptionHandler((thread, thrown) -> failures.add(thrown));
            users.forEach(Thread::start);
            trimmer.start();
            for (Thread each : users) {
                each.join();
            }
            ended.set(true);
            trimmer.join();
            assertThat(failures).isEmpty();
        }
    }

    private static void use(Heap shared, SplittableRandom random) {
        record Owned(long address, long size, boolean inShared) {
        }
        List<Owned> owned = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            if (owned.size() < 200) {
                long size = random.nextInt(10) == 0 ? random.nextInt(8, 20_000) : random.nextInt(8, 3000);
                boolean inShared = random.nextBoolean();
                long address = inShared ? shared.malloc(size) : Malloc.malloc(size);
                write(address, size);
                owned.add(new Owned(address, size, inShared));
            } else {
                for (int k = random.nextInt(150); k >= 0; k--) {
                    Owned each = owned.remove(random.nextInt(owned.size()));
                    assertIntact(List.of(each.address), each.size);
                    if (each.inShared) {
                        shared.free(each.address);
                    } else {
                        Malloc.free(each.address);
                    }
                }
            }
        }
        owned.forEach(each -> {
            if (each.inShared) {
                shared.free(each.address);
            } else {
                Malloc.free(each.address);
            }
        });
    }
}
