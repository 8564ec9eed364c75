package dev.banos.libc.pthread;

import java.lang.reflect.UndeclaredThrowableException;
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

    /** What failed while an exit went up: a scoped handler, or whatever else was closed on the way. */
    void addSuppressedOf(ThreadExit exit) {
        for (Throwable suppressed : exit.getSuppressed()) {
            add(suppressed);
        }
    }

    void suppressIn(ThreadExit exit) {
        if (first != null) {
            exit.addSuppressed(first);
        }
    }

    /** A handler that exits ends itself, not the ones after it: that is no failure. */
    void add(Throwable failure) {
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
        if (first != null) {
            throw new UndeclaredThrowableException(first);
        }
    }
}
