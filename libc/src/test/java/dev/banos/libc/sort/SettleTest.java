package dev.banos.libc.sort;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Insertion gives up after the steps that it was granted: what is far from sorted would otherwise cost their square. */
class SettleTest {
    private static final int COUNT = 1_000;

    private record Kind(Elements elements, Key key) {
    }

    private static List<Kind> kinds() {
        return List.of(new Kind(new LongElements(Key.I64), Key.I64), new Kind(new LongElements(Key.U64), Key.U64),
                new Kind(new IntElements(Key.I32), Key.I32), new Kind(new IntElements(Key.U32), Key.U32),
                new Kind(new ShortElements(Key.I16), Key.I16), new Kind(new ShortElements(Key.U16), Key.U16),
                new Kind(new RecordElements(8, Key.I64, 0), Key.I64));
    }

    private static boolean settle(Kind kind, long steps, boolean sortedAfterwards) {
        try (Arena scope = Arena.ofConfined()) {
            Guarded data = new Guarded(scope, COUNT * kind.elements.bytes, 1);
            Guarded hold = new Guarded(scope, kind.elements.bytes, 1);
            long[] descending = new long[COUNT];
            for (int i = 0; i < COUNT; i++) {
                descending[i] = COUNT - i;
            }
            Numbers.store(kind.key, descending, data.segment);
            Object sorted = Numbers.sorted(kind.key, data.segment);

            boolean settled = kind.elements.settle(data.segment.address(), COUNT, hold.segment.address(), steps);

            assertThat(Numbers.sorted(kind.key, data.segment)).as("%s: no number is lost", kind).isEqualTo(sorted);
            assertThat(Numbers.areSorted(kind.key, data.segment, sorted)).as("%s", kind).isEqualTo(sortedAfterwards);
            data.requireIntact();
            hold.requireIntact();
            return settled;
        }
    }

    @Test
    void itStopsWhereItWouldTakeMoreSteps() {
        for (Kind kind : kinds()) {
            assertThat(settle(kind, COUNT, false)).as("%s", kind).isFalse();
        }
    }

    @Test
    void itSortsWhereTheStepsReach() {
        for (Kind kind : kinds()) {
            assertThat(settle(kind, (long) COUNT * COUNT, true)).as("%s", kind).isTrue();
        }
    }
}
