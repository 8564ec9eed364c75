package dev.banos.fuzz;

import dev.banos.fuzz.text.Quoted;

/** A target that cannot be had; the message is one line that names it, the cause and, where there is one, the remedy. */
public final class TargetException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TargetException(String message) {
        super(Quoted.line(message));
    }

    TargetException(String message, Throwable cause) {
        super(Quoted.line(message), cause);
    }
}
