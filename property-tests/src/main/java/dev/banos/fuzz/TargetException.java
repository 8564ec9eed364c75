package dev.banos.fuzz;

import dev.banos.fuzz.text.Quoted;

/** Thrown when a target cannot be opened. The message is one line that names it, the cause and, if there is one, the remedy. */
public final class TargetException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TargetException(String message) {
        super(Quoted.line(message));
    }

    TargetException(String message, Throwable cause) {
        super(Quoted.line(message), cause);
    }
}
