package dev.banos.libc.sort;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** The plans of all machines on this one, and with splits of data small enough to be split again and again. */
class RadixPlansPropertiesTest {
    private static final Radix[] PLANS = {new Radix(5, 1 << 10), new Radix(8, 1 << 10), new Radix(5, 8 << 10), new Radix(8, 32 << 10)};

    @Property(tries = 1500)
    void everyPlanSorts(@ForAll Shape shape, @ForAll @IntRange(max = 20_000) int n, @ForAll long seed,
            @ForAll @IntRange(max = 3) int plan) {
        long[] numbers = shape.numbers(n, seed);
        requireSorted(PLANS[plan], new LongElements(Key.I64), Key.I64, numbers);
        requireSorted(PLANS[plan], new IntElements(Key.U32), Key.U32, numbers);
        requireSorted(PLANS[plan], new ShortElements(Key.I16), Key.I16, numbers);
        requireSorted(PLANS[plan], new RecordElements(8, Key.I64, 0), Key.I64, numbers);
    }

    @Property(tries = 10)
    void thePlansOfOtherMachinesSortWhatTheySplit(@ForAll Shape shape, @ForAll long seed) {
        long[] numbers = shape.numbers(700_000, seed);
        requireSorted(Radix.FEW_PLACES, new SeparatePasses(new LongElements(Key.U64)), Key.U64, numbers);
        requireSorted(Radix.MANY_PLACES, new SeparatePasses(new LongElements(Key.U64)), Key.U64, numbers);
    }

    /** The first elements say too little about where the highest digit is; the others, too, before the last one. */
    @Test
    void oneLateElementIsFoundBeforeTheSplit() {
        for (int bit = 0; bit < Long.SIZE; bit++) {
            long[] numbers = Shape.SMALL_RANGE.numbers(5_000, bit);
            numbers[4_990] ^= 1L << bit;
            for (Radix plan : PLANS) {
                requireSorted(plan, new LongElements(Key.I64), Key.I64, numbers);
            }
        }
    }

    /** Into another place, with a third one for room or without: as the parts of a split are sorted. */
    @Property(tries = 1000)
    void theResultComesWhereItIsAskedFor(@ForAll Shape shape, @ForAll @IntRange(max = 5_000) int n, @ForAll long seed,
            @ForAll @IntRange(max = 3) int plan, @ForAll boolean third) {
        try (Arena scope = Arena.ofConfined()) {
            Guarded from = new Guarded(scope, 8L * n, 0);
            Guarded to = new Guarded(scope, 8L * n, 1);
            Guarded room = new Guarded(scope, 8L * n, 2);
            Numbers.store(Key.I64, shape.numbers(n, seed), from.segment);
            Object expected = Numbers.sorted(Key.I64, from.segment);

            long start = from.segment.address();
            PLANS[plan].sort(new LongElements(Key.I64), start, start + 8L * n, to.segment.address(),
                    third ? room.segment.address() : start, scope.allocate(Scratch.COUNTERS_BYTES, 8).address());

            assertThat(Numbers.areSorted(Key.I64, to.segment, expected)).isTrue();
            from.requireIntact();
            to.requireIntact();
            room.requireIntact();
        }
    }

    @Test
    void theVendorIsReadFromTheKernelsDescription() {
        assertThat(Processor.isAmd("processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 26\n")).isTrue();
        assertThat(Processor.isAmd("processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: AuthenticAMD\n")).isFalse();
        assertThat(Processor.isAmd("processor\t: 0\nBogoMIPS\t: 50.00\n")).isFalse();
        assertThat(Processor.isAmd("")).isFalse();
    }

    private static void requireSorted(Radix plan, Elements elements, Key key, long[] numbers) {
        try (Arena scope = Arena.ofConfined()) {
            Guarded data = new Guarded(scope, numbers.length * elements.bytes, 0);
            Guarded temporary = new Guarded(scope, numbers.length * elements.bytes, 3);
            MemorySegment counters = scope.allocate(Scratch.COUNTERS_BYTES, Long.BYTES);
            Numbers.store(key, numbers, data.segment);
            Object expected = Numbers.sorted(key, data.segment);

            long start = data.segment.address();
            plan.sort(elements, start, start + data.segment.byteSize(), start, temporary.segment.address(), counters.address());

            assertThat(Numbers.areSorted(key, data.segment, expected)).isTrue();
            data.requireIntact();
            temporary.requireIntact();
        }
    }
}
