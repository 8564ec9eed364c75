package dev.banos.lock;

/** For work that must not break off for want of stack, once it has begun. */
public final class StackRoom {
    private StackRoom() {
    }

    /**
     * Throws a {@link StackOverflowError} now, where the caller would come to the end of its stack in so many calls within each other. The
     * frames are gone again when this returns: in no recorded stack is any of them.
     */
    public static void require(int calls) {
        long ignored = descend(calls, 1, 2, 3, 4, 5, 6);
    }

    /** Whether {@link #require} would not throw. */
    public static boolean isThere(int calls) {
        try {
            require(calls);
            return true;
        } catch (StackOverflowError tooLittleLeft) {
            return false;
        }
    }

    /** Needs its numbers after the call: so it has a frame for them when it is compiled, too, and those it stands for may be interpreted. */
    private static long descend(int calls, long a, long b, long c, long d, long e, long f) {
        return calls <= 0 ? a : descend(calls - 1, b, c, d, e, f, a ^ calls) + a * b + c * d + e * f;
    }
}
