package dev.banos.fuzz.threads;

import org.jspecify.annotations.Nullable;

/**
 * What a program's operations do when it is their turn. Whether two may be at work at once is up to who calls.
 *
 * @param <V> what went wrong
 */
public interface Steps<V> {
    /** Performs the operations from {@code from} to {@code to}, up to the first that goes wrong; null if none does. */
    @Nullable V range(int from, int to);

    /** Performs one operation; null if all went well. */
    @Nullable V tryStep(int index);

    /** Takes down what the operations have left; null if all went well. */
    @Nullable V drain();

    /** Runs this, which starts a thread and waits until it is idle. */
    void starting(Runnable start);
}
