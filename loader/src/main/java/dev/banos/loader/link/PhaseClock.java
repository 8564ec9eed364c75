package dev.banos.loader.link;

/** How long each phase of a load took: started with the first, and told when each ends. */
public final class PhaseClock {
    /** In the order in which they pass. */
    public enum Phase {
        READ, PARSE, CHECK, PLACE, RESOLVE, RELOCATE, SEAL, START
    }

    private final long[] nanos = new long[Phase.values().length];
    private long last = System.nanoTime();

    /** What went by since the phase before, or since the start, was this one; where a load has many files, it adds up. Returns nanoseconds. */
    public long ends(Phase phase) {
        long now = System.nanoTime();
        long took = now - last;
        nanos[phase.ordinal()] += took;
        last = now;
        return took;
    }

    /** Nobody's time: waiting, or the work of another load. */
    public void skip() {
        last = System.nanoTime();
    }

    public long nanos(Phase phase) {
        return nanos[phase.ordinal()];
    }
}
