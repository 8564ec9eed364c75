package dev.banos.mem;

import static dev.banos.bindings.generated.Linux.ENOMEM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.bindings.Native;
import dev.banos.mem.fault.SystemCallFaults;
import dev.banos.mem.fault.SystemCallFaults.Call;
import dev.banos.mem.insight.LeakTracking.Level;
import dev.banos.mem.slots.SizeClasses;
import dev.banos.mem.system.Kernel;
import dev.banos.testing.OtherThread;
import dev.banos.thread.Tcb;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Heaps with limits, marks and parents: what is refused, who is told, and what the books say afterwards. */
@Timeout(60)
class HeapBudgetTest {
    private static final long SPAN = SizeClasses.SPAN_BYTES;
    private static final long MIB = 1 << 20;

    /** The limit has room for the mapping, and for no run beside it. */
    @Test
    void aBlockThatBecomesSmallerIsNotRefusedAtTheLimit() {
        try (Heap heap = Heap.create(HeapOptions.shared().limit(128 << 10).leaks(Level.FULL, report -> { }))) {
            long block = heap.calloc(1, 128 << 10);
            Native.EVERYTHING.set(ValueLayout.JAVA_LONG, block, 17);
            Tcb.current().errno(0);
            long shrunk = heap.realloc(block, 70_000);
            assertThat(shrunk).isEqualTo(block);
            assertThat(heap.budget().usedBytes()).isEqualTo(72 << 10);
            shrunk = heap.realloc(block, 100);
            assertThat(shrunk).isNotZero();
            assertThat(Native.EVERYTHING.get(ValueLayout.JAVA_LONG, shrunk)).isEqualTo(17);
            assertThat(Tcb.current().errno()).isZero();
            assertThat(heap.budget().usedBytes()).isEqualTo(Kernel.PAGE_BYTES);
            assertThat(heap.leakReport().sites()).singleElement().satisfies(site -> assertThat(site.bytes()).isEqualTo(100));
            heap.free(shrunk);
            assertThat(heap.budget().usedBytes()).isZero();
        }
    }

    @Test
    void atTheLimitAnAddressCallIsENOMEMAndTheHeapStaysUsable() {
        for (HeapOptions kind : List.of(HeapOptions.confined(), HeapOptions.shared())) {
            try (Heap heap = Heap.create(kind.limit(4 * SPAN))) {
                List<Long> blocks = fill(heap, 64);
                assertThat(Tcb.current().errno()).isEqualTo(ENOMEM());
                assertThat(heap.budget().usedBytes()).isEqualTo(4 * SPAN);
                assertThat(blocks).hasSizeGreaterThanOrEqualTo((int) (4 * SPAN / 64 * 9 / 10));
                assertThat(heap.malloc(100_000)).isZero();
                heap.free(blocks.removeLast());
                assertThat(heap.malloc(64)).as("room in a run needs no budget").isNotZero();
                blocks.forEach(heap::free);
            }
        }
    }

    @Test
    void theErrorNamesHeapLimitUsedAndAsked() {
        try (Heap server = Heap.create(HeapOptions.shared().named("server").limit(2 * MIB));
                Heap images = Heap.create(HeapOptions.confined().named("images").limit(3 * MIB).childOf(server))) {
            images.malloc(MIB);
            assertThatThrownBy(() -> images.allocate(1_500_000)).isInstanceOf(OutOfMemoryError.class)
                    .hasMessage("1500000 bytes of native memory: heap images: limit 3,145,728 bytes, used 1,048,576, peak 1,048,576; "
                            + "within heap server: limit 2,097,152 bytes, used 1,048,576, peak 1,048,576");
        }
    }

    @Test
    void whatIsFreeIsGivenBackBeforeARequestFails() {
        for (HeapOptions kind : List.of(HeapOptions.confined(), HeapOptions.shared())) {
            try (Heap heap = Heap.create(kind.limit(8 * SPAN))) {
                fill(heap, 64).forEach(heap::free);
                assertThat(heap.malloc(8 * SPAN)).as("a mapping that needs all").isNotZero();
                assertThat(heap.budget().usedBytes()).isEqualTo(8 * SPAN);
                assertThat(heap.budget().refusals()).isPositive();
            }
        }
    }

