package dev.banos.mem.event;

import org.jspecify.annotations.Nullable;

/**
 * Room for what the JVM makes once. Where the first use of a class or of a lambda throws, because Java's heap is full or the stack at its
 * end, the JVM remembers that, and each later use is an error. So who is about to come to such first uses asks for room beforehand: to
 * throw here loses nothing.
 */
public final class Room {
    private static final int PIECE_BYTES = 64 * 1024;
    /** Some 50 KiB of stack, as these calls are interpreted. */
    private static final int CALLS = 256;

    /** Written and never read: else the compiler could leave out what it is asked for. */
    private static volatile byte @Nullable [][] taken;

    private Room() {
    }

    /**
     * Takes so much of Java's heap and of the stack, and gives it back.
     *
     * @param bytes of Java's heap
     * @throws OutOfMemoryError where Java's heap has not so much
     * @throws StackOverflowError where the stack is nearly at its end
     */
    public static void require(int bytes) {
        taken = new byte[bytes / PIECE_BYTES][PIECE_BYTES];
        taken = null;
        long ignored = descend(CALLS, 1, 2, 3, 4, 5, 6);
    }

    /**
     * Initialises classes that a later call may be the first to use.
     *
     * @param types the caller's, also those of its package alone
     */
    public static void initialise(Class<?>... types) {
        for (Class<?> type : types) {
            try {
                Class<?> ignored = Class.forName(type.getName(), true, type.getClassLoader());
            } catch (ClassNotFoundException impossible) {
                throw new AssertionError(impossible);
            }
        }
    }

    private static long descend(int calls, long a, long b, long c, long d, long e, long f) {
        return calls == 0 ? a + b + c + d + e + f : descend(calls - 1, b, c, d, e, f, a) + calls;
    }
}
