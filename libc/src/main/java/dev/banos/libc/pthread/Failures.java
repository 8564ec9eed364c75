package dev.banos.libc.pthread;

import org.jspecify.annotations.Nullable;

/** Runs what must all run, whatever one of them throws; the first failure is reported in the end, with the others inside. */
final class Failures {
    private @Nullable Throwable first;

    void collect(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException | Error failure) {
            add(failure);
        }
    }

    /** A handler that exits ends itself, not the ones after it: that is no failure. */
    private void add(Throwable failure) {
        if (failure instanceof ThreadExit) {
            return;
        }
        if (first == null) {
            first = failure;
        } else {
            first.addSuppressed(failure);
        }
    }

    void rethrow() {
        if (first instanceof Error error) {
            throw error;
        }
        if (first instanceof RuntimeException exception) {
            throw exception;
        }
    }
}
