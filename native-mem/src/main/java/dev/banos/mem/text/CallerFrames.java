package dev.banos.mem.text;

/** Which frames of a stack lie above who called the allocator, and tell nothing of it. */
public final class CallerFrames {
    private CallerFrames() {
    }

    /**
     * Whether a frame is the allocator's own, or one of {@code java.lang.foreign}: {@code allocate(long)} of a heap or a scope is a
     * default method there.
     *
     * @param className the class whose method the frame is of
     * @return whether to look further for the caller
     */
    public static boolean isInside(String className) {
        return className.startsWith("dev.banos.mem.") || className.startsWith("java.lang.foreign.")
                || className.startsWith("jdk.internal.foreign.");
    }

    /**
     * Where the caller's frames begin.
     *
     * @param frames innermost first
     * @return the index of the first that is not inside, or of the last frame
     */
    public static int firstOutside(StackTraceElement[] frames) {
        int first = 0;
        while (first < frames.length - 1 && isInside(frames[first].getClassName())) {
            first++;
        }
        return first;
    }
}
