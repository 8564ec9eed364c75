package dev.banos.loader.process;

/**
 * Where a thread-local variable lies, the same for every thread.
 *
 * @param owner    what messages call the module that has it
 * @param module   the number by which {@code __tls_get_addr} knows that module
 * @param offset   in the module's block
 * @param distance from the thread pointer, or {@link #NO_DISTANCE} where threads have it at different ones
 */
public record ThreadLocalPlace(String owner, long module, long offset, long distance) {
    /** No variable's: all blocks end at the thread pointer or before it, or begin behind what lies there. */
    public static final long NO_DISTANCE = 0;
    /** Of a weak symbol that is nowhere. */
    public static final ThreadLocalPlace NOWHERE = new ThreadLocalPlace("", 0, 0, 0);
}
