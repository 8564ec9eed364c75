package dev.banos.loader.link;

import org.jspecify.annotations.Nullable;

/** How long each phase of a load took: started with the first, and told when each ends. */
public final class PhaseClock {
    /** In the order in which they pass. */
    public enum Phase {
        READ, PARSE, CHECK, PLACE, RESOLVE, RELOCATE, SEAL, START
    }

    /** Told when a phase has ended, and how many nanoseconds of it have gone by since the one before. */
    @FunctionalInterface
    public interface Listener {
        void ended(Phase phase, long nanos);
    }

    private @Nullable Listener listener;
    private final long[] nanos = new long[Phase.values().length];
    private long last = System.nanoTime();

    /** What went by since the phase before, or since the start, was this one; where a load has many files, it adds up. Returns nanoseconds. */
    public long ends(Phase phase) {
        long took = endsUntold(phase);
        if (listener != null) {
            listener.ended(phase, took);
            skip();
        }
        return took;
    }

    /** As {@link #ends}; the caller tells the listener when it is safe that the listener throws. */
    public long endsUntold(Phase phase) {
        long now = System.nanoTime();
        long took = now - last;
        nanos[phase.ordinal()] += took;
        last = now;
        return took;
    }

    /** What the listener throws ends the load, as any failure in the phase would. */
    public void tell(Listener told) {
        listener = told;
    }

    /** Nobody's time: waiting, or the work of another load. */
    public void skip() {
        last = System.nanoTime();
    }

    public long nanos(Phase phase) {
        return nanos[phase.ordinal()];
    }
}
