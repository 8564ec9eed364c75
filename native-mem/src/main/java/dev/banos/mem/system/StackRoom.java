package dev.banos.mem.system;

/** For work that must not break off for want of stack, once it has begun. */
public final class StackRoom {
    private StackRoom() {
    }

    /**
     * Throws a {@link StackOverflowError} now, where the caller would come to the end of its stack in so many calls within each other. The
     * frames are gone again when this returns: in no recorded stack is any of them.
     */
    public static void require(int calls) {
        if (calls > 0) {
            require(calls - 1);
        }
    }
}
