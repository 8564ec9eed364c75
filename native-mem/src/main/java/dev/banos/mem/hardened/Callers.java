package dev.banos.mem.hardened;

import dev.banos.mem.text.CallerFrames;

/** The frames of a stack that say who called the allocator. */
final class Callers {
    private static final int MOST = 4;

    private Callers() {
    }

    /** The first frames from the caller on, innermost first, on one line. */
    static String outsideTheAllocator(Throwable stack) {
        StackTraceElement[] frames = stack.getStackTrace();
        int first = CallerFrames.firstOutside(frames);
        StringBuilder callers = new StringBuilder();
        for (int i = first; i < Math.min(frames.length, first + MOST); i++) {
            StackTraceElement frame = frames[i];
            callers.append(i == first ? "" : " < ").append(frame.getClassName()).append('.').append(frame.getMethodName()).append(':')
                    .append(frame.getLineNumber());
        }
        return callers.toString();
    }
}
