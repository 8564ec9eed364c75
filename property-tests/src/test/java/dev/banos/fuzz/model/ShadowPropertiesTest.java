package dev.banos.fuzz.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.fuzz.program.Random64;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** The shadow's bits against a list of intervals, the slow way to know what overlaps. */
class ShadowPropertiesTest {
    private static final long BASE = 0x7f12_3456_0000L;

    private record Interval(long start, long bytes) {
        boolean overlaps(Interval other) {
            return start < other.start + rounded(other.bytes) && other.start < start + rounded(bytes);
        }

        /** Blocks begin at multiples of 8, so the rest of the last 8 bytes can belong to no other. */
        private static long rounded(long bytes) {
            return Math.max(bytes, 1) + 7 & -8;
        }
    }

    @Property(tries = 200)
    void overlapIsSeenExactlyWhereIntervalsOverlap(@ForAll long seed) {
        Random64 random = new Random64(seed);
        Shadow shadow = new Shadow();
        List<Interval> live = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            if (!live.isEmpty() && random.oneIn(3)) {
                Interval ended = live.remove(random.below(live.size()));
                shadow.release(ended.start, ended.bytes);
                continue;
            }
            long bytes = random.oneIn(8) ? random.below(300_000) : random.below(600);
            Interval candidate = new Interval(BASE + 8L * random.below(60_000), bytes);
            if (live.stream().noneMatch(candidate::overlaps)) {
                assertThat(shadow.claim(candidate.start, candidate.bytes)).isTrue();
                live.add(candidate);
            } else {
                assertThat(copyOf(live).claim(candidate.start, candidate.bytes)).isFalse();
            }
        }
    }

    /** After a refused claim nothing is promised of the marks, so it is tried on a shadow of its own. */
    private static Shadow copyOf(List<Interval> live) {
        Shadow copy = new Shadow();
        live.forEach(interval -> copy.claim(interval.start, interval.bytes));
        return copy;
    }

    @Property(tries = 20)
    void aClearedShadowIsEmpty(@ForAll long seed) {
        Random64 random = new Random64(seed);
        Shadow shadow = new Shadow();
        for (int round = 0; round < 20; round++) {
            for (int i = 0; i < 500; i++) {
                assertThat(shadow.claim(BASE + ((long) i << 16), random.below(1 << 15))).isTrue();
            }
            shadow.clear();
        }
    }
}
