package dev.banos.libc.sort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.banos.mem.Malloc;
import dev.banos.testing.OtherThread;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a sort refuses, and what else it promises. */
class SortTest {
    private static final AddressComparator BY_LONG = (a, b) -> Long.compare(Memory.getLong(a), Memory.getLong(b));
    private static final RecordSort RECORDS = new RecordSort(16, Key.I64, 8);

    private static void refused(String reason, Runnable sort) {
        assertThatThrownBy(sort::run).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(reason);
    }

    private static MemorySegment descending(Arena scope, int n) {
        MemorySegment data = scope.allocate(8L * n, 8);
        for (int i = 0; i < n; i++) {
            data.setAtIndex(ValueLayout.JAVA_LONG, i, n - i);
        }
        return data;
    }

    @Test
    void whatIsWrongIsSaidBeforeAnythingIsTouched() {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment data = descending(scope, 100);
            MemorySegment temporary = scope.allocate(800).fill((byte) 7);
            byte[] before = data.toArray(ValueLayout.JAVA_BYTE);

            refused("temporaryBytes=799", () -> RadixSort.sort(Key.I64, data, temporary.asSlice(0, 799)));
            refused("overlap", () -> RadixSort.sort(Key.I64, data, data));
            refused("overlap", () -> RadixSort.sort(Key.I64, data.asSlice(0, 400), data.asSlice(399)));
            refused("overlap", () -> RECORDS.sort(data.asSlice(392, 400), data.asSlice(0, 400)));
            refused("dataBytes=799", () -> RadixSort.sort(Key.I64, data.asSlice(0, 799), temporary));
            refused("data is read-only", () -> RadixSort.sort(Key.I64, data.asReadOnly(), temporary));
            refused("temporary is read-only", () -> RadixSort.sort(Key.I64, data, temporary.asReadOnly()));
            refused("data is on the Java heap", () -> Introsort.sort(Key.I64, MemorySegment.ofArray(new long[4])));
            refused("data is read-only", () -> Introsort.sort(data.asReadOnly(), 8, BY_LONG));
            refused("elementBytes=0", () -> Introsort.sort(data, 0, BY_LONG));
            refused("elementBytes=-8", () -> Introsort.sort(data, -8, BY_LONG));
            refused("elementBytes=3", () -> Introsort.sort(data, 3, BY_LONG));
            refused("keyOffset=9", () -> new RecordSort(16, Key.I64, 9));
            refused("keyOffset=-1", () -> new RecordSort(16, Key.I64, -1));
            refused("recordBytes=-16", () -> new RecordSort(-16, Key.U8, 0));
            refused("recordBytes=" + Long.MIN_VALUE, () -> new RecordSort(Long.MIN_VALUE, Key.I64, 0));

            assertThat(data.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(before);
            assertThat(temporary.toArray(ValueLayout.JAVA_BYTE)).containsOnly(7);
        }
    }

