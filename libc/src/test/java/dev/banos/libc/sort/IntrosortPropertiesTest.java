package dev.banos.libc.sort;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** {@code java.util.Arrays} is the oracle. */
class IntrosortPropertiesTest {
    @Property(tries = 3000)
    void sortsAsTheJdkSorts(@ForAll Key key, @ForAll Shape shape, @ForAll @IntRange(max = 3000) int n, @ForAll long seed,
            @ForAll @IntRange(max = 7) int misalignment, @ForAll boolean isShared) {
        try (Arena scope = isShared ? Arena.ofShared() : Arena.ofConfined()) {
            requireSorted(scope, key, shape.numbers(n, seed), misalignment, data -> Introsort.sort(key, data));
        }
    }

    /** More than the temporary area of any machine holds. */
    @Property(tries = 40)
    void largePartsAreSortedToo(@ForAll Key key, @ForAll Shape shape, @ForAll @IntRange(min = 300_000, max = 600_000) int n, @ForAll long seed,
            @ForAll @IntRange(max = 7) int misalignment) {
        try (Arena scope = Arena.ofConfined()) {
            requireSorted(scope, key, shape.numbers(n, seed), misalignment, data -> Introsort.sort(key, data));
        }
    }

    /** Parts small enough for partitions several deep. */
    @Property(tries = 1500)
    void partitionsOfPartitionsAreSorted(@ForAll Key key, @ForAll Shape shape, @ForAll @IntRange(max = 20_000) int n, @ForAll long seed,
            @ForAll @IntRange(max = 7) int misalignment, @ForAll @IntRange(min = 256, max = 16 << 10) int partBytes) {
        try (Arena scope = Arena.ofConfined()) {
            requireSorted(scope, key, shape.numbers(n, seed), misalignment,
                    data -> NumberIntrosort.sort(key, data.address(), data.address() + data.byteSize(), partBytes));
        }
    }

    private static void requireSorted(Arena scope, Key key, long[] numbers, int misalignment, Consumer<MemorySegment> sort) {
        Guarded data = new Guarded(scope, (long) numbers.length * key.bytes(), misalignment);
        Numbers.store(key, numbers, data.segment);
        Object expected = Numbers.sorted(key, data.segment);

        sort.accept(data.segment);

        assertThat(Numbers.areSorted(key, data.segment, expected)).isTrue();
        data.requireIntact();
    }

    /** Elements of odd sizes, each filled with what its first bytes say, so that a torn element shows. */
    @Property(tries = 500)
    void elementsOfAnySizeMoveWhole(@ForAll Shape shape, @ForAll @IntRange(max = 700) int n, @ForAll long seed,
            @ForAll @IntRange(min = 8, max = 40) int elementBytes) {
        try (Arena scope = Arena.ofConfined()) {
            Guarded data = new Guarded(scope, (long) n * elementBytes, 0);
            long[] numbers = shape.numbers(n, seed);
            for (int i = 0; i < n; i++) {
                MemorySegment element = data.segment.asSlice((long) i * elementBytes, elementBytes).fill((byte) numbers[i]);
                element.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, numbers[i]);
            }

            Introsort.sort(data.segment, elementBytes, (a, b) -> -Long.compare(Memory.getLong(a), Memory.getLong(b)));

            Arrays.sort(numbers);
            for (int i = 0; i < n; i++) {
                long number = numbers[n - 1 - i];
                MemorySegment element = data.segment.asSlice((long) i * elementBytes, elementBytes);
                assertThat(element.get(ValueLayout.JAVA_LONG_UNALIGNED, 0)).isEqualTo(number);
                for (int b = 8; b < elementBytes; b++) {
                    assertThat(element.get(ValueLayout.JAVA_BYTE, b)).isEqualTo((byte) number);
                }
            }
            data.requireIntact();
        }
    }
}
