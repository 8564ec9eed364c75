package dev.banos.mem.slots;

import dev.banos.lock.SpinLock;
import dev.banos.mem.system.Kernel;
import dev.banos.mem.system.Words;
import java.util.Arrays;

/**
 * The memory of the bitmaps, far from the blocks: no overflow of a block reaches them. Each run has two, its own and the
 * one that other threads set bits in, on different pages: those of the second have no memory before another thread frees.
 *
 * <pre>
 *  chunk, 64 KiB   | local  | local  | ...      1 = slot is free                     as many 64-byte lines as the slots need
 *  chunk, 64 KiB   | remote | remote | ...      1 = free, not yet folded into local  the same, 64 KiB further
 * </pre>
 *
 * <p>Areas are recycled by size and never unmapped, so that a late look into the bitmap of a run that is gone reads
 * memory that exists. A late write must not come: an area waits, with some others, until {@link Hazards} says that nobody is about to
 * write to it.
 */
final class Bitmaps {
    private static final long LINE_BYTES = 64;
    private static final long CHUNK_BYTES = 64 * 1024;
    private static final int MOST_LINES = 8;
    /** Of one size, before it is looked which may be used again: that takes about as long as to make a few runs. */
    private static final int MOST_WAITING = 32;

    private static final SpinLock LOCK = new SpinLock();
    /** Idle local bitmaps by their lines, with room for all of them there are: what gives one back needs no memory of Java. */
    private static final long[][] IDLE = new long[MOST_LINES + 1][0];
    private static final int[] COUNT = new int[MOST_LINES + 1];
    private static final int[] IDLE_COUNT = new int[MOST_LINES + 1];
    /** Those of runs that are gone, which a late free may be about to write to; as the idle ones, and with as much room. */
    private static final long[][] WAITING = new long[MOST_LINES + 1][0];
    private static final int[] WAITING_COUNT = new int[MOST_LINES + 1];
    private static final long[] HELD = new long[Hazards.PLACES];
    private static long next;
    private static long end;

    private Bitmaps() {
    }

    /** Where the remote bitmap to a local one begins. */
    static long remote(long local) {
        return local + CHUNK_BYTES * Byte.SIZE;
    }

    /** @return the address of the first bit of a local bitmap that says that all slots are free, or 0 */
    static long take(int slots) {
        long area = takeArea(lines(slots));
        if (area == 0) {
            return 0;
        }
        long local = Words.bitAt(area);
        clear(local, slots);
        return local;
    }

    /** Of a run that no table has, and which says that it is retired. */
    static void giveBack(long local, int slots) {
        long area = Words.byteOf(local);
        int lines = lines(slots);
        LOCK.lock();
        try {
            WAITING[lines][WAITING_COUNT[lines]++] = area;
        } finally {
            LOCK.unlock();
        }
    }

    /** Lets all go that nobody is about to write to: for tests, to which it matters which bitmaps a run gets. */
    static void endWaiting() {
        LOCK.lock();
        try {
            int holds = Hazards.list(HELD);
            for (int lines = 1; lines <= MOST_LINES; lines++) {
                endWaiting(lines, holds);
            }
        } finally {
            LOCK.unlock();
        }
    }

    /** @param holds how many are in {@link #HELD} */
    private static void endWaiting(int lines, int holds) {
        long[] waiting = WAITING[lines];
        int stay = 0;
        for (int i = 0; i < WAITING_COUNT[lines]; i++) {
            if (isHeld(waiting[i], holds)) {
                waiting[stay++] = waiting[i];
            } else {
                IDLE[lines][IDLE_COUNT[lines]++] = waiting[i];
            }
        }
        WAITING_COUNT[lines] = stay;
    }

    private static boolean isHeld(long area, int holds) {
        for (int i = 0; i < holds; i++) {
            if (HELD[i] == Words.bitAt(area)) {
                return true;
            }
        }
        return false;
    }

    private static long takeArea(int lines) {
        LOCK.lock();
        try {
            if (IDLE_COUNT[lines] == 0 && WAITING_COUNT[lines] >= MOST_WAITING) {
                endWaiting(lines, Hazards.list(HELD));
            }
            if (IDLE_COUNT[lines] > 0) {
                return IDLE[lines][--IDLE_COUNT[lines]];
            }
            if (COUNT[lines] == IDLE[lines].length) {
                int room = Math.max(16, IDLE[lines].length * 2);
                WAITING[lines] = Arrays.copyOf(WAITING[lines], room);
                IDLE[lines] = Arrays.copyOf(IDLE[lines], room);
            }
            long bytes = lines * LINE_BYTES;
            if (next + bytes > end && !mapChunk()) {
                return 0;
            }
            long area = next;
            next += bytes;
            COUNT[lines]++;
            return area;
        } finally {
            LOCK.unlock();
        }
    }

    private static boolean mapChunk() {
        long chunk = Kernel.map(2 * CHUNK_BYTES);
        if (Kernel.failed(chunk)) {
            return false;
        }
        next = chunk;
        end = chunk + CHUNK_BYTES;
        return true;
    }

    private static void clear(long local, int slots) {
        int words = words(slots);
        for (int i = 0; i < words; i++) {
            Words.put(local + i * Long.SIZE, -1L);
            clearRemote(remote(local) + i * Long.SIZE);
        }
        int beyond = words * Long.SIZE - slots;
        Words.put(local + (words - 1) * Long.SIZE, -1L >>> beyond);
    }

    /** Reading gives a page no memory, writing does. */
    private static void clearRemote(long word) {
        if (Words.get(word) != 0) {
            Words.put(word, 0);
        }
    }

    static int words(int slots) {
        return (slots + Long.SIZE - 1) / Long.SIZE;
    }

    private static int lines(int slots) {
        return (int) ((words(slots) * Long.BYTES + LINE_BYTES - 1) / LINE_BYTES);
    }
}
