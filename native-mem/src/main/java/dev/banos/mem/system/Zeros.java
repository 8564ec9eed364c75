package dev.banos.mem.system;

import dev.banos.bindings.SystemCalls;

/**
 * Fills memory with zeros, by C's memset: the JVM's own fill moves 8 bytes at a time, and its copy of zeros takes as long as
 * memset only for some kibibytes; a critical call costs 3 ns (README).
 */
public final class Zeros {
    /** One call takes two microseconds at most, so that the garbage collector need not wait for longer. */
    private static final long MOST_BYTES = 64 * 1024;

    private Zeros() {
    }

    /** @param bytes at most 64 KiB */
    public static void writeFew(long address, long bytes) {
        SystemCalls.memset(address, 0, bytes);
    }

    public static void write(long address, long bytes) {
        if (bytes <= MOST_BYTES) {
            writeFew(address, bytes);
        } else {
            writeMany(address, bytes);
        }
    }

    private static void writeMany(long address, long bytes) {
        for (long done = 0; done < bytes; done += MOST_BYTES) {
            SystemCalls.memset(address + done, 0, Math.min(MOST_BYTES, bytes - done));
        }
    }
}
