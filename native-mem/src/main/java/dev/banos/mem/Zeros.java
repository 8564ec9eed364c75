package dev.banos.mem;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Fills memory with zeros. Above a few cache lines it copies zeros instead of filling: the JVM's copy moves 64 bytes at a
 * time where its fill moves 8, and 16 KiB take less than half the time (README).
 */
final class Zeros {
    private static final long COPIED_BYTES = 8 * 1024;
    private static final long SMALLEST_COPIED = 512;
    private static final MemorySegment ZEROS = Arena.global().allocate(COPIED_BYTES, 64);

    private Zeros() {
    }

    static void write(MemorySegment segment) {
        long bytes = segment.byteSize();
        if (bytes < SMALLEST_COPIED) {
            segment.fill((byte) 0);
            return;
        }
        for (long done = 0; done < bytes; done += COPIED_BYTES) {
            MemorySegment.copy(ZEROS, 0, segment, done, Math.min(COPIED_BYTES, bytes - done));
        }
    }
}
