package dev.banos.libc.sort;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** {@code java.util.Arrays} is the oracle. */
class RadixSortPropertiesTest {
    /** Who could close the memory decides on the way through the code. */
    private enum Owner {
        CONFINED, SHARED, AUTOMATIC;

        Arena open() {
            return switch (this) {
                case CONFINED -> Arena.ofConfined();
                case SHARED -> Arena.ofShared();
                case AUTOMATIC -> Arena.ofAuto();
            };
        }

        void close(Arena scope) {
            if (this != AUTOMATIC) {
                scope.close();
            }
        }
    }

    @Property(tries = 3000)
    void sortsAsTheJdkSorts(@ForAll Key key, @ForAll Shape shape, @ForAll @IntRange(max = 3000) int n, @ForAll long seed,
            @ForAll @IntRange(max = 7) int misalignment, @ForAll Owner owner) {
        Arena scope = owner.open();
        requireSorted(key, shape.numbers(n, seed), misalignment, scope);
        owner.close(scope);
    }

    /** Sizes with wide digits. */
    @Property(tries = 60)
    void sortsManyAsTheJdkSorts(@ForAll Key key, @ForAll Shape shape, @ForAll @IntRange(min = 50_000, max = 200_000) int n,
            @ForAll long seed) {
        try (Arena scope = Arena.ofConfined()) {
            requireSorted(key, shape.numbers(n, seed), 0, scope);
        }
    }

    /** Sizes that are split before they are sorted. */
    @Property(tries = 25)
    void sortsWhatNoCacheHoldsAsTheJdkSorts(@ForAll Shape shape, @ForAll long seed) {
        try (Arena scope = Arena.ofConfined()) {
            requireSorted(Key.I64, shape.numbers(700_000, seed), 0, scope);
            requireSorted(Key.U32, shape.numbers(1_100_000, seed), 0, scope);
        }
    }

    private static void requireSorted(Key key, long[] numbers, int misalignment, Arena scope) {
        Guarded data = new Guarded(scope, (long) numbers.length * key.bytes(), misalignment);
        Guarded temporary = new Guarded(scope, (long) numbers.length * key.bytes(), 7 - misalignment);
        Numbers.store(key, numbers, data.segment);
        Object expected = Numbers.sorted(key, data.segment);

        RadixSort.sort(key, data.segment, temporary.segment);

        assertThat(Numbers.areSorted(key, data.segment, expected)).isTrue();
        data.requireIntact();
        temporary.requireIntact();
    }

    /** Each record carries its place, so that a stable sort of the whole records by key and place is the oracle. */
    @Property(tries = 2000)
    void recordsWithEqualKeysKeepTheirOrder(@ForAll Key key, @ForAll Shape shape, @ForAll @IntRange(max = 1500) int n, @ForAll long seed,
            @ForAll @IntRange(min = 4, max = 40) int otherBytes, @ForAll @IntRange(max = 36) int place, @ForAll Owner owner) {
        int recordBytes = key.bytes() + otherBytes;
        int keyOffset = Math.min(otherBytes - 4, place);
        Arena scope = owner.open();
        Guarded data = new Guarded(scope, (long) n * recordBytes, place & 7);
        Guarded temporary = new Guarded(scope, (long) n * recordBytes, 0);
        MemorySegment keys = scope.allocate(Math.max(1, (long) n * key.bytes())).asSlice(0, (long) n * key.bytes());
        Numbers.store(key, shape.numbers(n, seed), keys);
        for (int i = 0; i < n; i++) {
            MemorySegment record = data.segment.asSlice((long) i * recordBytes, recordBytes).fill((byte) i);
            MemorySegment.copy(keys, (long) i * key.bytes(), record, keyOffset, key.bytes());
            record.set(ValueLayout.JAVA_INT_UNALIGNED, recordBytes - 4, i);
        }
        byte[][] expected = records(data.segment, recordBytes);
        Integer[] order = IntStream.range(0, n).boxed().toArray(Integer[]::new);
        Arrays.sort(order, byKey(key, keys));

        new RecordSort(recordBytes, key, keyOffset).sort(data.segment, temporary.segment);

        byte[][] sorted = records(data.segment, recordBytes);
        for (int i = 0; i < n; i++) {
            assertThat(sorted[i]).isEqualTo(expected[order[i]]);
        }
        data.requireIntact();
        temporary.requireIntact();
        owner.close(scope);
    }

    private static byte[][] records(MemorySegment data, int recordBytes) {
        return data.elements(java.lang.foreign.MemoryLayout.sequenceLayout(recordBytes, ValueLayout.JAVA_BYTE))
                .map(record -> record.toArray(ValueLayout.JAVA_BYTE)).toArray(byte[][]::new);
    }

    private static Comparator<Integer> byKey(Key key, MemorySegment keys) {
        if (key == Key.F32) {
            return Comparator.comparing(i -> keys.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i));
        }
        if (key == Key.F64) {
            return Comparator.comparing(i -> keys.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8L * i));
        }
        return Comparator.comparingLong(i -> switch (key) {
            case U8 -> keys.get(ValueLayout.JAVA_BYTE, i) & 0xFF;
            case I8 -> keys.get(ValueLayout.JAVA_BYTE, i);
            case U16 -> keys.get(ValueLayout.JAVA_CHAR_UNALIGNED, 2L * i);
            case I16 -> keys.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i);
            case U32 -> Integer.toUnsignedLong(keys.get(ValueLayout.JAVA_INT_UNALIGNED, 4L * i));
            case I32 -> keys.get(ValueLayout.JAVA_INT_UNALIGNED, 4L * i);
            case U64 -> keys.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i) ^ Long.MIN_VALUE;
            default -> keys.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i);
        });
    }
}
