package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.banos.bindings.Native;
import dev.banos.mem.mappings.MappingRegistry;
import dev.banos.mem.slots.Run;
import dev.banos.mem.slots.RunTable;
import dev.banos.mem.system.RefusedUnmaps;
import dev.banos.testing.OtherThread;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What each kind of hardening finds, what it says, and what it leaves as it was. */
@Timeout(60)
class HardenedHeapTest {
    private static final long PAGE = 4096;

    @Test
    void canaryFindsOneByteTooMuchAtTheFree() {
        for (int size : new int[] {0, 1, 8, 16, 24, 100, 1000, 40_000, 65_530, 65_536, 100_000}) {
            try (Heap heap = hardened(Hardening.NONE.withCanary())) {
                long block = heap.malloc(size);
                assertThat(heap.usableSize(block)).isEqualTo(size);
                byte was = get(block + size);
                put(block + size, 0);
                CorruptBlockException found = damage(() -> heap.free(block));
                assertThat(found.address()).isEqualTo(block);
                assertThat(found.block()).isEqualTo(block);
                assertThat(found.offset()).isEqualTo(size);
                assertThat(found.expected()).isEqualTo(was);
                assertThat(found.found()).isZero();
                assertThat(found.freed()).isFalse();
                assertThat(found).hasMessageContainingAll("past its end", size + " bytes", "0x" + Long.toHexString(block), "heap");
                assertThatThrownBy(() -> heap.free(block)).as("it is out of use").isExactlyInstanceOf(InvalidBlockException.class);
            }
        }
    }

    @Test
    void canaryFindsADamagedNeighbourAndFreesTheBlockAllTheSame() {
        try (Heap heap = hardened(Hardening.NONE.withCanary())) {
            long first = heap.malloc(50);
            long second = heap.malloc(50);
            assertThat(second - first).as("neighbours").isEqualTo(64);
            put(second - 1, 0);
            CorruptBlockException found = damage(() -> heap.free(second));
            assertThat(found.address()).isEqualTo(second);
            assertThat(found.block()).isEqualTo(first);
            assertThat(found.freed()).isTrue();
            assertThat(found).hasMessageContaining("the block that was freed was another, and is freed");
            assertThatThrownBy(() -> heap.free(second)).isExactlyInstanceOf(InvalidBlockException.class);
        }
    }

    @Test
    void everyOccasionLooksAtTheSlack() {
        List<Consumer<Heap>> occasions = List.of(Heap::verify, heap -> heap.walk((address, usable) -> { }), Heap::close);
        for (Consumer<Heap> occasion : occasions) {
            Heap heap = hardened(Hardening.NONE.withCanary());
            long block = heap.malloc(100);
            put(block + 100, 0);
            assertThat(damage(() -> occasion.accept(heap)).block()).isEqualTo(block);
            heap.close();
        }
        try (Heap heap = hardened(Hardening.NONE.withCanary())) {
            long block = heap.malloc(100);
            put(block + 105, 0);
            CorruptBlockException found = damage(() -> heap.realloc(block, 200));
            assertThat(found.offset()).isEqualTo(105);
        }
    }

    @Test
    void aBlockThatIsFilledToItsEndIsNotDamaged() {
        try (Heap heap = hardened(Hardening.ALL.withSample(7))) {
            List<Long> blocks = new ArrayList<>();
            for (int size = 0; size < 3000; size += 13) {
                long block = heap.malloc(size);
                Native.segment(block, size).fill((byte) -1);
                blocks.add(block);
            }
            heap.verify();
            blocks.forEach(heap::free);
            heap.verify();
        }
    }

    @Test
    void zeroOverwritesWhatIsFreed() {
        for (long quarantine : new long[] {0, 1 << 20}) {
            try (Heap heap = hardened(Hardening.NONE.withZero().withQuarantine(quarantine))) {
                long block = heap.malloc(5000);
                Native.segment(block, 5000).fill((byte) 'A');
                heap.free(block);
                assertThat(Native.segment(block, 5000).mismatch(MemorySegment.ofArray(new byte[5000]))).isEqualTo(-1);
            }
        }
    }

