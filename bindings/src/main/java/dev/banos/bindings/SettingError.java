package dev.banos.bindings;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when a system property of Banos has a value that is not accepted. The message names both, and says what is accepted. It is
 * an {@link Error} so that a class initialiser throws it as it is.
 */
public final class SettingError extends LinkageError {
    private static final long serialVersionUID = 1L;

    SettingError(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
