package dev.banos.samples.replay;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What one round takes from the operating system: resident bytes of the process at four moments. The JVM's own share is in
 * each of them; the rounds that went before have made it steady, up to a few megabytes.
 *
 * @param before     nothing of the trace is allocated
 * @param peak       the largest value seen
 * @param afterFrees everything is freed
 * @param afterTrim  the allocator was told to give back what it holds, if we know how to
 */
record Footprint(long before, long peak, long afterFrees, long afterTrim) {
    /** How many rounds are looked at; the one of median growth counts. An allocator that we cannot trim is fresh only once. */
    private static final int ROUNDS = 5;
    private static final int SAMPLES = 40;

    static Footprint measure(Replayer replayer, int operations, TraceFigures figures, Trim trim) {
        List<Footprint> rounds = new ArrayList<>();
        try (ResidentSize resident = new ResidentSize()) {
            resident.read(); // the first read loads classes
            do {
                rounds.add(round(replayer, operations, figures, trim, resident));
            } while (trim != Trim.NONE && rounds.size() < ROUNDS);
        }
        rounds.sort(Comparator.comparingLong(Footprint::growth));
        return rounds.get(rounds.size() / 2);
    }

    private static Footprint round(Replayer replayer, int operations, TraceFigures figures, Trim trim, ResidentSize resident) {
        System.gc();
        trim.trim();
        long before = resident.read();
        long peak = before;
        int done = 0;
        for (int sample = 1; sample <= SAMPLES; sample++) {
            int next = (int) ((long) operations * sample / SAMPLES);
            if (figures.peakAt() >= done && figures.peakAt() < next) {
                replayer.run(done, figures.peakAt() + 1);
                peak = Math.max(peak, resident.read());
                done = figures.peakAt() + 1;
            }
            replayer.run(done, next);
            peak = Math.max(peak, resident.read());
            done = next;
        }
        replayer.freeRest();
        long afterFrees = resident.read();
        trim.trim();
        return new Footprint(before, peak, afterFrees, resident.read());
    }

    long growth() {
        return peak - before;
    }
}
