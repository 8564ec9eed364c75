package dev.banos.mem.mappings;

import static dev.banos.bindings.generated.Linux.ENOMEM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.bindings.Native;
import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import dev.banos.mem.HeapScope;
import dev.banos.mem.InvalidBlockException;
import dev.banos.mem.Malloc;
import dev.banos.mem.MemoryInsight;
import dev.banos.mem.ProcSelf;
import dev.banos.mem.fault.SystemCallFaults;
import dev.banos.mem.fault.SystemCallFaults.Call;
import dev.banos.mem.insight.LeakRecords;
import dev.banos.mem.system.Budget;
import dev.banos.mem.system.Kernel;
import dev.banos.mem.system.MappingTable;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.OtherThread;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Freed mappings that are kept: what a free still means, what a calloc owes, how much is kept and for how long. */
@Timeout(60)
class MappingCacheTest {
    private static final long MIB = 1 << 20;
    private static final HeapOptions CACHED = HeapOptions.confined().mappingCache(8 * MIB);

    @Test
    void lengthsGrowByLessThanAnEighthAndAreTheirOwnClass() {
        for (long pages = 1; pages < 100_000; pages += pages < 3000 ? 1 : 37) {
            long bytes = pages * Kernel.PAGE_BYTES;
            long rounded = MappingLengths.rounded(bytes);
            assertThat(rounded).isGreaterThanOrEqualTo(bytes);
            assertThat((rounded - bytes) * 8).isLessThan(bytes);
            assertThat(MappingLengths.rounded(rounded)).isEqualTo(rounded);
        }
        MappingCache cache = MappingCaches.alone(Budget.unlimited("test"), 1L << 40, () -> { });
        assertThat(cache.isValid()).isTrue();
        cache.close();
    }

    @Test
    void aFreedBlockServesTheNextOfAboutItsSize() {
        try (Heap heap = Heap.create(CACHED)) {
            long block = ProcSelf.mark(heap.malloc(100_000));
            heap.free(block);
            assertThat(ProcSelf.isStillMapped(block)).isTrue();
            assertThat(heap.statistics().cachedBytes()).isEqualTo(heap.budget().usedBytes()).isEqualTo(104L << 10);
            assertThat(heap.malloc(99_000)).isEqualTo(block);
            assertThat(heap.statistics().cachedBytes()).isZero();
            heap.free(block);
            assertThat(heap.malloc(80_000)).as("would waste a fifth").isNotEqualTo(block);
        }
    }

    /** The kernel goes on to give it huge pages. */
    @Test
    void whatAskedForHugePagesIsCountedSoWhenItIsUsedAgain() {
        try (Heap heap = Heap.create(CACHED)) {
            long grown = heap.realloc(heap.malloc(MIB), 6 * MIB);
            long before = MemoryInsight.footprint().hugeBytes();
            heap.free(grown);
            assertThat(MemoryInsight.footprint().hugeBytes()).isEqualTo(before - 6 * MIB);
            assertThat(heap.malloc(6 * MIB)).isEqualTo(grown);
            assertThat(MemoryInsight.footprint().hugeBytes()).isEqualTo(before);
            heap.free(grown);
            assertThatThrownBy(() -> heap.free(grown)).isInstanceOf(InvalidBlockException.class)
                    .hasMessageContaining("kept for reuse");
        }
    }

    @Test
    void aHeapThatHoldsNothingElseIsInTheFiguresOfAll() {
        try (Heap heap = Heap.create(CACHED.named("keeps"))) {
            heap.free(heap.malloc(100_000));
            assertThat(MemoryInsight.heaps()).filteredOn(each -> each.heap().equals("heap keeps")).singleElement()
                    .satisfies(each -> assertThat(each.cachedBytes()).isEqualTo(each.usedBytes()).isEqualTo(104L << 10));
            heap.trim();
            assertThat(MemoryInsight.heaps()).noneMatch(each -> each.heap().equals("heap keeps"));
        }
    }

