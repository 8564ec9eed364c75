package dev.banos.fuzz.child;

import java.util.concurrent.TimeUnit;

/**
 * How long a child has stayed at one operation, as seen by looking now and then. Where much time passed between two looks, this
 * process was stopped, by ctrl-Z say, and the child with it: that does not count.
 */
final class Standstill {
    static final long LONGEST_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private long state;
    private long looked;
    private long nanos;

    /** @param now in nanoseconds, as are all times here */
    Standstill(long state, long now) {
        this.state = state;
        looked = now;
    }

    /** {@return since when nothing has moved, as of this look} */
    long look(long state, long now) {
        nanos = state == this.state ? nanos + Math.min(now - looked, LONGEST_LOOK_NANOS) : 0;
        this.state = state;
        looked = now;
        return nanos;
    }
}