    @Test
    void whatOtherThreadsFreedIsReclaimedToo() throws InterruptedException {
        try (Heap heap = Heap.create(HeapOptions.confined().limit(8 * SPAN))) {
            List<Long> blocks = fill(heap, 64);
            Thread.ofPlatform().start(() -> blocks.forEach(heap::free)).join();
            assertThat(heap.malloc(8 * SPAN)).isNotZero();
        }
    }

    @Test
    void whatIsFreeInASiblingIsReclaimedWhenTheParentIsFull() {
        try (Heap parent = Heap.create(HeapOptions.shared().limit(8 * SPAN));
                Heap one = Heap.create(HeapOptions.shared().childOf(parent));
                Heap other = Heap.create(HeapOptions.confined().childOf(parent))) {
            fill(one, 64).forEach(one::free);
            assertThat(other.malloc(8 * SPAN)).isNotZero();
            assertThat(one.budget().usedBytes()).isZero();
        }
    }

    /** What the limit of one child refuses costs no other its cache or its quarantine; at their parent's limit it does. */
    @Test
    void aChildAtItsOwnLimitTakesNothingFromItsSiblings() {
        for (long size : new long[] {2 * MIB, MIB, 1_000}) {
            try (Heap parent = Heap.create(HeapOptions.shared().limit(16 * MIB));
                    Heap keeping = Heap.create(HeapOptions.shared().childOf(parent).mappingCache(8 * MIB));
                    Heap hardened = Heap.create(HeapOptions.shared().childOf(parent).hardened(Hardening.NONE.withQuarantine(MIB)));
                    Heap middle = Heap.create(HeapOptions.shared().childOf(parent).limit(MIB));
                    Heap nephew = Heap.create(HeapOptions.shared().childOf(middle).mappingCache(MIB));
                    Heap child = Heap.create(HeapOptions.shared().childOf(middle))) {
                keeping.free(keeping.malloc(4 * MIB));
                long waiting = hardened.malloc(100);
                hardened.free(waiting);
                nephew.free(nephew.malloc(MIB / 4));
                long kept = size > MIB ? MIB / 4 : 0;
                fill(child, size);
                assertThat(child.malloc(size)).isZero();
                assertThat(nephew.statistics().cachedBytes()).as("within the limit, %d bytes", size).isEqualTo(kept);
                assertThat(keeping.statistics().cachedBytes()).as("%d bytes", size).isEqualTo(4 * MIB);
                assertThat(MemoryInsight.explain(waiting)).contains("in quarantine");
                assertThat(parent.malloc(13 * MIB)).as("at the limit of all").isNotZero();
                assertThat(keeping.statistics().cachedBytes()).isZero();
                assertThat(MemoryInsight.explain(waiting)).doesNotContain("in quarantine");
            }
        }
    }

    @Test
    void reallocIsChargedForWhatItGrowsAndLeavesTheBlockAtTheLimit() {
        try (Heap heap = Heap.create(HeapOptions.confined().limit(4 * MIB))) {
            long block = heap.malloc(MIB);
            block = heap.realloc(block, 3 * MIB);
            assertThat(heap.budget().usedBytes()).isEqualTo(3 * MIB);
            assertThat(heap.realloc(block, 5 * MIB)).isZero();
            assertThat(heap.usableSize(block)).isEqualTo(3 * MIB);
            assertThat(heap.realloc(block, Long.MAX_VALUE)).isZero();
            block = heap.realloc(block, 4 * MIB);
            assertThat(heap.budget().usedBytes()).isEqualTo(4 * MIB);
            block = heap.realloc(block, MIB);
            assertThat(heap.budget().usedBytes()).isEqualTo(MIB);
            heap.free(block);
            assertThat(heap.budget().usedBytes()).isZero();
            assertThat(heap.budget().peakBytes()).isEqualTo(4 * MIB);
        }
    }

    @Test
    void theMarkCallsOnceForEachTimeThatItIsReached() {
        AtomicInteger calls = new AtomicInteger();
        for (HeapOptions kind : List.of(HeapOptions.confined(), HeapOptions.shared())) {
            calls.set(0);
            try (Heap heap = Heap.create(kind.highWater(2 * MIB, _ -> calls.incrementAndGet()))) {
                long one = heap.malloc(MIB);
                assertThat(calls).hasValue(0);
                long two = heap.malloc(MIB);
                long three = heap.malloc(MIB);
                assertThat(calls).hasValue(1);
                heap.free(three);
                assertThat(calls).hasValue(1);
                heap.free(two);
                fill(heap, 40_000, 3 * MIB);
                assertThat(calls).as("by runs, as by mappings").hasValue(2);
                heap.free(one);
            }
        }
    }

