package dev.banos.mem;

import static dev.banos.bindings.generated.Linux.ENOMEM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.mem.fault.SystemCallFaults;
import dev.banos.mem.fault.SystemCallFaults.Call;
import dev.banos.thread.Tcb;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Every system call of the allocator fails once: the caller is told, the heap stays usable, nothing is lost. */
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
        long block = Malloc.malloc(1 << 20);
        int before = DirectMappings.refusedCount();
        failing(Call.MUNMAP, () -> {
            Malloc.free(block);
            assertThatThrownBy(() -> Malloc.free(block)).isInstanceOf(InvalidBlockException.class);
            assertThat(DirectMappings.refusedCount()).isEqualTo(before + 1);
        });
        assertThat(ProcSelf.isMapped(block)).as("kept, not lost").isTrue();
        Malloc.trim();
        assertThat(DirectMappings.refusedCount()).isZero();
        assertThat(ProcSelf.isMapped(block)).as("unmapped at the next occasion").isFalse();
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
        assertThat(DirectMappings.refusedCount()).isZero();
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
