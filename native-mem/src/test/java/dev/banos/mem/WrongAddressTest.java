package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.mem.slots.Run;
import dev.banos.mem.slots.RunTable;
import dev.banos.mem.slots.SizeClasses;
import java.util.Arrays;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;

/** Every wrong address is refused, by each function that takes one, with a message that says what lies there. */
class WrongAddressTest {
    @Test
    void freeOfNullDoesNothing() {
        Malloc.free(0);
        assertThat(Malloc.usableSize(0)).isZero();
    }

    @Test
    void doubleFree() {
        long block = Malloc.malloc(64);
        Malloc.free(block);
        assertRefused(block, "not live", "64 bytes", "size class 3", "malloc");
    }

    @Test
    void doubleFreeAfterOtherSlotsWereReused() {
        long block = Malloc.malloc(200);
        long keeper = Malloc.malloc(200);
        Malloc.free(block);
        long[] others = new long[1000];
        for (int i = 0; i < others.length; i++) {
            others[i] = Malloc.malloc(100);
        }
        assertRefused(block, "not live", "208 bytes");
        for (long other : others) {
            Malloc.free(other);
        }
        Malloc.free(keeper);
    }

    @Test
    void insideABlock() {
        long block = Malloc.malloc(100);
        for (int offset : new int[] {1, 8, 16, 48, 99, 111}) {
            assertRefused(block + offset, offset + " bytes inside a live block of 112 bytes");
        }
        Malloc.free(block);
    }

    @Test
    void insideAMapping() {
        long block = Malloc.malloc(1 << 20);
        for (int offset : new int[] {1, 16, 4096, (1 << 20) - 1}) {
            assertRefused(block + offset, offset + " bytes inside a live block of 1048576 bytes", "a mapping of its own");
        }
        Malloc.free(block);
        assertRefused(block, "not memory of this allocator");
    }

    @Test
    void foreignAddresses() {
        for (long address : new long[] {1, 8, 4096, 0x7fff_ffff_f000L, -1, -16, Long.MIN_VALUE, Long.MAX_VALUE}) {
            assertRefused(address, "not memory of this allocator");
        }
    }

    @Test
    void afterTheLastSlotOfARun() {
        long block = Malloc.malloc(960);
        Run run = RunTable.at(block);
        assertThat(run.slots * run.slotBytes).isLessThan(SizeClasses.SPAN_BYTES);
        assertRefused(run.base + run.slots * run.slotBytes, "past the last block");
        Malloc.free(block);
    }

    /** More spans than the table of likely runs has entries: some runs are found by the table of all alone. */
    @Test
    void ofRunsThatShareAnEntryInTheTable() {
        try (Heap heap = Heap.create()) {
            int count = 2 * 16 * 1024 + 1000;
            long[] blocks = new long[count];
            for (int i = 0; i < count; i++) {
                blocks[i] = heap.malloc(SizeClasses.DIRECT_BYTES / 2); // addresses only: nothing is written
            }
            long gigabyte = 1L << 30;
            assertThat(Arrays.stream(blocks).filter(block -> block == blocks[0] + gigabyte)).isNotEmpty();
            for (int i = 0; i < count; i++) {
                heap.free(blocks[i]);
            }
            assertThat(heap.statistics().liveBlocks()).isZero();
            for (int i = 0; i < count; i += 97) {
                long block = blocks[i];
                assertThatThrownBy(() -> heap.free(block)).isInstanceOf(InvalidBlockException.class);
            }
        }
    }

    @Test
    void blocksOfOneHeapThroughAnother() {
        try (Heap one = Heap.create(); Heap other = Heap.createShared()) {
            for (long size : new long[] {64, 5000, 100_000}) {
                long block = one.malloc(size);
                assertRefused(block, "of another heap");
                assertThat(MemoryInsight.explain(block)).as("nobody's heap is asked").contains(": it is a live block of ").endsWith(")");
                assertThatThrownBy(() -> other.free(block)).isInstanceOf(InvalidBlockException.class);
                long foreign = Malloc.malloc(size);
                assertThatThrownBy(() -> one.free(foreign)).isInstanceOf(InvalidBlockException.class);
                one.free(block);
                Malloc.free(foreign);
            }
        }
    }

    @Test
    void afterTheHeapsClose() {
        for (Heap heap : new Heap[] {Heap.create(), Heap.createShared()}) {
            long small = heap.malloc(64);
            long large = heap.malloc(1 << 20);
            heap.close();
            heap.close();
            assertThatThrownBy(() -> heap.free(small)).isInstanceOf(InvalidBlockException.class);
            assertThatThrownBy(() -> heap.free(large)).isInstanceOf(InvalidBlockException.class);
            assertThatThrownBy(() -> heap.malloc(8)).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
        }
    }

    private static void assertRefused(long address, String... words) {
        LongConsumer[] calls = {Malloc::free, a -> Malloc.realloc(a, 10), a -> Malloc.realloc(a, 0), Malloc::usableSize};
        for (LongConsumer call : calls) {
            assertThatThrownBy(() -> call.accept(address))
                    .isInstanceOf(InvalidBlockException.class)
                    .hasMessageContaining("0x" + Long.toHexString(address))
                    .hasMessageContainingAll(words);
        }
    }
}
