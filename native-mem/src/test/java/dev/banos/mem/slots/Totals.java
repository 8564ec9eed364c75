package dev.banos.mem.slots;

import java.util.stream.IntStream;

/** Counts of all size classes together. */
final class Totals {
    private Totals() {
    }

    static long spanBytes(SlotCounts counts) {
        return IntStream.range(0, SizeClasses.COUNT).mapToLong(counts::spanBytes).sum();
    }

    static long live(SlotCounts counts) {
        return IntStream.range(0, SizeClasses.COUNT).mapToLong(counts::live).sum();
    }
}
