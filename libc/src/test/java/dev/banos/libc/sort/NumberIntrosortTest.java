package dev.banos.libc.sort;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What only bad pivots or billions of numbers come to. */
class NumberIntrosortTest {
    private static final int COUNT = 600_000;

    @ParameterizedTest
    @EnumSource(names = {"I16", "I32", "I64"})
    void withoutDepthLeftAHeapSorts(Key key) {
        for (Shape shape : Shape.values()) {
            try (Arena scope = Arena.ofConfined()) {
                MemorySegment data = scope.allocate((long) COUNT * key.bytes(), 8);
                Numbers.store(key, shape.numbers(COUNT, 1), data);
                Object expected = Numbers.sorted(key, data);
                MemorySegment scratch = scope.allocate(Scratch.COUNTERS_BYTES + NumberIntrosort.PART_BYTES, 8);

                NumberIntrosort.sort(RadixSort.signed(key.bytes()), Integer.numberOfTrailingZeros(key.bytes()), data.address(),
                        data.address() + data.byteSize(), 0, NumberIntrosort.PART_BYTES, scratch.address());

                assertThat(Numbers.areSorted(key, data, expected)).as("%s", shape).isTrue();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"I16", "I32", "I64"})
    void whatAnIntCannotCountIsPartitioned(Key key) {
        Random random = new Random(key.bytes());
        for (int n : new int[] {1, 2, 3, 100, 1001}) {
            try (Arena scope = Arena.ofConfined()) {
                MemorySegment data = scope.allocate((long) n * key.bytes(), 8);
                Numbers.store(key, random.longs(n).toArray(), data);
                int log = Integer.numberOfTrailingZeros(key.bytes());
                long limit = Memory.getSigned(log, data.address() + data.byteSize() / 2 / key.bytes() * key.bytes());
                long[] before = numbers(data, log);

                long middle = NumberIntrosort.partitionMany(log, data.address(), data.address() + data.byteSize(), limit);

                long[] after = numbers(data, log);
                int less = (int) (middle - data.address() >> log);
                assertThat(Arrays.stream(after, 0, less)).allMatch(number -> number < limit);
                assertThat(Arrays.stream(after, less, n)).allMatch(number -> number >= limit);
                Arrays.sort(before);
                Arrays.sort(after);
                assertThat(after).isEqualTo(before);
            }
        }
    }

    private static long[] numbers(MemorySegment data, int log) {
        long[] numbers = new long[(int) (data.byteSize() >> log)];
        Arrays.setAll(numbers, i -> Memory.getSigned(log, data.address() + ((long) i << log)));
        return numbers;
    }
}
