package dev.banos.samples.replay;

import java.util.Arrays;

/**
 * The wall time of some rounds after warming up.
 *
 * @param rounds  how many were measured
 * @param median  nanoseconds of one round, without the frees of what the program left behind; so are the others
 */
record Timing(int rounds, long median, long fastest, long slowest) {
    private static final int WARM_UP_ROUNDS = 5;
    private static final int ROUNDS = 11;
    /** Small traces get more rounds: enough for the compiler to be done, and for a median that means something. */
    private static final long LEAST_NANOS = 1_000_000_000L;
    /** Of a few calls, a second would be tens of millions. */
    private static final int MOST_ROUNDS = 1 << 20;

    static Timing measure(Replayer replayer, int operations) {
        rounds(replayer, operations, WARM_UP_ROUNDS);
        long[] times = rounds(replayer, operations, ROUNDS);
        Arrays.sort(times);
        return new Timing(times.length, times[times.length / 2], times[0], times[times.length - 1]);
    }

    private static long[] rounds(Replayer replayer, int operations, int atLeast) {
        long[] times = new long[atLeast];
        int count = 0;
        long begun = System.nanoTime();
        while (count < atLeast || count < MOST_ROUNDS && System.nanoTime() - begun < LEAST_NANOS) {
            if (count == times.length) {
                times = Arrays.copyOf(times, 2 * count);
            }
            long start = System.nanoTime();
            replayer.run(0, operations);
            times[count++] = System.nanoTime() - start;
            replayer.freeRest();
        }
        return Arrays.copyOf(times, count);
    }
}
