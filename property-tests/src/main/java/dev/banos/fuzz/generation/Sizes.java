package dev.banos.fuzz.generation;

import dev.banos.fuzz.program.Bytes;
import dev.banos.fuzz.program.Random64;
import java.util.stream.LongStream;

/**
 * Block sizes that break allocators. A program draws most of its sizes in one style, so that the blocks meet in the same
 * classes, and a few in the others.
 */
public final class Sizes {
    /** Bytes where allocators change their ways: granules, classes, pages, mapping thresholds, arenas. */
    private static final long[] BOUNDARIES = boundaries();
    private static final int[] OFF_BY = {0, 0, 0, 1, -1, 1, -1, 8, -8, 16, -16, 15, -15, 2, -24};

    private static final int TINY = 0;
    private static final int ONE_CLASS = 1;
    private static final int BOUNDARY = 2;
    private static final int SPREAD = 3;
    private static final int LARGE = 4;

    private static final int TINY_LIMIT = 64;
    private static final int SPREAD_LOG2 = 17;
    public static final long LARGE_FROM = 32 << 10;
    private static final long LARGE_TO = 1 << 20;
    public static final long HUGE_TO = 4 << 20;
    private static final long LARGE_BUDGET = 16L << 20;
    static final long SMALLEST_BUDGET = 64L << 10;

    private final Random64 random;
    private final int style;
    private final long ofClass;
    private final long budget;

    Sizes(Random64 random) {
        this.random = random;
        int draw = random.below(100);
        style = draw < 25 ? TINY : draw < 50 ? ONE_CLASS : draw < 83 ? BOUNDARY : draw < 97 ? SPREAD : LARGE;
        budget = style == LARGE ? LARGE_BUDGET : SMALLEST_BUDGET << Math.min(random.below(8), random.below(8));
        ofClass = boundary(random.below(8) == 0 ? BOUNDARIES.length : BOUNDARIES.length / 2);
    }

    /** How many bytes a program of this style may keep live at most. */
    long budget() {
        return budget;
    }

    /** Large blocks cost a page fault each few KiB: programs of them are kept short. */
    boolean areLarge() {
        return style == LARGE;
    }

    long next() {
        int chosen = random.oneIn(8) ? random.below(LARGE) : style;
        return switch (chosen) {
            case TINY -> random.below(TINY_LIMIT);
            case ONE_CLASS -> Math.max(0, ofClass - random.below(8));
            case BOUNDARY -> boundary(random.oneIn(40) ? BOUNDARIES.length : BOUNDARIES.length * 5 / 8);
            case SPREAD -> spread();
            default -> random.between(LARGE_FROM, random.oneIn(4) ? HUGE_TO : LARGE_TO);
        };
    }

    private long boundary(int among) {
        return Math.max(0, BOUNDARIES[random.below(among)] + OFF_BY[random.below(OFF_BY.length)]);
    }

    /** A boundary to cross by realloc: mapping thresholds as often as classes. */
    long crossing() {
        return BOUNDARIES[random.oneIn(4) ? random.below(BOUNDARIES.length) : random.below(BOUNDARIES.length * 7 / 8)];
    }

    /** As likely between 8 and 16 bytes as between 8 and 16 KiB; above that it gets rare, since such blocks cost time. */
    private long spread() {
        int log2 = Math.min(random.below(SPREAD_LOG2 + 1), random.below(SPREAD_LOG2 + 6));
        return random.between(1L << log2, 2L << log2);
    }

    /** A size that no process can have, or so near to 2^64 that adding a header to it wraps round. */
    long impossible() {
        return switch (random.below(6)) {
            case 0 -> Long.MAX_VALUE - random.below(64);
            case 1 -> Long.MIN_VALUE + random.below(64);
            case 2 -> -1L - random.below(4200);
            case 3 -> -(1L << random.below(24));
            case 4 -> 1L << 48 + random.below(15);
            default -> -1L - random.below(32);
        };
    }

    /** What a realloc asks for, given the block's present size. */
    long resized(long size) {
        return switch (random.below(10)) {
            case 0 -> size + 1;
            case 1 -> Math.max(1, size - 1);
            case 2 -> size * 2;
            case 3 -> size / 2;
            case 4 -> size + 16L * (1 + random.below(4));
            case 5 -> Math.max(1, size - 16L * (1 + random.below(4)));
            case 6 -> size + size / 8 + 1;
            case 7 -> size + Bytes.PAGE;
            default -> next();
        };
    }

    /** In ascending order: the first half is cheap to write and read, and drawn most. */
    private static long[] boundaries() {
        LongStream granules = LongStream.rangeClosed(0, 16).map(i -> 16 * i);
        LongStream classes = LongStream.rangeClosed(8, 14)
                .flatMap(log2 -> LongStream.of(4, 5, 6, 7).map(quarter -> quarter << log2 - 2));
        LongStream mappings = LongStream.of(12 << 10, 20 << 10, 64 << 10, 64 << 10, 68 << 10, 128 << 10, 256 << 10,
                512 << 10, (1 << 20) - 4096, 1 << 20, 2 << 20);
        return LongStream.concat(granules, LongStream.concat(classes, mappings)).sorted().toArray();
    }
}
