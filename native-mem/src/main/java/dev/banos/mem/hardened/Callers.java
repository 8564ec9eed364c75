package dev.banos.mem.hardened;

import java.util.Arrays;
import java.util.stream.Collectors;

/** The frames of a stack that say who called the allocator. */
final class Callers {
    private static final String ALLOCATOR = "dev.banos.mem.";
    private static final int MOST = 4;

    private Callers() {
    }

    /** The first frames that are not the allocator's own, innermost first, on one line. */
    static String outsideTheAllocator(Throwable stack) {
        StackTraceElement[] frames = stack.getStackTrace();
        int first = 0;
        while (first < frames.length - 1 && frames[first].getClassName().startsWith(ALLOCATOR)) {
            first++;
        }
        return Arrays.stream(frames, first, Math.min(frames.length, first + MOST))
                .map(frame -> frame.getClassName() + "." + frame.getMethodName() + ":" + frame.getLineNumber())
                .collect(Collectors.joining(" < "));
    }
}