    @Test
    void everyUseAfterTheFreeIsRefused() {
        try (Heap heap = Heap.create(CACHED)) {
            long block = heap.malloc(MIB);
            heap.free(block);
            assertThatThrownBy(() -> heap.free(block)).isInstanceOf(InvalidBlockException.class)
                    .hasMessageContaining("kept for reuse");
            assertThatThrownBy(() -> heap.realloc(block, 10)).isInstanceOf(InvalidBlockException.class);
            assertThatThrownBy(() -> heap.usableSize(block)).isInstanceOf(InvalidBlockException.class);
            assertThatThrownBy(() -> Malloc.free(block)).isInstanceOf(InvalidBlockException.class);
        }
    }

    @Test
    void whatIsToBeZeroIsZeroAlsoFromTheCache() {
        try (Heap heap = Heap.create(CACHED)) {
            for (int round = 0; round < 3; round++) {
                MemorySegment block = Native.segment(heap.calloc(1, 100_001), 100_001);
                assertThat(block.mismatch(MemorySegment.ofArray(new byte[100_001]))).isEqualTo(-1);
                block.fill((byte) 1);
                heap.free(block);
            }
        }
    }

    @Test
    void nothingIsKeptBeyondTheBoundNorWithoutACache() {
        try (Heap cached = Heap.create(CACHED); Heap plain = Heap.create(HeapOptions.confined())) {
            List<Long> blocks = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                blocks.add(ProcSelf.mark(cached.malloc(MIB)));
            }
            blocks.forEach(cached::free);
            assertThat(cached.statistics().cachedBytes()).isEqualTo(8 * MIB);
            assertThat(ProcSelf.stillMapped(blocks)).hasSize(8);
            cached.free(cached.malloc(16 * MIB));
            assertThat(cached.statistics().cachedBytes()).isEqualTo(8 * MIB);
            plain.free(plain.malloc(MIB));
            assertThat(plain.statistics().cachedBytes()).isZero();
        }
    }

    /** A program whose blocks grow frees more long ones than it asks for; they filled the cache, and what it did ask for was refused. */
    @Test
    void whatIsKeptForLongestMakesRoomForWhatIsFreedNow() {
        try (Heap heap = Heap.create(CACHED)) {
            heap.free(heap.realloc(heap.malloc(MIB), 8 * MIB));
            for (int i = 0; i < 10; i++) {
                heap.free(heap.malloc(100_000));
            }
            assertThat(heap.statistics().cachedBytes()).isEqualTo(104L << 10);
        }
    }

    @Test
    void theOneThatGoesIsTheOldestOfAllLengths() {
        Budget budget = Budget.unlimited("test");
        MappingCache cache = MappingCaches.alone(budget, 4 * MIB, () -> { });
        long oldest = put(cache, budget, MIB);
        long younger = put(cache, budget, 2 * MIB);
        long used = put(cache, budget, MIB);
        assertThat(cache.put(oldest, MIB / 2)).as("when nothing is old").isFalse();
        for (int i = 0; i < 12; i++) {
            assertThat(cache.take(MIB)).isEqualTo(used);
            assertThat(cache.put(used, MIB)).isTrue();
        }
        long added = put(cache, budget, MIB / 2);
        assertThat(ProcSelf.stillMapped(List.of(oldest, younger, used, added))).containsExactlyInAnyOrder(younger, used, added);
        assertThat(cache.bytes()).isEqualTo(budget.usedBytes()).isEqualTo(7 * MIB / 2);
        assertThat(cache.isValid()).isTrue();
        cache.close();
        assertThat(budget.usedBytes()).isZero();
    }

    /** It is the unused ones of which one goes. */
    @Test
    void whatWasUsedStaysAlsoWhereAnUnusedOneHasMadeRoom() {
        Budget budget = Budget.unlimited("test");
        MappingCache cache = MappingCaches.alone(budget, 4 * MIB, () -> { });
        long oldest = put(cache, budget, MIB);
        long unused = put(cache, budget, MIB);
        long used = put(cache, budget, MIB);
        cache.giveBackUnused();
        for (int i = 0; i < 13; i++) {
            assertThat(cache.take(MIB)).isEqualTo(used);
            assertThat(cache.put(used, MIB)).isTrue();
        }
        long added = put(cache, budget, 2 * MIB);
        assertThat(List.of(oldest, unused, used, added)).filteredOn(cache::keeps).containsExactly(unused, used, added);
        cache.giveBackUnused();
        assertThat(List.of(oldest, unused, used, added)).filteredOn(cache::keeps).containsExactly(used, added);
        assertThat(cache.isValid()).isTrue();
        cache.close();
        assertThat(budget.usedBytes()).isZero();
    }

    @Test
    void whatIsKeptForLongestStaysWhereItWouldNotMakeRoomEnough() {
        Budget budget = Budget.unlimited("test");
        MappingCache cache = MappingCaches.alone(budget, 4 * MIB, () -> { });
        long oldest = put(cache, budget, MIB);
        long used = put(cache, budget, 2 * MIB);
        for (int i = 0; i < 12; i++) {
            assertThat(cache.take(2 * MIB)).isEqualTo(used);
            assertThat(cache.put(used, 2 * MIB)).isTrue();
        }
        long refused = Kernel.map(3 * MIB);
        assertThat(cache.put(refused, 3 * MIB)).as("2 MiB are in use").isFalse();
        assertThat(List.of(oldest, used)).allMatch(cache::keeps);
        Kernel.unmap(refused, 3 * MIB);
        cache.close();
        assertThat(budget.usedBytes()).isZero();
    }

    /** As a program does that goes through the same work again and again, and needs more than is kept. */
    @Test
    void ofWhatIsFreedAndAskedForInTurnMostIsFoundAlsoWhereNotAllHasRoom() {
        try (Heap heap = Heap.create(CACHED)) {
            int found = 0;
            for (int round = 0; round < 20; round++) {
                List<Long> blocks = new ArrayList<>();
                for (int i = 0; i < 9; i++) {
                    long kept = heap.statistics().cachedBytes();
                    blocks.add(heap.malloc(MIB + i * (MIB / 8)));
                    found += heap.statistics().cachedBytes() < kept ? 1 : 0;
                }
                blocks.forEach(heap::free);
            }
            assertThat(found).isGreaterThan(20 * 9 / 3);
        }
    }

    static long put(MappingCache cache, Budget budget, long bytes) {
        budget.reserve(bytes);
        long mapping = ProcSelf.mark(Kernel.map(bytes));
        assertThat(cache.put(mapping, bytes)).isTrue();
        return mapping;
    }

    /** So that the cache still has both lengths afterwards, as before. */
    @Test
    void growthByHalfGoesToAMappingThatIsKeptAndLeavesItsOwn() {
        try (Heap heap = Heap.create(CACHED)) {
            long block = heap.malloc(MIB);
            long larger = heap.malloc(2 * MIB);
            Native.segment(block, MIB).fill((byte) 7);
            heap.free(larger);
            long used = heap.budget().usedBytes();
            long grown = heap.realloc(block, 2 * MIB);
            assertThat(grown).isEqualTo(larger);
            assertThat(heap.usableSize(grown)).isEqualTo(2 * MIB);
            assertThat(heap.budget().usedBytes()).isEqualTo(used);
            assertThatThrownBy(() -> heap.free(block)).isInstanceOf(InvalidBlockException.class).hasMessageContaining("kept for reuse");
            assertThatThrownBy(() -> heap.realloc(block, 3 * MIB)).isInstanceOf(InvalidBlockException.class);
            assertThat(heap.malloc(MIB)).isEqualTo(block);
            assertThat(Native.segment(grown, MIB).mismatch(Native.segment(block, MIB))).as("the same content").isEqualTo(-1);
        }
    }

    /** As for a malloc that the cache serves, nothing is charged. */
    @Test
    void growthToAMappingThatIsKeptNeedsNoRoomBelowTheLimit() {
        try (Heap heap = Heap.create(CACHED.limit(3 * MIB))) {
            long block = heap.malloc(MIB);
            long larger = heap.malloc(2 * MIB);
            heap.free(larger);
            assertThat(heap.realloc(block, 2 * MIB)).isEqualTo(larger);
            assertThat(heap.statistics().cachedBytes()).isEqualTo(MIB);
        }
    }

    @Test
    void soDoesGrowthInASharedHeap() {
        try (Heap heap = Heap.create(HeapOptions.shared().mappingCache(8 * MIB))) {
            long block = heap.malloc(MIB);
            long larger = heap.malloc(2 * MIB);
            Native.segment(block, MIB).fill((byte) 7);
            heap.free(larger);
            long grown = heap.realloc(block, 2 * MIB);
            assertThat(grown).isEqualTo(larger);
            assertThat(Native.segment(grown, MIB).mismatch(filled(MIB, 7))).isEqualTo(-1);
            assertThat(heap.malloc(MIB)).as("it is kept now").isEqualTo(block);
            assertThat(heap.budget().usedBytes()).isEqualTo(heap.statistics().reservedBytes()).isEqualTo(3 * MIB);
        }
    }

    private static MemorySegment filled(long bytes, int value) {
        return MemorySegment.ofArray(new byte[(int) bytes]).fill((byte) value);
    }

    /** The copy is made outside the lock: then neither mapping is where the close looks. */
    @Test
    void aCloseBesideACopyLeavesNothing() {
        Budget budget = Budget.unlimited("test");
        MappingCache cache = MappingCaches.alone(budget, 8 * MIB, () -> { });
        DirectMappings mappings = new DirectMappings(budget, new LeakRecords("test"), cache, HugePageRule.NEVER);
        long kept = put(cache, budget, 2 * MIB);
        long block = ProcSelf.mark(map(mappings, budget, MIB));
        int[] calls = new int[1];
        ToLongFunction<LongSupplier> closing = work -> {
            if (calls[0]++ == 0) {
                return work.getAsLong(); // takes the block out
            }
            mappings.close();
            throw new IllegalStateException("closed");
        };
        assertThatThrownBy(() -> mappings.copyToKept(block, 2 * MIB, closing)).hasMessage("closed");
        assertThat(budget.usedBytes()).isZero();
        assertThat(ProcSelf.stillMapped(List.of(block, kept))).isEmpty();
    }

    @Test
    void whoMayNotUseTheHeapChangesNothingByARealloc() throws InterruptedException {
        try (Heap heap = Heap.create(HeapOptions.confined().mappingCache(8 * MIB))) {
            long block = heap.malloc(MIB);
            heap.free(heap.malloc(2 * MIB));
            OtherThread.run(() -> assertThatThrownBy(() -> heap.realloc(block, 2 * MIB)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("does not serve"));
            assertThat(heap.usableSize(block)).isEqualTo(MIB);
            assertThat(heap.statistics().cachedBytes()).isEqualTo(2 * MIB);
        }
    }

    /** The pages of a file that has become shorter cannot be read. */
    @Test
    void whereTheCopyFailsTheBlockIsWhereItWas(@TempDir Path folder) throws Exception {
        Budget budget = Budget.unlimited("test");
        MappingCache cache = MappingCaches.alone(budget, 8 * MIB, () -> { });
        DirectMappings mappings = new DirectMappings(budget, new LeakRecords("test"), cache, HugePageRule.NEVER);
        long kept = put(cache, budget, 2 * MIB);
        try (Arena scope = Arena.ofConfined(); FileChannel file = FileChannel.open(folder.resolve("pages"),
                StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            MemorySegment pages = file.map(FileChannel.MapMode.READ_WRITE, 0, MIB, scope);
            file.truncate(0);
            budget.reserve(MIB);
            long block = mappings.register(pages.address(), MappingTable.extent(MIB, false));
            assertThatThrownBy(() -> mappings.copyToKept(block, 2 * MIB, LongSupplier::getAsLong)).isInstanceOf(InternalError.class);
            assertThat(mappings.length(block)).isEqualTo(MIB);
            assertThat(cache.keeps(kept)).isTrue();
            assertThat(budget.usedBytes()).isEqualTo(3 * MIB);
            assertThat(mappings.remove(block)).isEqualTo(MIB);
            budget.release(MIB);
        }
        mappings.close();
        assertThat(budget.usedBytes()).isZero();
    }

    @Test
    void whatAVirtualThreadLetsGrowIsCopiedToo() throws Exception {
        String output = ChildJvm.run(List.of("-Dbanos.mem.mappingCacheBytes=" + 8 * MIB), GrowthOfVirtualThread.class).output();
        assertThat(output).isEqualToIgnoringNewLines("copied, 42");
    }

    /** What the child does. */
    static final class GrowthOfVirtualThread {
        private GrowthOfVirtualThread() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            Thread.ofVirtual().start(() -> {
                long larger = Malloc.malloc(2 * MIB);
                long block = Malloc.malloc(MIB);
                Native.EVERYTHING.set(ValueLayout.JAVA_LONG, block + MIB - 8, 42);
                Malloc.free(larger);
                long grown = Malloc.realloc(block, 2 * MIB);
                System.out.println((grown == larger ? "copied, " : "moved, ")
                        + Native.EVERYTHING.get(ValueLayout.JAVA_LONG, grown + MIB - 8));
            }).join();
        }
    }

    @Test
    void growthByLessMovesThePages() {
        try (Heap heap = Heap.create(CACHED)) {
            long kept = heap.malloc(10 * MIB / 8);
            long block = heap.malloc(MIB);
            heap.free(kept);
            assertThat(heap.realloc(block, 10 * MIB / 8)).isNotEqualTo(kept);
        }
    }

    @Test
    void trimAndCloseGiveBackAllThatIsKept() {
        Heap heap = Heap.create(CACHED);
        long one = ProcSelf.mark(heap.malloc(MIB));
        heap.free(one);
        heap.trim();
        assertThat(ProcSelf.isStillMapped(one)).isFalse();
        assertThat(heap.budget().usedBytes()).isZero();
        long other = ProcSelf.mark(heap.malloc(MIB));
        heap.free(other);
        heap.close();
        assertThat(ProcSelf.isStillMapped(other)).isFalse();
        assertThat(heap.budget().usedBytes()).isZero();
    }

    @Test
    void whatIsNotUsedForAWholeDelayGoesBack() {
        Budget budget = Budget.unlimited("test");
        MappingCache cache = MappingCaches.alone(budget, 8 * MIB, () -> { });
        List<Long> mappings = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            mappings.add(put(cache, budget, MIB));
        }
        cache.giveBackUnused();
        assertThat(cache.bytes()).as("they came since the last look").isEqualTo(4 * MIB);
        long used = cache.take(MIB);
        long usedToo = cache.take(MIB);
        assertThat(cache.put(usedToo, MIB)).isTrue();
        assertThat(cache.put(used, MIB)).isTrue();
        cache.giveBackUnused();
        assertThat(cache.bytes()).isEqualTo(2 * MIB);
        assertThat(ProcSelf.stillMapped(mappings)).containsExactlyInAnyOrder(used, usedToo);
        assertThat(cache.isValid()).isTrue();
        cache.close();
        assertThat(budget.usedBytes()).isZero();
        assertThat(cache.put(used, MIB)).as("after the close").isFalse();
    }

    /** They go some at a time; the rest of these stays where one cannot be unmapped. */
    @Test
    void ofManyThatAreUnusedNoneIsLost() {
        Budget budget = Budget.unlimited("test");
        MappingCache cache = MappingCaches.alone(budget, 8 * MIB, () -> { });
        int count = 200;
        List<Long> mappings = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            mappings.add(put(cache, budget, Kernel.PAGE_BYTES));
        }
        cache.giveBackUnused();
        int[] unmaps = new int[1];
        Thread self = Thread.currentThread();
        SystemCallFaults.during((call, _) -> {
            if (call == Call.MUNMAP && Thread.currentThread() == self && ++unmaps[0] == 100) {
                throw new StackOverflowError("as at the end of the stack");
            }
            return 0;
        }, () -> assertThatThrownBy(cache::giveBackUnused).isInstanceOf(StackOverflowError.class));
        assertThat(mappings).filteredOn(cache::keeps).hasSize(count - 99).isSubsetOf(mappings.subList(99, count));
        assertThat(cache.bytes()).isEqualTo(budget.usedBytes()).isEqualTo((count - 99) * Kernel.PAGE_BYTES);
        assertThat(cache.isValid()).isTrue();
        cache.giveBackUnused();
        cache.giveBackUnused();
        assertThat(ProcSelf.stillMapped(mappings)).isEmpty();
        assertThat(budget.usedBytes()).isZero();
        cache.close();
    }

    @Test
    void thePurgerEmptiesAnIdleCache() throws InterruptedException {
        try (Heap heap = Heap.create(CACHED)) {
            heap.free(heap.malloc(MIB));
            long deadline = System.nanoTime() + 30_000_000_000L;
            while (heap.statistics().cachedBytes() > 0 && System.nanoTime() < deadline) {
                Thread.sleep(50);
            }
            assertThat(heap.statistics().cachedBytes()).isZero();
        }
    }

    @Test
    void atTheLimitWhatIsKeptMakesRoom() {
        try (Heap heap = Heap.create(CACHED.limit(4 * MIB))) {
            long block = heap.malloc(3 * MIB);
            heap.free(block);
            assertThat(heap.malloc(4 * MIB)).isNotZero();
            assertThat(heap.budget().usedBytes()).isEqualTo(4 * MIB);
        }
    }

    @Test
    void whenTheSystemHasNoMoreWhatIsKeptIsGivenBackFirst() {
        try (Heap heap = Heap.create(CACHED)) {
            heap.free(heap.malloc(MIB));
            int[] failures = {0};
            SystemCallFaults.during((call, _) -> call == Call.MMAP && failures[0]++ == 0 ? ENOMEM() : 0, () ->
                    assertThat(heap.malloc(2 * MIB)).isNotZero());
            assertThat(heap.statistics().cachedBytes()).isZero();
            assertThat(heap.budget().usedBytes()).isEqualTo(2 * MIB);
        }
    }

    @Test
    void aRefusedUnmapIsTriedAgain() {
        try (Heap heap = Heap.create(CACHED)) {
            long block = ProcSelf.mark(heap.malloc(MIB));
            heap.free(block);
            SystemCallFaults.during((call, _) -> call == Call.MUNMAP ? ENOMEM() : 0, heap::trim);
            assertThat(heap.budget().usedBytes()).isZero();
            heap.trim();
            assertThat(ProcSelf.isStillMapped(block)).isFalse();
        }
    }

    @Test
    void threadsNeverGetTheSameBlock() throws InterruptedException {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        try (Heap heap = Heap.create(HeapOptions.shared().mappingCache(4 * MIB).limit(64 * MIB))) {
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                long id = i + 1;
                threads.add(Thread.ofPlatform().start(() -> {
                    try {
                        fillAndCheck(heap, id);
                    } catch (Throwable thrown) {
                        failure.set(thrown);
                    }
                }));
            }
            while (threads.stream().anyMatch(Thread::isAlive)) {
                MappingCache.age();
            }
            assertThat(failure.get()).isNull();
            assertThat(heap.budget().usedBytes()).isEqualTo(heap.statistics().reservedBytes() + heap.statistics().cachedBytes());
            heap.trim();
            assertThat(heap.budget().usedBytes()).isZero();
        }
    }

    private static void fillAndCheck(Heap heap, long id) {
        SplittableRandom random = new SplittableRandom(id);
        for (int i = 0; i < 5000; i++) {
            long size = random.nextLong(64 << 10, 200 << 10);
            long block = random.nextBoolean() ? heap.malloc(size) : heap.realloc(heap.malloc(70_000), size);
            for (long at = 0; at < size; at += Kernel.PAGE_BYTES) {
                Native.EVERYTHING.set(ValueLayout.JAVA_LONG, block + at, id);
            }
            for (long at = 0; at < size; at += Kernel.PAGE_BYTES) {
                assertThat(Native.EVERYTHING.get(ValueLayout.JAVA_LONG, block + at)).isEqualTo(id);
            }
            heap.free(block);
        }
    }

    @Test
    void mallocHasACacheWhenAskedFor() throws Exception {
        String output = ChildJvm.run(List.of("-Dbanos.mem.mappingCacheBytes=" + 8 * MIB), CachedMalloc.class).output();
        assertThat(output).isEqualToIgnoringNewLines("reused, zero, true, false");
    }

    /** What the child does. */
    static final class CachedMalloc {
        private CachedMalloc() {
        }

        public static void main(String[] arguments) {
            long block = Malloc.malloc(MIB);
            Native.EVERYTHING.set(ValueLayout.JAVA_LONG, block, 42);
            Malloc.free(block);
            boolean owned = Malloc.owns(block);
            boolean ownedOfOther;
            try (Heap other = Heap.create(CACHED)) {
                long kept = other.malloc(MIB);
                other.free(kept);
                ownedOfOther = Malloc.owns(kept);
            }
            boolean reused;
            boolean zero;
            try (Arena scope = HeapScope.ofConfined()) {
                MemorySegment segment = scope.allocate(MIB);
                reused = segment.address() == block;
                zero = segment.get(ValueLayout.JAVA_LONG, 0) == 0;
            }
            System.out.println((reused ? "reused, " : "new, ") + (zero ? "zero, " : "not zero, ") + owned + ", " + ownedOfOther);
        }
    }

    /** The stack comes to its end where the mapping that was left is put away: the caller would go on with that one. */
    @Test
    void whereACopyIsByNowIsSaidWhateverBecomesOfTheMappingThatItLeft() {
        Budget budget = Budget.unlimited("test");
        boolean[] full = new boolean[1];
        MappingCache cache = MappingCaches.alone(budget, 8 * MIB, () -> {
            if (full[0]) {
                throw new StackOverflowError("as if");
            }
        });
        DirectMappings mappings = new DirectMappings(budget, new LeakRecords("test"), cache, HugePageRule.NEVER);
        long kept = map(mappings, budget, 2 * MIB);
        assertThat(mappings.free(kept)).isTrue();
        long block = map(mappings, budget, MIB);
        Native.EVERYTHING.set(ValueLayout.JAVA_LONG, block, 42);
        full[0] = true;
        long moved = mappings.copyToKept(block, 2 * MIB, LongSupplier::getAsLong);
        full[0] = false;
        assertThat(moved).isEqualTo(kept);
        assertThat(Native.EVERYTHING.get(ValueLayout.JAVA_LONG, moved)).isEqualTo(42);
        assertThat(mappings.length(moved)).isEqualTo(2 * MIB);
        mappings.close();
    }

    private static long map(DirectMappings mappings, Budget budget, long bytes) {
        assertThat(budget.reserve(bytes)).isTrue();
        return mappings.map(bytes, Kernel.PAGE_BYTES);
    }
}
