package dev.banos.bindings;

import org.jspecify.annotations.Nullable;

/**
 * A system property of Banos has a value that cannot be right; the message names both, and says what is accepted. Being an
 * {@link Error}, it comes out of a class initialiser as it is.
 */
public final class SettingError extends LinkageError {
    private static final long serialVersionUID = 1L;

    SettingError(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
