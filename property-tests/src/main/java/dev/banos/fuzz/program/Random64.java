package dev.banos.fuzz.program;

/** SplitMix64: a seed gives the same numbers on every JVM and for ever, which findings depend on. */
public final class Random64 {
    private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;

    private long state;

    public Random64(long seed) {
        state = seed;
    }

    public long next() {
        state += GOLDEN;
        return mix(state);
    }

    /** From 0 to {@code bound - 1}; the tiny bias of the multiplication does not matter here. */
    public int below(int bound) {
        return (int) ((next() >>> 32) * bound >>> 32);
    }

    /** From {@code low} to {@code high}, both included. */
    public long between(long low, long high) {
        return low + Long.remainderUnsigned(next() >>> 1, high - low + 1);
    }

    public boolean oneIn(int n) {
        return below(n) == 0;
    }

    public static long mix(long value) {
        long z = (value ^ value >>> 30) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ z >>> 27) * 0x94D0_49BB_1331_11EBL;
        return z ^ z >>> 31;
    }
}
