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

    @Override
    public String toString() {
        return frames.isEmpty() ? "(no stack)" : frames.getFirst().toString();
    }
}
