package dev.banos.fuzz.generation;

import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.ProgramText;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The shortest programs in which two threads meet in the allocator. */
public final class Kernels {
    private static final int SIZES = 4;

    private Kernels() {
    }

    /**
     * Of the sizes that this program asks for most: often one of them loses a race, too, and then nothing needs to be taken
     * away.
     */
    public static List<Operations> of(Operations program) {
        Map<Integer, Map<Long, Long>> bySizeClass = IntStream.range(0, program.length())
                .filter(i -> program.kind(i) < Operations.FREE && Long.compareUnsigned(program.size(i), Sizes.HUGE_TO) <= 0).boxed()
                .collect(Collectors.groupingBy(i -> Long.SIZE - Long.numberOfLeadingZeros(program.size(i)),
                        Collectors.groupingBy(program::size, Collectors.counting())));
        return bySizeClass.values().stream()
                .sorted((one, other) -> Long.compare(sum(other), sum(one))).limit(SIZES)
                .map(sizes -> sizes.entrySet().stream().max(Map.Entry.<Long, Long>comparingByValue()
                        .thenComparing(Map.Entry.comparingByKey())).orElseThrow().getKey())
                .flatMap(Kernels::ofSize).map(ProgramText::parse).toList();
    }

    private static long sum(Map<Long, Long> counts) {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    private static Stream<String> ofSize(long size) {
        return Stream.of("""
                b0 = malloc(%1$d)
                thread 1: free(b0)
                b1 = malloc(%1$d)
                free(b1)
                """, """
                b0 = malloc(%1$d)
                thread 1: free(b0)
                thread 1: b1 = malloc(%1$d)
                free(b1)
                """, """
                b0 = malloc(%1$d)
                free(b0)
                thread 1: b1 = malloc(%1$d)
                thread 1: free(b1)
                """, """
                b0 = malloc(%1$d)
                b0 = realloc(b0, %2$d)
                free(b0)
                thread 1: b1 = malloc(%1$d)
                thread 1: b1 = realloc(b1, %2$d)
                thread 1: free(b1)
                """).map(text -> text.formatted(size, 2 * size + 1));
    }
}
