package dev.banos.fuzz.generation;

import java.util.Arrays;

/**
 * The slots of a program that is being made: which hold a block, how large it is, and roughly in which order they got it. The
 * newest takes the place of a block that goes.
 */
final class LiveSlots {
    private static final int SLOTS = 1024;

    private final long[] sizes = new long[SLOTS];
    private final int[] live = new int[SLOTS];
    private final int[] placeInLive = new int[SLOTS];
    private final int[] empty = new int[SLOTS];
    private int liveCount;
    private int emptyCount;
    private long bytes;

    void clear() {
        liveCount = 0;
        bytes = 0;
        emptyCount = SLOTS;
        Arrays.setAll(empty, i -> SLOTS - 1 - i);
    }

    int count() {
        return liveCount;
    }

    /** All blocks' together. */
    long bytes() {
        return bytes;
    }

    boolean isFull() {
        return emptyCount == 0;
    }

    /** The slot that the next block will have. */
    int next() {
        return empty[emptyCount - 1];
    }

    /** @param place from 0, the oldest, to {@link #count} - 1 */
    int at(int place) {
        return live[place];
    }

    int placeOf(int slot) {
        return placeInLive[slot];
    }

    long size(int slot) {
        return sizes[slot];
    }

    /** Puts a block into the slot {@link #next}. */
    void add(long size) {
        int slot = empty[--emptyCount];
        sizes[slot] = size;
        bytes += size;
        placeInLive[slot] = liveCount;
        live[liveCount++] = slot;
    }

    void resize(int slot, long size) {
        bytes += size - sizes[slot];
        sizes[slot] = size;
    }

    void remove(int slot) {
        bytes -= sizes[slot];
        int place = placeInLive[slot];
        int last = live[--liveCount];
        live[place] = last;
        placeInLive[last] = place;
        empty[emptyCount++] = slot;
    }

    void removeAll() {
        while (liveCount > 0) {
            remove(live[liveCount - 1]);
        }
    }
}
