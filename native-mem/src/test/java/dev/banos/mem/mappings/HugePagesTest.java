package dev.banos.mem.mappings;

import static dev.banos.bindings.generated.Linux.ENOMEM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.banos.bindings.Native;
import dev.banos.mem.fault.SystemCallFaults.Call;
import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import dev.banos.mem.HugePages;
import dev.banos.mem.Malloc;
import dev.banos.mem.MemoryInsight;
import dev.banos.mem.ProcSelf;
import dev.banos.mem.fault.SystemCallFaults;
import dev.banos.mem.slots.SizeClasses;
import dev.banos.mem.system.Kernel;
import dev.banos.mem.system.RefusedUnmaps;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Huge pages as the kernel counts them, and that nothing else changes for their sake. */
class HugePagesTest {
    private static final long MIB = 1 << 20;
    private static final Path MODE = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");

    @Test
    void aBlockThatGrowsIsInHugePagesAndKeepsItsContent() throws IOException {
        assumeThePolicyDecides();
        try (Heap heap = Heap.create()) {
            long block = heap.malloc(64 << 10);
            fill(block, 0, 64 << 10);
            for (long bytes = 64 << 10; bytes < 64 * MIB; bytes *= 2) {
                block = heap.realloc(block, bytes * 2);
                fill(block, bytes, bytes * 2);
            }
            assertThat(ProcSelf.hugeBytes(block, block + 64 * MIB)).isGreaterThanOrEqualTo(56 * MIB);
            assertThat(MemoryInsight.footprint().hugeBytes()).isGreaterThanOrEqualTo(64 * MIB);
            check(block, 64 * MIB);
            heap.free(ProcSelf.mark(block));
            assertThat(ProcSelf.isStillMapped(block)).isFalse();
        }
        assertThat(MemoryInsight.footprint().hugeBytes()).isZero();
    }

    @Test
    void blocksThatDoNotGrowAreNotUnlessAlwaysWanted() throws IOException {
        assumeThePolicyDecides();
        long beforeAndTouched = DirectMappings.COMMITTED_BYTES + Kernel.PAGE_BYTES;
        assertThat(residentAfterOneTouchIn(HugePages.NEVER)).isEqualTo(beforeAndTouched);
        assertThat(residentAfterOneTouchIn(HugePages.GROWTH)).isEqualTo(beforeAndTouched);
        assertThat(residentAfterOneTouchIn(HugePages.ALWAYS)).isEqualTo(HugeMappings.PAGE_BYTES);
    }

    @Test
    void neverMeansNotInGrowthEither() throws IOException {
        assumeThePolicyDecides();
        try (Heap heap = Heap.create(HeapOptions.confined().hugePages(HugePages.NEVER))) {
            long block = heap.realloc(heap.malloc(64 << 10), 64 * MIB);
            fill(block, 0, 64 * MIB);
            assertThat(ProcSelf.hugeBytes(block, block + 64 * MIB)).isZero();
        }
    }

    /** The address stays aligned wherever the block goes, so that huge pages are moved as they are. */
    @Test
    void growthByHalvesWithoutRoomBehindTheBlockIsInHugePagesToo() throws IOException {
        assumeThePolicyDecides();
        try (Heap heap = Heap.create(); Heap between = Heap.create(HeapOptions.confined().hugePages(HugePages.NEVER))) {
            long block = heap.malloc(64 << 10);
            fill(block, 0, 64 << 10);
            long bytes = 64 << 10;
            while (bytes < 64 * MIB) {
                long larger = bytes * 3 / 2 / 4096 * 4096;
                block = heap.realloc(block, larger);
                fill(block, bytes, larger);
                for (int i = 0; i < 10; i++) {
                    between.malloc(64 << 10); // takes the addresses behind the block, if they are free
                }
                bytes = larger;
                assertThat(bytes < 4 * MIB || HugeMappings.isAligned(block)).isTrue();
            }
            check(block, bytes);
            assertThat(ProcSelf.hugeBytes(block, block + bytes)).isGreaterThanOrEqualTo(bytes / 2);
        }
    }

    @ParameterizedTest
    @EnumSource(HugePages.class)
    void anyCallFailsAtAnyTimeAndTheContentStays(HugePages policy) {
        for (int seed = 0; seed < 20; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            try (Heap heap = Heap.create(HeapOptions.shared().hugePages(policy).mappingCache(seed % 2 * 32 * MIB))) {
                long[] block = {heap.malloc(MIB), MIB};
                fill(block[0], 0, MIB);
                SplittableRandom dice = random.split();
                SystemCallFaults.during((call, ordinal) -> dice.nextInt(4) == 0 ? ENOMEM() : 0, () -> {
                    for (int i = 0; i < 30; i++) {
                        resize(heap, block, random.nextLong(1, 12 * MIB / 4096) * 4096);
                    }
                });
                check(block[0], block[1]);
                heap.free(block[0]);
                heap.trim();
                assertThat(heap.budget().usedBytes()).as("seed " + seed).isZero();
            }
        }
        Malloc.trim();
        assertThat(RefusedUnmaps.count()).isZero();
    }

    private static void resize(Heap heap, long[] block, long bytes) {
        long moved = heap.realloc(block[0], Math.max(bytes, SizeClasses.DIRECT_BYTES));
        if (moved != 0) {
            long kept = Math.min(block[1], bytes);
            block[0] = moved;
            fill(moved, kept, bytes);
            block[1] = bytes;
        }
    }

    @Test
    void whereNoAlignedPlaceIsToBeHadTheBlockGrowsAllTheSame() {
        try (Heap heap = Heap.create()) {
            long block = heap.malloc(MIB);
            fill(block, 0, MIB);
            long[] moved = new long[1];
            SystemCallFaults.during((call, ordinal) -> call == Call.MMAP || call == Call.MADVISE ? ENOMEM() : 0,
                    () -> moved[0] = heap.realloc(block, 8 * MIB));
            assertThat(moved[0]).isNotZero();
            fill(moved[0], MIB, 8 * MIB);
            check(moved[0], 8 * MIB);
        }
    }

    private static long residentAfterOneTouchIn(HugePages policy) {
        try (Heap heap = Heap.create(HeapOptions.confined().hugePages(policy))) {
            long block = heap.malloc(64 * MIB + 4096);
            Native.EVERYTHING.set(ValueLayout.JAVA_BYTE, block + 32 * MIB, (byte) 1);
            return ProcSelf.residentBytes(block, block + 64 * MIB);
        }
    }

    private static void fill(long block, long from, long to) {
        for (long offset = from; offset < to; offset += 4096) {
            Native.EVERYTHING.set(ValueLayout.JAVA_LONG, block + offset, offset);
        }
    }

    private static void check(long block, long bytes) {
        for (long offset = 0; offset < bytes; offset += 4096) {
            assertThat(Native.EVERYTHING.get(ValueLayout.JAVA_LONG, block + offset)).isEqualTo(offset);
        }
    }

    private static void assumeThePolicyDecides() throws IOException {
        assumeFalse(!Files.exists(MODE), "this kernel has no transparent huge pages");
        String mode = Files.readString(MODE);
        assumeFalse(!mode.contains("[madvise]"), "the system decides about huge pages, not the program: " + mode);
    }
}
