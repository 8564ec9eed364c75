package dev.banos.mem.slots;

import org.jspecify.annotations.Nullable;

/** How many runs there are of each size class, and slots in use in them. */
public final class SlotCounts {
    private final long[] runs = new long[SizeClasses.COUNT];
    private final long[] live;
    private long racedFrees;

    /** None. */
    public SlotCounts() {
        this(new long[SizeClasses.COUNT]);
    }

    private SlotCounts(long[] live) {
        this.live = live;
    }

    /** Any thread: what is in these runs, as far as the caller can know. Entries may be null. */
    public static SlotCounts of(@Nullable Run[] runs) {
        SlotCounts counts = new SlotCounts();
        for (Run run : runs) {
            if (run != null) {
                counts.add(run);
            }
        }
        return counts;
    }

    private void add(Run run) {
        runs[run.bin.sizeClass]++;
        for (int w = 0; w < run.words(); w++) {
            live[run.bin.sizeClass] += Long.bitCount(run.liveWord(w));
        }
    }

    /** {@return this, to which {@code other} is added} */
    public SlotCounts plus(SlotCounts other) {
        for (int i = 0; i < SizeClasses.COUNT; i++) {
            runs[i] += other.runs[i];
            live[i] += other.live[i];
        }
        return plusRacedFrees(other.racedFrees);
    }

    SlotCounts plusRacedFrees(long count) {
        racedFrees += count;
        return this;
    }

    /** The same runs, of whose slots by size class so many are live. */
    public SlotCounts withLive(long[] slots) {
        SlotCounts counts = new SlotCounts(slots.clone());
        System.arraycopy(runs, 0, counts.runs, 0, runs.length);
        return counts.plusRacedFrees(racedFrees);
    }

    public long runs(int sizeClass) {
        return runs[sizeClass];
    }

    public long slots(int sizeClass) {
        return runs[sizeClass] * SizeClasses.slots(sizeClass);
    }

    public long live(int sizeClass) {
        return live[sizeClass];
    }

    public long spanBytes(int sizeClass) {
        return runs[sizeClass] * SizeClasses.spans(sizeClass) * SizeClasses.SPAN_BYTES;
    }

    /** Slots that two threads freed at the same instant. */
    public long racedFrees() {
        return racedFrees;
    }
}
