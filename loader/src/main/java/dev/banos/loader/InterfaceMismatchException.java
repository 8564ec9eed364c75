package dev.banos.loader;

import java.util.List;

/**
 * Thrown when an interface does not fit what it was to be bound to. The message has a line for each difference, in words:
 * {@code add: parameter 2: C unsigned long, Java int; use long}.
 */
public final class InterfaceMismatchException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final transient List<String> differences;

    InterfaceMismatchException(Class<?> type, String target, List<String> differences) {
        super("type=" + type.getName() + " does not fit " + target + ":\n  " + String.join("\n  ", differences));
        this.differences = List.copyOf(differences);
    }

    /** {@return all differences, in the order of the methods' names} */
    public List<String> differences() {
        return differences;
    }
}