    @Test
    void quarantineFindsAWriteAfterTheFreeWhenTheBlockLeavesIt() {
        try (Heap heap = hardened(Hardening.NONE.withQuarantine(10_000))) {
            long block = heap.malloc(64);
            heap.free(block);
            put(block + 33, 7);
            AtomicReference<CorruptBlockException> found = new AtomicReference<>();
            long last = 0;
            for (int i = 0; i < 1000 && found.get() == null; i++) {
                long other = heap.malloc(64);
                last = other;
                try {
                    heap.free(other);
                } catch (CorruptBlockException thrown) {
                    found.set(thrown);
                }
            }
            assertThat(found.get()).isNotNull().hasMessageContainingAll("written to after its free: byte 33", "0x7", "0xdb");
            assertThat(found.get().block()).isEqualTo(block);
            assertThat(found.get().freed()).isTrue();
            assertThat(found.get().address()).isEqualTo(last);
            for (int i = 0; i < 1000; i++) {
                long other = heap.malloc(64);
                assertThat(other).as("a damaged block is not given out again").isNotEqualTo(block);
                heap.free(other);
            }
        }
    }

    @Test
    void allDamageThatOneFreeFindsIsReportedOnce() {
        for (Consumer<Heap> next : List.<Consumer<Heap>>of(Heap::verify, Heap::close, heap -> heap.free(heap.malloc(64)))) {
            Heap heap = hardened(Hardening.NONE.withQuarantine(10_000));
            long one = heap.malloc(64);
            long other = heap.malloc(64);
            long large = heap.malloc(20_000);
            heap.free(one);
            heap.free(other);
            put(one, 7);
            put(other, 7);
            assertThat(damage(() -> heap.free(large)).block()).isEqualTo(one);
            CorruptBlockException second = damage(() -> next.accept(heap));
            assertThat(second.block()).isEqualTo(other);
            assertThat(second).hasNoSuppressedExceptions();
            heap.close();
        }
    }

    @Test
    void damageBesideABlockDoesNotHideWhatLeavesTheQuarantine() {
        try (Heap heap = hardened(Hardening.NONE.withCanary().withQuarantine(100))) {
            long beside = heap.malloc(56);
            long block = heap.malloc(56);
            long waiting = heap.malloc(56);
            heap.free(waiting);
            put(waiting + 3, 7);
            put(block - 1, 0);
            assertThat(damage(() -> heap.free(block)).block()).isEqualTo(beside);
            assertThat(damage(heap::verify).block()).isEqualTo(waiting);
            heap.verify();
        }
    }

