package dev.banos.libc.sort;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How often a radix sort goes over its elements, counted by elements that stand between it and the real ones. */
class PassesTest {
    private static final long FIRST_VALUE = 0x9E37_79B9_7F4A_7C15L; // its multiples differ in all digits

    private long read;
    private long moved;

    /** In order, all equal, or of few values in any order: at most two passes, whatever the digits that vary. */
    @ParameterizedTest
    @EnumSource(names = {"ASCENDING", "CONSTANT", "FEW_VALUES"})
    void easyOrdersTakeTwoPassesAtMost(Shape shape) {
        for (int n : new int[] {100, 1_000, 100_000, 700_000}) {
            long[] numbers = shape.numbers(n, n);
            sort(numbers);
            assertThat(read + moved).as("%d elements", n).isLessThanOrEqualTo(2L * n + 100);
            assertThat(moved).isLessThanOrEqualTo(shape == Shape.FEW_VALUES ? n : 0);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 15, 16, 17, 31, 32, 33, 34, 100})
    void anyNumberOfValuesIsSorted(int values) {
        Random random = new Random(values);
        long[] numbers = random.longs(5_000).map(number -> FIRST_VALUE * (Long.remainderUnsigned(number, values))).toArray();
        sort(numbers);
        if (values <= FewValues.MOST / 2) {
            assertThat(read + moved).isLessThanOrEqualTo(2 * 5_000 + 100);
        }
    }

    /** Each new value comes late, when all room for values is taken. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void oneValueTooManyAtTheEndIsSortedToo(int more) {
        long[] numbers = new long[10_000];
        for (int i = 0; i < FewValues.MOST + more; i++) {
            numbers[numbers.length - 1 - i] = FIRST_VALUE * i;
        }
        sort(numbers);
    }

    /** All of these values would have the table's last place: the others find theirs from its beginning on. */
    @Test
    void valuesThatMeetAtTheTablesEndAreSorted() {
        long[] values = LongStream.iterate(0, value -> value + 1).filter(value -> FIRST_VALUE * value >>> 58 == 63)
                .limit(FewValues.MOST / 2).toArray();
        sort(new Random(1).ints(5_000, 0, values.length).mapToLong(i -> values[i]).toArray());
        assertThat(moved).as("by the table").isEqualTo(5_000);
    }

    private void sort(long[] numbers) {
        read = 0;
        moved = 0;
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment data = scope.allocateFrom(ValueLayout.JAVA_LONG, numbers);
            MemorySegment spare = scope.allocate(data.byteSize());
            MemorySegment counters = scope.allocate(Scratch.COUNTERS_BYTES, Long.BYTES);
            Radix.HERE.sort(new Counted(new LongElements(Key.I64)), data.address(), data.address() + data.byteSize(), data.address(),
                    spare.address(), counters.address());
            Arrays.sort(numbers);
            assertThat(data.toArray(ValueLayout.JAVA_LONG)).isEqualTo(numbers);
        }
    }

    private final class Counted extends Elements {
        private final Elements elements;

        Counted(Elements elements) {
            super(elements.bytes, elements.flip);
            this.elements = elements;
        }

        @Override
        boolean isAscending(long from, int count) {
            boolean ascending = elements.isAscending(from, count);
            read += ascending ? count : Math.min(count, 50); // it ends where it sees otherwise, here soon
            return ascending;
        }

        @Override
        long varyingBits(long from, int count) {
            read += count;
            return elements.varyingBits(from, count);
        }

        @Override
        long count(long from, int count, long counters, int shift, long mask) {
            read += count;
            return elements.count(from, count, counters, shift, mask);
        }

        @Override
        void countTwo(long from, int count, long low, int lowShift, long high, int highShift, long mask) {
            read += count;
            elements.countTwo(from, count, low, lowShift, high, highShift, mask);
        }

        @Override
        void scatter(long from, int count, long target, long counters, int shift, long mask) {
            moved += count;
            elements.scatter(from, count, target, counters, shift, mask);
        }

        @Override
        long key(long address) {
            return elements.key(address);
        }

        @Override
        boolean countValues(long from, int count, long table) {
            read += count;
            return elements.countValues(from, count, table);
        }

        @Override
        void scatterValues(long from, int count, long target, long table) {
            moved += count;
            elements.scatterValues(from, count, target, table);
        }

        @Override
        boolean settle(long from, int count, long hold, long steps) {
            read += count;
            return elements.settle(from, count, hold, steps);
        }
    }
}
