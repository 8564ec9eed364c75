package dev.banos.fuzz.shrinking;

import dev.banos.fuzz.program.Operations;
import org.jspecify.annotations.Nullable;

/**
 * Runs candidates, and judges what they do.
 *
 * @param <V> what went wrong in a run
 */
public interface Trial<V> {
    /** Null if all went well. */
    @Nullable V run(Operations candidate);

    /** The operation in which it was seen. */
    int operation(V seen);

    /** Whether a candidate that does this may take the place of a program that does that. */
    boolean isAsGood(V seen, V before);

    /** What a run cost that came to this, in runs of the plainest kind. */
    int cost(@Nullable V seen);

    /** Whether each run takes a second, or a new process. */
    boolean isSlow(V seen);
}