    @Test
    void aCloseReportsAllDamage() {
        Heap heap = hardened(Hardening.NONE.withCanary());
        List<Long> blocks = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            blocks.add(heap.malloc(50));
        }
        blocks.stream().limit(5).forEach(block -> put(block + 50, 0));
        CorruptBlockException first = damage(heap::close);
        List<Long> reported = new ArrayList<>(List.of(first.block()));
        for (Throwable suppressed : first.getSuppressed()) {
            reported.add(((CorruptBlockException) suppressed).block());
        }
        assertThat(reported).containsExactlyInAnyOrderElementsOf(blocks.subList(0, 5));
        heap.close();
    }

    @Test
    void quarantineRefusesASecondFreeHoweverManyBlocksCameMeanwhile() {
        for (Hardening hardening : new Hardening[] {Hardening.NONE.withQuarantine(1 << 20), Hardening.ALL}) {
            try (Heap heap = hardened(hardening)) {
                for (int size : new int[] {64, 100_000}) {
                    long block = heap.malloc(size);
                    heap.free(block);
                    for (int i = 0; i < 100; i++) {
                        heap.free(heap.malloc(size));
                    }
                    assertThatThrownBy(() -> heap.free(block)).isExactlyInstanceOf(InvalidBlockException.class);
                }
            }
        }
    }

    @Test
    void quarantineIsBounded() {
        for (Hardening hardening : new Hardening[] {Hardening.NONE.withQuarantine(100_000),
                Hardening.NONE.withQuarantine(100_000).withRandom()}) {
            try (Heap heap = hardened(hardening)) {
                for (int i = 0; i < 20_000; i++) {
                    heap.free(heap.malloc(1000));
                }
                assertThat(heap.budget().usedBytes()).as("of 20 MB that were freed").isBetween(100_000L, 2L << 20);
            }
        }
    }

    @Test
    void quarantineOfMappingsTakesTheirAccess() {
        try (Heap heap = hardened(Hardening.NONE.withQuarantine(10 * PAGE))) {
            long block = heap.malloc(1 << 20);
            assertThat(ProcSelf.access(block)).startsWith("rw");
            heap.free(block);
            assertThat(ProcSelf.access(block)).startsWith("---");
            for (int i = 0; i < 10; i++) {
                heap.free(heap.malloc(1 << 20));
            }
            assertThatThrownBy(() -> heap.free(block)).isInstanceOf(InvalidBlockException.class);
        }
    }

    @Test
    void guardsStandRoundLargeBlocks() {
        try (Heap heap = hardened(Hardening.NONE.withGuard())) {
            for (long size : new long[] {65_536, 100_000, 1 << 20, (1 << 20) + 1}) {
                long block = heap.malloc(size);
                assertThat(block % 16).isZero();
                long guard = (block + size + 15) & -16;
                assertThat(guard % PAGE).as("the guard begins where the block ends").isZero();
                assertThat(ProcSelf.access(guard)).startsWith("---");
                assertThat(ProcSelf.access(block + size - 1)).startsWith("rw");
                assertThat(ProcSelf.access((block & -PAGE) - 1)).startsWith("---");
                assertThat(MemoryInsight.explain(guard)).contains("past the end of a live block of " + size + " bytes", "heap");
                heap.free(block);
                assertThat(ProcSelf.access(block)).isEmpty();
            }
        }
    }

    @Test
    void guardsKeepTheAlignment() {
        try (Heap heap = hardened(Hardening.NONE.withGuard().withCanary())) {
            for (long alignment = 16; alignment <= 1 << 21; alignment *= 2) {
                long block = heap.alignedAlloc(alignment, 70_000);
                assertThat(block % alignment).isZero();
                Native.segment(block, 70_000).fill((byte) 1);
                heap.free(block);
            }
        }
    }

    @Test
    void aBlockOfNothingBeginsOnAGuard() {
        try (Heap heap = hardened(Hardening.NONE.withGuard())) {
            long one = heap.malloc(0);
            long other = heap.malloc(0);
            assertThat(one).isNotZero().isNotEqualTo(other);
            assertThat(ProcSelf.access(one)).startsWith("---");
            heap.free(one);
            heap.free(other);
        }
    }

    @Test
    void beyondTheBoundOfSamplesABlockOfNothingIsASlot() {
        try (Heap heap = hardened(Hardening.NONE.withGuard())) {
            for (int i = 0; i < 4096; i++) {
                assertThat(RunTable.at(heap.malloc(0))).isNull();
            }
            assertThat(RunTable.at(heap.malloc(0))).isNotNull();
            assertThat(RunTable.at(heap.malloc(70_000))).as("what does not fit a slot has no bound").isNull();
        }
    }

    @Test
    void samplesEndAtAGuard() {
        try (Heap heap = hardened(Hardening.NONE.withSample(1).withCanary())) {
            for (int size : new int[] {1, 16, 100, 4000, 30_000}) {
                long block = heap.malloc(size);
                assertThat(ProcSelf.access((block + size + 15) & -16)).startsWith("---");
                put(block - 1, 0);
                assertThat(damage(() -> heap.free(block)).offset()).isEqualTo(-1);
            }
        }
    }

    @Test
    void samplesAreBoundedAndFallBackToSlots() {
        try (Heap heap = hardened(Hardening.NONE.withSample(1))) {
            List<Long> blocks = new ArrayList<>();
            for (int i = 0; i < 5000; i++) {
                blocks.add(heap.malloc(100));
            }
            assertThat(heap.statistics().mappings()).isEqualTo(4096);
            blocks.forEach(heap::free);
            assertThat(heap.statistics().mappings()).isZero();
        }
    }

    @Test
    void randomSlotsComeInAnotherOrderEachTime() {
        Set<List<Long>> orders = new HashSet<>();
        for (int i = 0; i < 3; i++) {
            try (Heap heap = hardened(Hardening.NONE.withRandom())) {
                List<Long> distances = new ArrayList<>();
                long first = heap.malloc(64);
                for (int j = 0; j < 20; j++) {
                    distances.add(heap.malloc(64) - first);
                }
                orders.add(distances);
            }
        }
        assertThat(orders).hasSize(3);
    }

    @Test
    void aSlotThatWasTakenAheadIsNobodysBlock() {
        try (Heap heap = hardened(Hardening.NONE.withRandom())) {
            long block = heap.malloc(64);
            Run run = RunTable.at(block);
            for (int slot = 0; slot < run.slots; slot++) {
                long other = run.base + slot * run.slotBytes;
                if (other != block) {
                    assertThatThrownBy(() -> heap.free(other)).isInstanceOf(InvalidBlockException.class).hasMessageContaining("not live");
                }
            }
            heap.free(block);
        }
    }

    @Test
    void closeGivesBackEverything() {
        int refusedBefore = RefusedUnmaps.count();
        long mappedBefore = MappingRegistry.sum().bytes();
        Heap heap = hardened(Hardening.ALL.withSample(3));
        List<Long> mappings = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            long block = heap.malloc(i % 10 == 0 ? 100_000 : i);
            if (RunTable.at(block) == null) {
                mappings.add(block);
            }
            if (i % 2 == 0) {
                heap.free(block);
            }
        }
        heap.close();
        heap.close();
        assertThat(mappings).hasSizeGreaterThan(30);
        assertThat(MappingRegistry.sum().bytes()).isEqualTo(mappedBefore);
        assertThat(RefusedUnmaps.count()).isEqualTo(refusedBefore);
        assertThatThrownBy(() -> heap.malloc(8)).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
        assertThatThrownBy(() -> heap.malloc(100_000)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> heap.free(mappings.getFirst())).isExactlyInstanceOf(InvalidBlockException.class);
    }

    @Test
    void everyByteThatAHardenedHeapHasCountsInItsBudget() {
        try (Heap heap = Heap.create(HeapOptions.shared().limit(4 << 20).hardened(Hardening.ALL.withSample(10)))) {
            List<Long> blocks = new ArrayList<>();
            for (long block = heap.malloc(300_000); block != 0; block = heap.malloc(300_000)) {
                blocks.add(block);
            }
            assertThat(blocks).hasSize(13); // of 74 pages each
            assertThat(heap.budget().usedBytes()).isEqualTo(13 * 74 * PAGE);
            blocks.forEach(heap::free);
            assertThat(heap.budget().usedBytes()).as("what is in quarantine has no memory").isZero();
            for (int i = 0; i < 10_000; i++) {
                heap.free(heap.malloc(i % 3000));
            }
            for (long block = heap.malloc(100); block != 0; block = heap.malloc(100)) {
                assertThat(heap.budget().usedBytes()).isLessThanOrEqualTo(4 << 20);
            }
        }
    }

    @Test
    void aHighWaterMarkThatThrowsTakesTheAllocationBack() {
        for (int size : new int[] {100, 300_000}) {
            List<Long> blocks = new ArrayList<>();
            try (Heap heap = Heap.create(HeapOptions.shared().hardened(Hardening.ALL).highWater(2 << 20, now -> {
                throw new UnsupportedOperationException("enough");
            }))) {
                assertThatThrownBy(() -> {
                    while (true) {
                        blocks.add(heap.malloc(size));
                    }
                }).isInstanceOf(UnsupportedOperationException.class);
                List<Long> live = new ArrayList<>();
                heap.walk((address, usable) -> live.add(address));
                assertThat(live).containsExactlyInAnyOrderElementsOf(blocks);
            }
        }
    }

    @Test
    void aConfinedHeapStaysConfined() throws InterruptedException {
        try (Heap heap = Heap.create(HeapOptions.confined().hardened(Hardening.ALL))) {
            long block = heap.malloc(10);
            OtherThread.run(() -> {
                assertThatThrownBy(() -> heap.malloc(8)).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> heap.malloc(80_000)).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(heap::close).isInstanceOf(IllegalStateException.class);
                heap.free(block);
            });
        }
    }

    @Test
    void ofTwoThreadsThatFreeTheSameBlockExactlyOneIsRight() throws InterruptedException {
        try (Heap heap = hardened(Hardening.NONE.withQuarantine(1 << 20))) {
            for (int round = 0; round < 20; round++) {
                long[] blocks = new long[500];
                for (int i = 0; i < blocks.length; i++) {
                    blocks[i] = heap.malloc(i % 50 == 0 ? 70_000 : 40);
                }
                AtomicInteger refused = new AtomicInteger();
                Runnable freeAll = () -> {
                    for (long block : blocks) {
                        try {
                            heap.free(block);
                        } catch (InvalidBlockException twice) {
                            refused.incrementAndGet();
                        }
                    }
                };
                Thread one = Thread.ofVirtual().start(freeAll);
                Thread other = new Thread(freeAll);
                other.start();
                one.join();
                other.join();
                assertThat(refused).hasValue(blocks.length);
            }
        }
    }

    @Test
    void closeWhileOthersAllocateAndFreeIsADefinedErrorForThem() throws InterruptedException {
        for (int round = 0; round < 30; round++) {
            long mappedBefore = MappingRegistry.sum().count();
            Heap heap = hardened(Hardening.ALL.withSample(10));
            List<Throwable> unexpected = new ArrayList<>();
            Runnable use = () -> {
                try {
                    for (int i = 0;; i++) {
                        heap.free(heap.malloc(i % 20 == 0 ? 100_000 : 100));
                    }
                } catch (IllegalStateException | InvalidBlockException end) {
                    if (end instanceof CorruptBlockException) {
                        unexpected.add(end);
                    }
                }
            };
            Thread one = new Thread(use);
            Thread other = new Thread(use);
            one.start();
            other.start();
            Thread.sleep(2);
            heap.close();
            one.join();
            other.join();
            assertThat(unexpected).isEmpty();
            assertThat(MappingRegistry.sum().count()).isEqualTo(mappedBefore);
        }
    }

    private static Heap hardened(Hardening hardening) {
        return Heap.create(HeapOptions.shared().hardened(hardening));
    }

    private static CorruptBlockException damage(Runnable call) {
        CorruptBlockException found = catchThrowableOfType(CorruptBlockException.class, call::run);
        assertThat(found).as("the damage is found").isNotNull();
        return found;
    }

    private static byte get(long address) {
        return Native.EVERYTHING.get(ValueLayout.JAVA_BYTE, address);
    }

    private static void put(long address, int value) {
        Native.EVERYTHING.set(ValueLayout.JAVA_BYTE, address, (byte) value);
    }

    @Test
    void atTheLimitTheQuarantineIsGivenBack() {
        for (Hardening hardening : List.of(Hardening.ALL, Hardening.NONE.withQuarantine(1 << 30))) {
            try (Heap heap = Heap.create(HeapOptions.shared().hardened(hardening).limit(1 << 20))) {
                for (int i = 0; i < 40_000; i++) {
                    long block = heap.malloc(i % 100 == 0 ? 100_000 : 64);
                    assertThat(block).as("block %d of a heap in which none is live", i).isNotZero();
                    heap.free(block);
                }
            }
        }
    }

    @Test
    void damageThatALimitFindsInTheQuarantineIsReportedByTheNextToLook() {
        for (Consumer<Heap> occasion : List.<Consumer<Heap>>of(Heap::verify, Heap::close, heap -> heap.free(heap.malloc(64)))) {
            Heap heap = Heap.create(HeapOptions.shared().hardened(Hardening.NONE.withQuarantine(1 << 20)).limit(1 << 20));
            long block = heap.malloc(64);
            heap.free(block);
            put(block + 5, 0);
            assertThat(heap.malloc(2 << 20)).as("beyond the limit").isZero();
            assertThat(damage(() -> occasion.accept(heap)).block()).isEqualTo(block);
            heap.close();
        }
    }

    /** A freed block is in the table until the pool has it, and a heap without a fill has nothing to compare it with. */
    @Test
    void verifyMayMeetAFreeWithoutAFill() throws InterruptedException {
        try (Heap heap = hardened(Hardening.NONE.withCanary())) {
            OtherThread frees = OtherThread.start(() -> {
                for (int i = 0; i < 200_000; i++) {
                    heap.free(heap.malloc(64));
                }
            });
            while (frees.isAlive()) {
                heap.verify();
            }
            frees.join();
        }
    }
}
