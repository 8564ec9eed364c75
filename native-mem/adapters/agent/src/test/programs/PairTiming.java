import java.util.Arrays;

/**
 * Times one allocation, a write, and its free: as the agent makes it, and as it is without, in turns in the same run. Give the
 * agent {@code exclude=PairTiming$Plain}.
 */
final class PairTiming {
    private static final int ROUNDS = 41;
    private static final int WARM_UP_ROUNDS = 40;
    private static final long ROUND_NANOS = 4_000_000;
    private static final int PAIRS = 200;

    private interface Work {
        void pairs(int count, long bytes);
    }

    private static final class Plain implements Work {
        @Override
        public void pairs(int count, long bytes) {
            for (int i = 0; i < count; i++) {
                long block = Memory.UNSAFE.allocateMemory(bytes);
                Memory.UNSAFE.putLong(block, i);
                Memory.UNSAFE.freeMemory(block);
            }
        }
    }

    private static final class Moved implements Work {
        @Override
        public void pairs(int count, long bytes) {
            for (int i = 0; i < count; i++) {
                long block = Memory.UNSAFE.allocateMemory(bytes);
                Memory.UNSAFE.putLong(block, i);
                Memory.UNSAFE.freeMemory(block);
            }
        }
    }

    public static void main(String[] args) {
        Work plain = new Plain();
        Work moved = new Moved();
        System.out.printf("%10s %12s %12s %8s%n", "bytes", "Unsafe, ns", "moved, ns", "ratio");
        for (long bytes : new long[] {64, 1_000, 40_000, 100_000, 1 << 20, 4 << 20}) {
            double[] plainTimes = new double[ROUNDS];
            double[] movedTimes = new double[ROUNDS];
            for (int round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
                int at = Math.max(0, round);
                plainTimes[at] = nanos(plain, bytes);
                movedTimes[at] = nanos(moved, bytes);
            }
            double unsafe = median(plainTimes);
            double ours = median(movedTimes);
            System.out.printf("%,10d %12.1f %12.1f %8.2f%n", bytes, unsafe, ours, ours / unsafe);
        }
    }

    /** As many pairs as fit into a round, so that slow ones do not take minutes, nor quick ones too short to be seen. */
    private static double nanos(Work work, long bytes) {
        long begin = System.nanoTime();
        long pairs = 0;
        long took;
        do {
            work.pairs(PAIRS, bytes);
            pairs += PAIRS;
            took = System.nanoTime() - begin;
        } while (took < ROUND_NANOS);
        return (double) took / pairs;
    }

    private static double median(double[] times) {
        Arrays.sort(times);
        return times[times.length / 2];
    }
}