    @Test
    void theActionMayUseItsHeapAndIsNotCalledInsideItself() {
        AtomicInteger calls = new AtomicInteger();
        AtomicReference<Heap> self = new AtomicReference<>();
        for (HeapOptions kind : List.of(HeapOptions.confined(), HeapOptions.shared())) {
            calls.set(0);
            try (Heap heap = Heap.create(kind.highWater(MIB, now -> {
                calls.incrementAndGet();
                assertThat(now.usedBytes()).isGreaterThanOrEqualTo(MIB);
                self.get().free(self.get().malloc(64));
                self.get().free(self.get().malloc(2 * MIB));
                self.get().trim();
            }))) {
                self.set(heap);
                fill(heap, 64, 3 * MIB);
                assertThat(calls).hasValue(1);
            }
        }
    }

    @Test
    void whatTheActionThrowsComesOutOfTheAllocationWhichThenHasNoEffect() {
        for (HeapOptions kind : List.of(HeapOptions.confined(), HeapOptions.shared())) {
            try (Heap heap = Heap.create(kind.highWater(MIB, _ -> {
                throw new UnsupportedOperationException("too much");
            }))) {
                assertThatThrownBy(() -> heap.malloc(2 * MIB)).isInstanceOf(UnsupportedOperationException.class);
                assertThat(heap.budget().usedBytes()).isZero();
                long block = heap.malloc(MIB / 2);
                assertThatThrownBy(() -> heap.realloc(block, 2 * MIB)).isInstanceOf(UnsupportedOperationException.class);
                assertThat(heap.usableSize(block)).isEqualTo(MIB / 2);
                heap.free(block);
                assertThatThrownBy(() -> fill(heap, 64, 2 * MIB)).isInstanceOf(UnsupportedOperationException.class);
                assertThat(heap.statistics().liveBlocks() % 1024).as("the last block went back").isZero();
            }
        }
    }

    @Test
    void anActionThatThrowsIsALimitForBlocksOfAnySize() {
        for (HeapOptions kind : List.of(HeapOptions.confined(), HeapOptions.shared(), HeapOptions.shared().leaks(Level.FULL, _ -> { }),
                HeapOptions.confined().hardened(Hardening.ALL))) {
            for (int size : new int[] {64, 20_000, 100_000}) {
                int thrown = 0;
                try (Heap parent = Heap.create(HeapOptions.shared().highWater(MIB, _ -> {
                    throw new UnsupportedOperationException("too much");
                }));
                        Heap heap = Heap.create(kind.childOf(parent))) {
                    for (long asked = 0; asked < 4 * MIB; asked += size) {
                        try {
                            long ignored = heap.malloc(size);
                        } catch (UnsupportedOperationException limit) {
                            thrown++;
                        }
                        assertThat(parent.budget().usedBytes()).as("%d bytes", size).isLessThan(MIB);
                    }
                    assertThat(thrown).as("%d bytes", size).isGreaterThan((int) (2 * MIB / size));
                }
            }
        }
    }

    @Test
    void aParentCountsItsChildrenAndItsLimitBindsThem() {
        try (Heap root = Heap.create(HeapOptions.shared().limit(4 * MIB));
                Heap middle = Heap.create(HeapOptions.confined().childOf(root));
                Heap leaf = Heap.create(HeapOptions.confined().limit(3 * MIB).childOf(middle))) {
            root.malloc(MIB);
            middle.malloc(MIB);
            assertThat(leaf.malloc(3 * MIB)).as("beyond the root's limit").isZero();
            assertThat(leaf.budget().usedBytes()).as("taken back").isZero();
            long block = leaf.malloc(2 * MIB);
            assertThat(block).isNotZero();
            assertThat(root.budget().usedBytes()).isEqualTo(4 * MIB);
            assertThat(middle.budget().usedBytes()).isEqualTo(3 * MIB);
            leaf.free(block);
            assertThat(root.budget().usedBytes()).isEqualTo(2 * MIB);
        }
    }

    @Test
    void aCloseGivesTheParentEverythingBack() {
        try (Heap parent = Heap.create(HeapOptions.confined())) {
            try (Heap child = Heap.create(HeapOptions.shared().childOf(parent))) {
                fill(child, 64, 2 * MIB);
                child.malloc(MIB);
                assertThat(parent.budget().usedBytes()).isEqualTo(child.budget().usedBytes()).isGreaterThan(MIB);
            }
            assertThat(parent.budget().usedBytes()).isZero();
        }
    }

