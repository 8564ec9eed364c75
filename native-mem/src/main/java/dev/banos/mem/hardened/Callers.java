package dev.banos.mem.hardened;

import dev.banos.mem.text.CallerFrames;
import java.util.Arrays;
import java.util.stream.Collectors;

/** The frames of a stack that say who called the allocator. */
final class Callers {
    private static final int MOST = 4;

    private Callers() {
    }

    /** The first frames from the caller on, innermost first, on one line. */
    static String outsideTheAllocator(Throwable stack) {
        StackTraceElement[] frames = stack.getStackTrace();
        int first = CallerFrames.firstOutside(frames);
        return Arrays.stream(frames, first, Math.min(frames.length, first + MOST))
                .map(frame -> frame.getClassName() + "." + frame.getMethodName() + ":" + frame.getLineNumber())
                .collect(Collectors.joining(" < "));
    }
}
