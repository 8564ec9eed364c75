package dev.banos.fuzz;

import dev.banos.fuzz.text.Quoted;

/** Thrown when a file is no complete trace or program. The message is one line that names the file and what is wrong with it. */
public final class TraceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TraceException(String message) {
        super(Quoted.line(message));
    }

    TraceException(String message, Throwable cause) {
        super(Quoted.line(message), cause);
    }
}
