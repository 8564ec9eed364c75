package dev.banos.mem.insight;

import dev.banos.mem.text.CallerFrames;
import java.util.Arrays;
import java.util.List;

/** Frames, innermost first; equal when class, method and line of each are. */
record CallStack(List<StackTraceElement> frames) {
    /** Without what lies above the caller. */
    static CallStack outsideTheAllocator(StackTraceElement[] frames) {
        return new CallStack(List.of(Arrays.copyOfRange(frames, CallerFrames.firstOutside(frames), frames.length)));
    }

    @Override
    public String toString() {
        return frames.isEmpty() ? "(no stack)" : frames.getFirst().toString();
    }
}