    @Test
    void aParentWithOpenChildrenRefusesToCloseAndNamesThem() {
        Heap parent = Heap.create(HeapOptions.confined().named("parent"));
        Heap child = Heap.create(HeapOptions.confined().named("child").childOf(parent));
        assertThatThrownBy(parent::close).isInstanceOf(IllegalStateException.class)
                .hasMessage("heap parent has open children: heap child: close them first");
        assertThat(parent.malloc(8)).as("the parent is as it was").isNotZero();
        child.close();
        child.close();
        parent.close();
        assertThatThrownBy(() -> Heap.create(HeapOptions.shared().childOf(parent))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void wrongOptions() {
        assertThatThrownBy(() -> HeapOptions.confined().limit(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> HeapOptions.confined().highWater(-1, _ -> { })).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> HeapOptions.confined().highWater(1, null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> HeapOptions.confined().childOf(Heap.current())).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("malloc");
        assertThatThrownBy(() -> Heap.create(HeapOptions.confined().mappingCache(1).hardened(Hardening.NONE.withCanary())))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("mappingCache=1");
        assertThatThrownBy(() -> Heap.create(HeapOptions.confined().limit(10).highWater(11, _ -> { })))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("highWater=11 is above limit=10");
        assertThatThrownBy(() -> HeapOptions.shared().limit(0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("limit=0: at least one byte");
        assertThatThrownBy(() -> HeapOptions.shared().mappingCache(-1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("mappingCache=-1: bytes, or 0 for none");
    }

    @Test
    void aFailedSystemCallGivesItsChargeBack() {
        try (Heap heap = Heap.create(HeapOptions.confined().limit(64 * MIB))) {
            long block = heap.malloc(MIB);
            SystemCallFaults.during((call, _) -> call == Call.MMAP || call == Call.MREMAP ? ENOMEM() : 0, () -> {
                assertThat(heap.malloc(MIB)).isZero();
                assertThat(heap.alignedAlloc(MIB, MIB)).isZero();
                assertThat(heap.realloc(block, 2 * MIB)).isZero();
            });
            assertThat(heap.budget().usedBytes()).isEqualTo(MIB);
            SystemCallFaults.during((call, _) -> call == Call.MPROTECT ? ENOMEM() : 0, () -> fill(heap, 60_000, 64 * MIB));
            assertThat(heap.budget().usedBytes()).isEqualTo(heap.statistics().reservedBytes());
        }
    }

    @Test
    void theBooksBalanceWhateverFailsAndWhenever() {
        for (int seed = 0; seed < 30; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            SplittableRandom dice = random.split();
            try (Heap root = Heap.create(HeapOptions.shared().limit(12 * MIB));
                    Heap child = Heap.create(HeapOptions.confined().limit(8 * MIB).childOf(root))) {
                SystemCallFaults.during((_, _) -> dice.nextInt(4) == 0 ? ENOMEM() : 0, () -> useRandomly(List.of(root, child), random, 600));
                assertBalance(root, child);
            }
        }
    }

    @Test
    void threadsNeverOvershootAndTheBooksBalanceAfterwards() throws InterruptedException {
        AtomicLong most = new AtomicLong();
        try (Heap root = Heap.create(HeapOptions.shared().limit(10 * MIB));
                Heap child = Heap.create(HeapOptions.shared().limit(7 * MIB).childOf(root))) {
            List<OtherThread> threads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                int seed = i;
                threads.add(OtherThread.start(() -> {
                    try (Heap own = Heap.create(HeapOptions.confined().limit(5 * MIB).childOf(seed % 2 == 0 ? root : child))) {
                        useRandomly(List.of(own, root, child), new SplittableRandom(seed), 20_000);
                        assertThat(own.budget().usedBytes()).isEqualTo(own.statistics().reservedBytes());
                    }
                }));
            }
            while (threads.stream().anyMatch(OtherThread::isAlive)) {
                most.accumulateAndGet(Math.max(root.budget().usedBytes(), child.budget().usedBytes() + 3 * MIB), Math::max);
            }
            for (OtherThread thread : threads) {
                thread.join();
            }
            assertThat(most.get()).isLessThanOrEqualTo(10 * MIB);
            assertBalance(root, child);
            assertThat(root.budget().refusals() + child.budget().refusals()).as("the limits were met").isPositive();
        }
    }

    /** Allocates, resizes and frees in all heaps, and leaves no block behind. */
    private static void useRandomly(List<Heap> heaps, SplittableRandom random, int steps) {
        List<Heap> owners = new ArrayList<>();
        List<Long> blocks = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            long size = random.nextInt(3) == 0 ? random.nextLong(60_000, 900_000) : random.nextLong(1, 30_000);
            int at = blocks.isEmpty() ? 0 : random.nextInt(blocks.size());
            int dice = random.nextInt(10);
            if (dice < 5 || blocks.isEmpty()) {
                Heap heap = heaps.get(random.nextInt(heaps.size()));
                long block = dice == 0 ? heap.alignedAlloc(1 << 14, size) : heap.malloc(size);
                if (block != 0) {
                    owners.add(heap);
                    blocks.add(block);
                }
            } else if (dice < 8) {
                owners.remove(at).free(blocks.remove(at));
            } else {
                long moved = owners.get(at).realloc(blocks.get(at), size);
                blocks.set(at, moved != 0 ? moved : blocks.get(at));
            }
        }
        for (int i = 0; i < blocks.size(); i++) {
            owners.get(i).free(blocks.get(i));
        }
    }

    private static void assertBalance(Heap root, Heap child) {
        assertThat(child.budget().usedBytes()).isEqualTo(child.statistics().reservedBytes());
        assertThat(root.budget().usedBytes()).isEqualTo(root.statistics().reservedBytes() + child.budget().usedBytes());
        child.trim();
        root.trim();
        assertThat(root.budget().usedBytes()).isZero();
    }

    private static List<Long> fill(Heap heap, long size) {
        return fill(heap, size, Long.MAX_VALUE);
    }

    /** As many blocks as there is room for, but not beyond {@code most} bytes. */
    private static List<Long> fill(Heap heap, long size, long most) {
        List<Long> blocks = new ArrayList<>();
        for (long bytes = size; bytes <= most; bytes += size) {
            long block = heap.malloc(size);
            if (block == 0) {
                break;
            }
            blocks.add(block);
        }
        return blocks;
    }

    @Test
    void noBlockComesOutOfAHeapThatItsCallbackClosed() {
        for (HeapOptions kind : List.of(HeapOptions.confined(), HeapOptions.shared(), HeapOptions.shared().hardened(Hardening.ALL))) {
            for (long size : new long[] {16, 100_000}) {
                AtomicReference<Heap> heap = new AtomicReference<>();
                heap.set(Heap.create(kind.highWater(1, _ -> heap.get().close())));
                assertThatThrownBy(() -> heap.get().malloc(size)).isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("is closed");
                assertThat(heap.get().budget().usedBytes()).isZero();
            }
        }
    }

    @Test
    void whatACallbackThrowsAfterItClosedTheHeapComesOut() {
        AtomicReference<Heap> heap = new AtomicReference<>();
        heap.set(Heap.create(HeapOptions.shared().highWater(1, _ -> {
            heap.get().close();
            throw new UnsupportedOperationException("mine");
        })));
        assertThatThrownBy(() -> heap.get().malloc(16)).isInstanceOf(UnsupportedOperationException.class).hasMessage("mine");
    }

    @Test
    void aLimitIsReportedThroughAVeryDeepTree() {
        List<Heap> chain = new ArrayList<>(List.of(Heap.create(HeapOptions.shared().limit(MIB))));
        for (int i = 0; i < 3000; i++) {
            chain.add(Heap.create(HeapOptions.shared().childOf(chain.getLast())));
        }
        assertThat(chain.getLast().malloc(2 * MIB)).isZero();
        assertThatThrownBy(() -> chain.getLast().allocate(2 * MIB)).isInstanceOf(OutOfMemoryError.class)
                .hasMessageContaining("limit 1,048,576 bytes");
        chain.reversed().forEach(Heap::close);
    }

    @Test
    void aHeapWhoseParentIsClosedLeavesNothingBehind() {
        Heap parent = Heap.createShared();
        parent.close();
        long hardened = HardenedBlocks.openHeaps();
        HeapOptions options = HeapOptions.shared().childOf(parent).hardened(Hardening.ALL);
        assertThatThrownBy(() -> Heap.create(options)).isInstanceOf(IllegalStateException.class);
        assertThat(HardenedBlocks.openHeaps()).isEqualTo(hardened);
    }
}
