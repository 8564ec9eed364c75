package dev.banos.libc.sort;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An adversary that decides how elements compare only when asked, always so that the pivot turns out bad (McIlroy, "A
 * killer adversary for quicksort", 1999). Without the heap it would cost a quarter of n² comparisons.
 */
class KillerSequenceTest {
    private static final int UNDECIDED = Integer.MAX_VALUE;

    private int[] values;
    private int decided;
    private int candidate;
    private long comparisons;

    @ParameterizedTest
    @ValueSource(ints = {1_000, 20_000, 100_000})
    void comparisonsStayOfTheOrderOfNLogN(int n) {
        values = new int[n];
        Arrays.fill(values, UNDECIDED);
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment places = scope.allocateFrom(ValueLayout.JAVA_INT, IntStream.range(0, n).toArray());

            Introsort.sort(places, Integer.BYTES, (left, right) -> compare(Memory.getInt(left), Memory.getInt(right)));

            assertThat(comparisons).isLessThan(6L * n * (Integer.SIZE - Integer.numberOfLeadingZeros(n)));
            int[] inOrder = Arrays.stream(places.toArray(ValueLayout.JAVA_INT)).map(place -> values[place]).toArray();
            assertThat(inOrder).isSorted();
        }
    }

    /** The sequence that the adversary came to, as plain numbers. */
    @ParameterizedTest
    @ValueSource(ints = {1_000, 100_000})
    void theSequenceItselfIsSorted(int n) {
        comparisonsStayOfTheOrderOfNLogN(n);
        try (Arena scope = Arena.ofConfined()) {
            long[] killer = Arrays.stream(values).asLongStream().toArray();
            MemorySegment data = scope.allocateFrom(ValueLayout.JAVA_LONG, killer);
            Introsort.sort(Key.I64, data);
            Arrays.sort(killer);
            assertThat(data.toArray(ValueLayout.JAVA_LONG)).isEqualTo(killer);
        }
    }

    private int compare(int x, int y) {
        comparisons++;
        if (values[x] == UNDECIDED && values[y] == UNDECIDED) {
            values[x == candidate ? x : y] = decided++;
        }
        if (values[x] == UNDECIDED) {
            candidate = x;
        } else if (values[y] == UNDECIDED) {
            candidate = y;
        }
        return Integer.compare(values[x], values[y]);
    }
}
