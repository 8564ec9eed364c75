package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.Native;
import dev.banos.mem.fault.SystemCallFaults;
import dev.banos.mem.fault.SystemCallFaults.Call;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** A mapping that grows by a page at a time, as a program does that appends to a buffer. */
@Isolated
class SmallGrowthTest {
    private static final long PAGE = 4096;
    private static final long FIRST = 64 << 10;
    private static final long LAST = 4 << 20;

    @Test
    void itAsksTheKernelAFewTimesADoublingAndKeepsItsContent() {
        AtomicInteger calls = new AtomicInteger();
        Thread self = Thread.currentThread();
        SystemCallFaults.during((call, ordinal) -> {
            calls.addAndGet(call == Call.MREMAP && Thread.currentThread() == self ? 1 : 0);
            return 0;
        }, () -> {
            long block = Malloc.malloc(FIRST);
            for (long size = FIRST + PAGE; size <= LAST; size += PAGE) {
                Native.EVERYTHING.set(ValueLayout.JAVA_LONG, block + size - PAGE - Long.BYTES, size);
                block = Malloc.realloc(block, size);
                assertThat(Malloc.usableSize(block)).isBetween(size, size + size / 8);
            }
            for (long size = FIRST + PAGE; size <= LAST; size += PAGE) {
                assertThat(Native.EVERYTHING.get(ValueLayout.JAVA_LONG, block + size - PAGE - Long.BYTES)).isEqualTo(size);
            }
            Malloc.free(block);
        });
        assertThat(calls).hasPositiveValue().hasValueLessThan(60); // of 1,008 steps, in six doublings
    }

    @Test
    void underALimitItGetsWhatItAsksForAndNoMore() {
        long limit = 100 * PAGE;
        try (Heap heap = Heap.create(HeapOptions.confined().limit(limit))) {
            long block = heap.malloc(90 * PAGE);
            for (long size = 91 * PAGE; size <= limit; size += PAGE) {
                block = heap.realloc(block, size);
                assertThat(heap.usableSize(block)).isEqualTo(size);
            }
            assertThat(heap.budget().usedBytes()).isEqualTo(limit);
            assertThat(heap.budget().refusals()).isZero();
            assertThat(heap.realloc(block, limit + 1)).isZero();
            assertThat(heap.usableSize(block)).isEqualTo(limit);
        }
    }

    @Test
    void whatWouldLoseLittleStays() {
        long block = Malloc.malloc(245 * PAGE);
        assertThat(Malloc.realloc(block, 244 * PAGE)).isEqualTo(block);
        assertThat(Malloc.usableSize(block)).isEqualTo(245 * PAGE);
        Malloc.free(block);
    }

    @Test
    void whatShrinksByMoreThanAnEighthGivesItBack() {
        try (Heap heap = Heap.create()) {
            long block = heap.realloc(heap.malloc(1 << 20), (1 << 20) + 1);
            assertThat(heap.usableSize(block)).isEqualTo((1 << 20) + (1 << 17));
            block = heap.realloc(block, (1 << 20) - PAGE);
            assertThat(heap.usableSize(block)).isEqualTo((1 << 20) - PAGE).isEqualTo(heap.budget().usedBytes());
        }
    }
}