    @Test
    void neighboursDoNotOverlap() {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment both = descending(scope, 200);
            RadixSort.sort(Key.I64, both.asSlice(800), both.asSlice(0, 800));
            assertThat(both.asSlice(800).toArray(ValueLayout.JAVA_LONG)).isSorted();
        }
    }

    @Test
    void closedScopesAreRefused() {
        Arena closed = Arena.ofConfined();
        MemorySegment gone = closed.allocate(80, 8);
        closed.close();
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment data = descending(scope, 10);
            assertThatThrownBy(() -> RadixSort.sort(Key.I64, gone, data)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> RadixSort.sort(Key.I64, data, gone)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> RadixSort.sort(Key.I64, gone)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> RadixSort.sort(Key.I64, gone.asSlice(0, 0))).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> RECORDS.sort(gone)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> Introsort.sort(Key.I64, gone)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> Introsort.sort(gone, 8, BY_LONG)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> Introsort.sort(gone.asSlice(0, 0), 8, BY_LONG)).isInstanceOf(IllegalStateException.class);
            assertThat(data.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(10);
        }
    }

    @Test
    void segmentsOfAnotherThreadAreRefused() throws InterruptedException {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment data = descending(scope, 100);
            OtherThread.run(() -> {
                for (MemorySegment ofAnother : List.of(data, data.asSlice(0, 0))) {
                    assertThatThrownBy(() -> RadixSort.sort(Key.I64, ofAnother)).isInstanceOf(WrongThreadException.class);
                    assertThatThrownBy(() -> RECORDS.sort(ofAnother)).isInstanceOf(WrongThreadException.class);
                    assertThatThrownBy(() -> Introsort.sort(Key.I64, ofAnother)).isInstanceOf(WrongThreadException.class);
                    assertThatThrownBy(() -> Introsort.sort(ofAnother, 8, BY_LONG)).isInstanceOf(WrongThreadException.class);
                }
            });
            assertThat(data.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(100);
        }
    }

    /** A thread that closes a shared scope under a running sort is the one that gets the exception. */
    @Test
    void aSharedScopeCannotBeClosedUnderASort() throws InterruptedException {
        Arena scope = Arena.ofShared();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        MemorySegment data = scope.allocate(8L << 20, 8);
        Thread sorter = new Thread(() -> {
            try {
                for (int round = 0; round < 1000; round++) {
                    for (long i = 0; i < 1 << 20; i += 64) {
                        data.setAtIndex(ValueLayout.JAVA_LONG, i, -i);
                    }
                    RadixSort.sort(Key.I64, data);
                }
            } catch (IllegalStateException closedBetweenTwoSorts) {
                if (scope.scope().isAlive()) {
                    failure.set(closedBetweenTwoSorts);
                }
            } catch (Throwable thrown) {
                failure.set(thrown);
            }
        });
        sorter.start();
        while (scope.scope().isAlive()) {
            Thread.sleep(5);
            try {
                scope.close();
            } catch (IllegalStateException held) {
                assertThat(held).hasMessageContaining("acquired");
            }
        }
        sorter.join();
        assertThat(failure).hasNullValue();
    }

    /** The order closes what it sorts: an exception, not a crash. */
    @Test
    void aComparatorThatClosesTheScopeGetsAnException() {
        Arena scope = Arena.ofConfined();
        MemorySegment data = descending(scope, 100);
        assertThatThrownBy(() -> Introsort.sort(data, 8, (a, b) -> {
            if (scope.scope().isAlive()) {
                scope.close();
            }
            return 1;
        })).isInstanceOf(IllegalStateException.class);
    }

    /** The total order of IEEE 754 tells NaNs apart by sign; {@code Arrays.sort} does not. */
    @Test
    void negativeNaNsComeFirst() {
        long negativeNaN = 0xFFF8_0000_0000_0001L;
        long[] ascending = {negativeNaN, bits(Double.NEGATIVE_INFINITY), bits(-1), bits(-0.0), 0, bits(Double.MIN_VALUE),
            bits(Double.POSITIVE_INFINITY), bits(Double.NaN)};
        try (Arena scope = Arena.ofConfined()) {
            for (Consumer<MemorySegment> sort : List.<Consumer<MemorySegment>>of(
                    s -> RadixSort.sort(Key.F64, s), s -> Introsort.sort(Key.F64, s))) {
                MemorySegment data = scope.allocate(8 * 8 * 8, 8);
                for (int i = 0; i < 64; i++) {
                    data.setAtIndex(ValueLayout.JAVA_LONG, i, ascending[(i * 5 + 3) % 8]);
                }
                sort.accept(data);
                for (int i = 0; i < 64; i++) {
                    assertThat(data.getAtIndex(ValueLayout.JAVA_LONG, i)).isEqualTo(ascending[i / 8]);
                }
            }
        }
    }

    private static long bits(double number) {
        return Double.doubleToRawLongBits(number);
    }

    /** The elements of 4 GiB are pages of zeros that no memory stands behind; only the ends are written. */
    @Test
    void moreThanTwoToThe31Elements() {
        try (Arena scope = Arena.ofConfined()) {
            long elements = (1L << 31) + 5;
            MemorySegment data = SparseMapping.of(2 * elements, scope);
            data.setAtIndex(ValueLayout.JAVA_SHORT, 0, (short) -3);
            data.setAtIndex(ValueLayout.JAVA_SHORT, elements - 1, (short) 3);
            RadixSort.sort(Key.I16, data, SparseMapping.of(2 * elements, scope));
            assertThat(data.getAtIndex(ValueLayout.JAVA_SHORT, 0)).isEqualTo((short) -3);
            assertThat(data.getAtIndex(ValueLayout.JAVA_SHORT, elements - 1)).isEqualTo((short) 3);
        }
    }

    /** Writes 8 GiB. */
    @Test
    @Tag("campaign")
    void moreThanTwoToThe31ElementsOutOfOrder() {
        try (Arena scope = Arena.ofConfined()) {
            long elements = (1L << 31) + 5;
            MemorySegment data = SparseMapping.of(2 * elements, scope);
            data.setAtIndex(ValueLayout.JAVA_SHORT, 0, (short) 3);
            data.setAtIndex(ValueLayout.JAVA_SHORT, elements - 1, (short) -3);
            RadixSort.sort(Key.I16, data, SparseMapping.of(2 * elements, scope));
            assertThat(data.getAtIndex(ValueLayout.JAVA_SHORT, 0)).isEqualTo((short) -3);
            assertThat(data.getAtIndex(ValueLayout.JAVA_SHORT, 1)).isZero();
            assertThat(data.getAtIndex(ValueLayout.JAVA_SHORT, elements - 2)).isZero();
            assertThat(data.getAtIndex(ValueLayout.JAVA_SHORT, elements - 1)).isEqualTo((short) 3);
        }
    }

    @Test
    void aTemporaryAreaOfItsOwnIsFreed() {
        long bytes = 4 << 20;
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment data = scope.allocate(bytes, 8);
            RadixSort.sort(Key.I64, data); // what sorts keep for the next is there from now on
            RECORDS.sort(data);
            long before = Malloc.statistics().liveBytes();
            for (int i = 0; i < 4; i++) {
                RadixSort.sort(Key.I64, data);
                RECORDS.sort(data);
            }
            assertThat(Malloc.statistics().liveBytes() - before).isLessThan(bytes);
        }
    }

    /** Bytes are counted, and doubles brought into order, block by block. Writes 6 GiB. */
    @Test
    @Tag("campaign")
    void moreBytesThanABlockHasOutOfOrder() {
        for (Key key : new Key[] {Key.U8, Key.F64, Key.F32}) {
            try (Arena scope = Arena.ofConfined()) {
                long bytes = (key == Key.U8 ? 1L << 31 : 1L << 30) + 16;
                MemorySegment data = SparseMapping.of(bytes, scope);
                data.set(ValueLayout.JAVA_BYTE, key.bytes() - 1, (byte) 0x40); // of a float its largest byte
                data.set(ValueLayout.JAVA_BYTE, bytes - 1, (byte) 0xC0);
                RadixSort.sort(key, data, SparseMapping.of(bytes, scope));
                long least = key == Key.U8 ? bytes - 1 : key.bytes() - 1;
                assertThat(data.get(ValueLayout.JAVA_BYTE, least)).as("%s", key).isEqualTo((byte) 0xC0);
                long other = key == Key.U8 ? bytes - 2 : bytes - 1;
                assertThat(data.get(ValueLayout.JAVA_BYTE, other)).as("%s", key).isEqualTo((byte) 0x40);
                assertThat(data.get(ValueLayout.JAVA_BYTE, bytes / 2 - 1)).as("%s", key).isZero();
            }
        }
    }

    /** As compiled by C2: what goes over a slice makes one until then. */
    @Test
    void hotCallsAllocateNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Arena scope = Arena.ofConfined(); Arena shared = Arena.ofShared()) {
            MemorySegment data = scope.allocate(8000, 8);
            MemorySegment open = shared.allocate(8000, 8);
            MemorySegment temporary = scope.allocate(8000, 8);
            long least = Long.MAX_VALUE;
            for (int round = 0; round < 300 && least > 0; round++) { // until all is compiled
                long before = threads.getCurrentThreadAllocatedBytes();
                sortAll(data, open, temporary, 300);
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            assertThat(least).isLessThan(1000); // of 1800 sorts; the measurement itself may allocate a little
        }
    }

    private static void sortAll(MemorySegment data, MemorySegment open, MemorySegment temporary, int times) {
        for (int i = 0; i < times; i++) {
            RadixSort.sort(Key.F64, scrambled(data, i), temporary);
            RadixSort.sort(Key.U32, scrambled(data, i), temporary);
            RadixSort.sort(Key.U64, scrambled(open, i), temporary);
            RECORDS.sort(scrambled(data, i), temporary);
            Introsort.sort(Key.I64, scrambled(data, i));
            Introsort.sort(scrambled(data, i), 8, BY_LONG);
        }
    }

    private static MemorySegment scrambled(MemorySegment data, long seed) {
        for (long i = 0; i < data.byteSize() / 8; i++) {
            data.setAtIndex(ValueLayout.JAVA_LONG, i, (i + seed) * 0x9E37_79B9_7F4A_7C15L);
        }
        return data;
    }
}
