package dev.banos.mem;

import static dev.banos.bindings.generated.Linux.ENOMEM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.mem.fault.SystemCallFaults.Call;
import dev.banos.mem.fault.SystemCallFaults;
import dev.banos.mem.mappings.MappingRegistry;
import dev.banos.mem.slots.RunTable;
import dev.banos.mem.system.RefusedUnmaps;
import dev.banos.thread.Tcb;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Each system call that guards and quarantine make fails: the caller is told, the heap stays usable, nothing is lost. */
class HardenedFailureTest {
    private static final Hardening GUARDED = Hardening.NONE.withGuard().withCanary().withQuarantine(1 << 20);

    @Test
    void noAddressesForAGuardedBlock() {
        try (Heap heap = heap(GUARDED)) {
            failing(Call.MMAP, () -> {
                assertThat(heap.malloc(1 << 20)).isZero();
                assertThat(Tcb.current().errno()).isEqualTo(ENOMEM());
                long small = heap.malloc(10);
                assertThat(heap.realloc(small, 1 << 20)).isZero();
                heap.free(small);
            });
            heap.free(heap.malloc(1 << 20));
        }
    }

    @Test
    void noAccessForAGuardedBlock() {
        try (Heap heap = heap(GUARDED)) {
            long mapped = MappingRegistry.sum().count();
            failing(Call.MPROTECT, () -> {
                assertThat(heap.malloc(1 << 20)).isZero();
                assertThat(Tcb.current().errno()).isEqualTo(ENOMEM());
                assertThatThrownBy(() -> heap.allocate(1 << 20)).isInstanceOf(OutOfMemoryError.class);
            });
            assertThat(MappingRegistry.sum().count()).isEqualTo(mapped);
            heap.free(heap.malloc(1 << 20));
        }
    }

    @Test
    void aSampleThatCannotBeGuardedIsASlot() {
        try (Heap heap = heap(Hardening.NONE.withSample(1))) {
            for (Call first : new Call[] {Call.MMAP, Call.MPROTECT}) {
                AtomicBoolean failed = new AtomicBoolean();
                SystemCallFaults.during((call, ordinal) -> call == first && failed.compareAndSet(false, true) ? ENOMEM() : 0, () -> {
                    long block = heap.malloc(64);
                    assertThat(RunTable.at(block)).isNotNull();
                    heap.free(block);
                });
                assertThat(failed).isTrue();
            }
        }
    }

    @Test
    void aFreedBlockWhoseAccessStaysIsUnmappedAtOnce() {
        try (Heap heap = heap(GUARDED)) {
            long block = ProcSelf.mark(heap.malloc(1 << 20));
            failing(Call.MPROTECT, () -> heap.free(block));
            assertThat(ProcSelf.isStillMapped(block)).isFalse();
            assertThatThrownBy(() -> heap.free(block)).isExactlyInstanceOf(InvalidBlockException.class);
        }
    }

    @Test
    void whenTheSystemHasNoMoreTheQuarantineIsGivenBack() {
        try (Heap heap = heap(GUARDED)) {
            long waiting = heap.malloc(1 << 20);
            heap.free(waiting);
            AtomicBoolean failed = new AtomicBoolean();
            SystemCallFaults.during((call, ordinal) -> call == Call.MMAP && failed.compareAndSet(false, true) ? ENOMEM() : 0, () -> {
                long block = heap.malloc(2 << 20);
                assertThat(block).isNotZero();
                heap.free(block);
            });
            assertThat(failed).isTrue();
            assertThat(MemoryInsight.explain(waiting)).as("no longer held back").doesNotContain("of 1048576 bytes");
        }
    }

    @Test
    void aMappingThatTheKernelKeepsIsUnmappedLater() {
        int before = RefusedUnmaps.count();
        long[] block = new long[1];
        try (Heap heap = heap(GUARDED.withQuarantine(0))) {
            block[0] = ProcSelf.mark(heap.malloc(1 << 20));
            failing(Call.MUNMAP, () -> heap.free(block[0]));
            assertThat(RefusedUnmaps.count()).isEqualTo(before + 1);
            assertThatThrownBy(() -> heap.free(block[0])).isExactlyInstanceOf(InvalidBlockException.class);
            heap.trim();
            assertThat(RefusedUnmaps.count()).isZero();
            assertThat(ProcSelf.isStillMapped(block[0])).isFalse();
        }
    }

    @Test
    void whatWouldKeepItsMemoryInQuarantineIsUnmapped() {
        try (Heap heap = heap(GUARDED)) {
            long block = ProcSelf.mark(heap.malloc(1 << 20));
            failing(Call.MADVISE, () -> heap.free(block));
            assertThat(ProcSelf.isStillMapped(block)).isFalse();
            assertThatThrownBy(() -> heap.free(block)).isExactlyInstanceOf(InvalidBlockException.class);
        }
    }

    @Test
    void anyCallFailsAtAnyTime() {
        long mapped = MappingRegistry.sum().count();
        for (int seed = 0; seed < 40; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            SplittableRandom dice = random.split();
            try (Heap heap = heap(Hardening.ALL.withSample(5).withQuarantine(seed % 2 == 0 ? 0 : 100_000))) {
                List<Long> blocks = new ArrayList<>();
                SystemCallFaults.during((call, ordinal) -> dice.nextInt(4) == 0 ? ENOMEM() : 0, () -> useRandomly(heap, random, blocks));
                blocks.forEach(heap::free);
                heap.verify();
            }
        }
        Malloc.trim();
        assertThat(RefusedUnmaps.count()).isZero();
        assertThat(MappingRegistry.sum().count()).isEqualTo(mapped);
    }

    private static void useRandomly(Heap heap, SplittableRandom random, List<Long> blocks) {
        for (int i = 0; i < 300; i++) {
            long size = random.nextInt(3) == 0 ? random.nextLong(60_000, 300_000) : random.nextLong(5_000);
            long block = 0;
            if (random.nextBoolean() || blocks.isEmpty()) {
                block = random.nextInt(5) == 0 ? heap.alignedAlloc(1 << 16, size) : heap.malloc(size);
            } else if (random.nextBoolean()) {
                heap.free(blocks.remove(random.nextInt(blocks.size())));
            } else {
                long old = blocks.remove(random.nextInt(blocks.size()));
                long moved = heap.realloc(old, size + 1);
                block = moved == 0 ? old : moved;
            }
            if (block != 0) {
                blocks.add(block);
            }
        }
    }

    private static Heap heap(Hardening hardening) {
        return Heap.create(HeapOptions.shared().hardened(hardening));
    }

    private static void failing(Call failing, Runnable work) {
        SystemCallFaults.during((call, ordinal) -> call == failing ? ENOMEM() : 0, work);
    }
}
