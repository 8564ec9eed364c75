package dev.banos.mem;

import static dev.banos.bindings.generated.Linux.ENOMEM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.bindings.Native;
import dev.banos.mem.fault.SystemCallFaults.Call;
import dev.banos.mem.fault.SystemCallFaults;
import dev.banos.mem.insight.LeakTracking.Level;
import dev.banos.mem.mappings.MappingRegistry;
import dev.banos.mem.slots.Spans;
import dev.banos.mem.system.RefusedUnmaps;
import dev.banos.thread.Tcb;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every system call of the allocator fails once: the caller is told, the heap stays usable, nothing is lost. */
@Isolated
class SystemCallFailureTest {
    @Test
    void mmapFails() {
        failing(Call.MMAP, () -> {
            assertThat(Malloc.malloc(1 << 20)).isZero();
            assertThat(Tcb.current().errno()).isEqualTo(ENOMEM());
            assertThat(Malloc.alignedAlloc(1 << 20, 1 << 20)).isZero();
            long small = Malloc.malloc(100);
            assertThat(small).as("what needs no mapping").isNotZero();
            assertThat(Malloc.realloc(small, 1 << 20)).isZero();
            Malloc.free(small);
        });
        Malloc.free(Malloc.malloc(1 << 20));
    }

    @Test
    void mprotectFailsWhenAnArenaIsToBeCommitted() {
        try (Heap heap = Heap.create()) {
            List<Long> blocks = new ArrayList<>();
            failing(Call.MPROTECT, () -> {
                long block = heap.malloc(60_000);
                while (block != 0) {
                    blocks.add(block);
                    block = heap.malloc(60_000);
                }
                assertThat(Tcb.current().errno()).isEqualTo(ENOMEM());
                assertThatThrownBy(() -> heap.allocate(60_000)).isInstanceOf(OutOfMemoryError.class);
            });
            long block = heap.malloc(60_000);
            assertThat(block).as("the heap is usable again").isNotZero();
            blocks.forEach(heap::free);
            heap.free(block);
        }
    }

    @Test
    void munmapFails() {
        long block = ProcSelf.mark(Malloc.malloc(1 << 20));
        int before = RefusedUnmaps.count();
        failing(Call.MUNMAP, () -> {
            Malloc.free(block);
            assertThatThrownBy(() -> Malloc.free(block)).isInstanceOf(InvalidBlockException.class);
            assertThat(RefusedUnmaps.count()).isEqualTo(before + 1);
        });
        assertThat(ProcSelf.isStillMapped(block)).as("kept, not lost").isTrue();
        Malloc.trim();
        assertThat(RefusedUnmaps.count()).isZero();
        assertThat(ProcSelf.isStillMapped(block)).as("unmapped at the next occasion").isFalse();
    }

    /** Neither another arena nor the kernel's help is to be had: a block that becomes smaller stays, and errno with it. */
    @Test
    void whatBecomesSmallerIsNeverRefused() {
        try (Heap heap = Heap.create()) {
            List<Long> blocks = LongStream.of(5_000, 50_000, 300_000, 5 << 20).map(size -> heap.calloc(1, size)).boxed().toList();
            blocks.forEach(block -> Native.EVERYTHING.set(ValueLayout.JAVA_LONG, block, block));
            SystemCallFaults.during((call, ordinal) -> ENOMEM(), () -> {
                while (heap.malloc(1_000) != 0) { // until no arena has room
                    assertThat(heap.budget().limitBytes()).isEqualTo(HeapBudget.NO_LIMIT);
                }
                Tcb.current().errno(0);
                for (long block : blocks) {
                    long shrunk = heap.realloc(block, 1_000);
                    assertThat(shrunk).isNotZero();
                    assertThat(Native.EVERYTHING.get(ValueLayout.JAVA_LONG, shrunk)).isEqualTo(block);
                }
                assertThat(Tcb.current().errno()).isZero();
            });
        }
        Malloc.trim();
        assertThat(RefusedUnmaps.count()).isZero();
    }

    @Test
    void mremapFails() {
        long block = Malloc.calloc(1, 1 << 20);
        failing(Call.MREMAP, () -> {
            assertThat(Malloc.realloc(block, 2 << 20)).isZero();
            assertThat(Tcb.current().errno()).isEqualTo(ENOMEM());
        });
        assertThat(Malloc.usableSize(block)).as("the block is as it was").isEqualTo(1 << 20);
        Malloc.free(block);
    }

    @ParameterizedTest
    @EnumSource
    void aMappingBecomesSmallerWhateverFails(Call call) {
        try (Heap heap = Heap.create()) {
            long block = heap.malloc(1 << 20);
            Tcb.current().errno(0);
            failing(call, () -> {
                assertThat(heap.realloc(block, 100 << 10)).isEqualTo(block);
                assertThat(Tcb.current().errno()).isZero();
            });
            assertThat(heap.usableSize(block)).isEqualTo(heap.budget().usedBytes()).isEqualTo(100 << 10);
            assertThat(ProcSelf.hasOwnMemory(block + (512 << 10))).as("the end has memory").isFalse();
        }
        Malloc.trim();
        assertThat(RefusedUnmaps.count()).isZero();
    }

