package dev.banos.mem.insight;

import java.util.Arrays;
import java.util.List;

/** Frames, innermost first; equal when class, method and line of each are. */
record CallStack(List<StackTraceElement> frames) {
    private static final String ALLOCATOR = "dev.banos.mem.";

    /** The allocator's own frames on top tell nothing. */
    static CallStack outsideTheAllocator(StackTraceElement[] frames) {
        int first = 0;
        while (first < frames.length - 1 && frames[first].getClassName().startsWith(ALLOCATOR)) {
            first++;
        }
        return new CallStack(List.of(Arrays.copyOfRange(frames, first, frames.length)));
    }

    /** The method that called the allocator, and its line. */
    static String callerOfTheAllocator() {
        return StackWalker.getInstance().walk(frames -> frames
                .filter(frame -> !frame.getClassName().startsWith(ALLOCATOR))
                .findFirst()
                .map(frame -> frame.getClassName() + "." + frame.getMethodName() + ":" + frame.getLineNumber())
                .orElse("(native)"));
    }

    @Override
    public String toString() {
        return frames.isEmpty() ? "(no stack)" : frames.getFirst().toString();
    }
}
