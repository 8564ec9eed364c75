package dev.banos.mem;

import org.jspecify.annotations.Nullable;

/** What comes out of several steps each of which is to be done, whatever the others throw: the first, with the others suppressed. */
final class Thrown {
    private Thrown() {
    }

    static Throwable joined(@Nullable Throwable before, Throwable next) {
        if (before == null) {
            return next;
        }
        try {
            if (next != before) {
                before.addSuppressed(next);
            }
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            // the first says enough
        }
        return before;
    }

    /** @param thrown a {@link RuntimeException} or an {@link Error}; null: nothing was */
    static void rethrow(@Nullable Throwable thrown) {
        if (thrown instanceof RuntimeException unchecked) {
            throw unchecked;
        }
        if (thrown instanceof Error error) {
            throw error;
        }
    }
}