    @Test
    void madviseFails() {
        long block = Malloc.malloc(30_000);
        Malloc.free(block);
        failing(Call.MADVISE, () -> {
            long dirty = Spans.dirtyBytes();
            Malloc.trim();
            assertThat(Spans.dirtyBytes()).as("still to be given back").isGreaterThanOrEqualTo(dirty);
        });
        Malloc.trim();
    }

    static Stream<HeapOptions> kinds() {
        return Stream.of(HeapOptions.confined().hugePages(HugePages.ALWAYS), HeapOptions.shared().mappingCache(16 << 20),
                HeapOptions.confined().leaks(Level.FULL, report -> { }), HeapOptions.shared().hardened(Hardening.ALL.withSample(3)));
    }

    /** A life of a heap makes so many calls; each of them fails once, in a life of its own, and all else goes well. */
    @ParameterizedTest
    @MethodSource("kinds")
    void eachCallOfALifeFailsOnce(HeapOptions kind) {
        Map<Call, Integer> failed = new EnumMap<>(Call.class);
        MappingRegistry.Sum before = MappingRegistry.sum();
        AtomicBoolean reached = new AtomicBoolean(true);
        Thread self = Thread.currentThread();
        for (int n = 0; reached.getAndSet(false); n++) {
            AtomicInteger calls = new AtomicInteger(n); // of this thread: the purger makes some when it likes
            SystemCallFaults.during((call, ordinal) -> {
                boolean fails = Thread.currentThread() == self && calls.getAndDecrement() == 0;
                if (fails) {
                    reached.set(true);
                    failed.merge(call, 1, Integer::sum);
                }
                return fails ? ENOMEM() : 0;
            }, () -> live(kind));
            Malloc.trim();
            assertThat(RefusedUnmaps.count()).as("call " + n).isZero();
            assertThat(MappingRegistry.sum()).as("call " + n).isEqualTo(before);
        }
        // A hardened heap moves nothing; another protects only where an arena is to be committed, which has a test of its own.
        assertThat(failed).containsKeys(Call.MMAP, Call.MUNMAP, Call.MADVISE, kind.hardening().isNone() ? Call.MREMAP : Call.MPROTECT);
    }

    /** Small, large, aligned, grown, shrunk, trimmed with holes; every block that there is holds what was written to it. */
    private static void live(HeapOptions kind) {
        Heap heap = Heap.create(kind);
        List<long[]> blocks = new ArrayList<>();
        for (long size : new long[] {16, 5_000, 40_000, 60_000, 60_000, 100_000, 1 << 20, 5 << 20}) {
            keep(blocks, heap.malloc(size), size);
            keep(blocks, heap.calloc(1, size), size);
            keep(blocks, heap.alignedAlloc(1 << 16, size), size);
        }
        for (long[] block : blocks) {
            long grown = heap.realloc(block[0], block[1] * 3);
            block[0] = grown == 0 ? block[0] : grown;
            check(block);
        }
        for (int i = blocks.size() - 1; i >= 0; i -= 2) {
            heap.free(blocks.remove(i)[0]);
        }
        heap.trim();
        blocks.forEach(SystemCallFailureTest::check);
        blocks.forEach(block -> heap.free(block[0]));
        keep(blocks, heap.malloc(100_000), 100_000);
        heap.close();
        assertThat(heap.budget().usedBytes()).isZero();
    }

    private static void keep(List<long[]> blocks, long block, long size) {
        if (block != 0) {
            blocks.add(new long[] {block, size});
            Native.EVERYTHING.set(ValueLayout.JAVA_LONG, block, size);
        } else {
            assertThat(Tcb.current().errno()).isEqualTo(ENOMEM());
        }
    }

    private static void check(long[] block) {
        assertThat(Native.EVERYTHING.get(ValueLayout.JAVA_LONG, block[0])).isEqualTo(block[1]);
    }

    /** Any call may fail at any time; whatever happens, the books are right afterwards and every block can be freed. */
    @Test
    void anyCallFailsAtAnyTime() {
        for (int seed = 0; seed < 50; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            try (Heap heap = Heap.create()) {
                List<Long> blocks = new ArrayList<>();
                SplittableRandom dice = random.split();
                SystemCallFaults.during((call, ordinal) -> dice.nextInt(4) == 0 ? ENOMEM() : 0,
                        () -> useRandomly(heap, random, blocks));
                blocks.forEach(heap::free);
                heap.trim();
            }
        }
        Malloc.trim();
        assertThat(RefusedUnmaps.count()).isZero();
    }

    private static void useRandomly(Heap heap, SplittableRandom random, List<Long> blocks) {
        for (int i = 0; i < 400; i++) {
            long size = random.nextInt(3) == 0 ? random.nextLong(60_000, 300_000) : random.nextLong(60_000);
            int dice = random.nextInt(10);
            if (dice < 5 || blocks.isEmpty()) {
                long block = dice == 0 ? heap.alignedAlloc(1 << 16, size) : heap.malloc(size);
                if (block != 0) {
                    blocks.add(block);
                }
            } else if (dice < 8) {
                heap.free(blocks.remove(random.nextInt(blocks.size())));
            } else {
                int index = random.nextInt(blocks.size());
                long moved = heap.realloc(blocks.get(index), Math.max(1, size));
                if (moved != 0) {
                    blocks.set(index, moved);
                }
            }
        }
        heap.trim();
    }

    private static void failing(Call failing, Runnable work) {
        SystemCallFaults.during((call, ordinal) -> call == failing ? ENOMEM() : 0, work);
    }
}
