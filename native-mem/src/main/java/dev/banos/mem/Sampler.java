package dev.banos.mem;

import dev.banos.mem.insight.LeakTracking;
import dev.banos.mem.insight.MemoryEvents;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Decides which of a pool's allocations are looked at closely. Used by whoever uses the pool, and asked only when a bin
 * takes a new word in hand, which happens once in up to 64 allocations: the others are not one instruction slower.
 *
 * <p>Bytes are counted by the word. After a random number of them, exponential with the interval as its mean, the
 * allocation that needed the word is the sample, and stands for one interval: so the weights add up to the bytes
 * that words brought, whoever allocates in whatever rhythm. A word of many bytes can hold several samples in one. A slot
 * that is freed and given out again while its word is in hand is not counted again.
 */
final class Sampler {
    private final boolean active;
    private long bytesToNext;
    private long dueWeight;
    /** Stays set until the allocation that it stopped comes for its weight, whatever the level is by then. */
    private boolean stopped;

    /** @param active whether the pool's blocks are of interest at all */
    Sampler(boolean active) {
        this.active = active;
        this.bytesToNext = interval();
    }

    /** Whether no word may be taken in hand, because each allocation is looked at. */
    boolean takesAll() {
        boolean all = active && LeakTracking.isFull();
        stopped |= all;
        return all;
    }

    /** Counts a word that was just taken in hand. @return whether the allocation that it was taken for is a sample */
    boolean takesOne(long bytes) {
        if (!active || (LeakTracking.isOff() && !MemoryEvents.wantsAllocations())) {
            return false;
        }
        bytesToNext -= bytes;
        while (bytesToNext < 0) {
            bytesToNext += interval();
            dueWeight += LeakTracking.intervalBytes();
        }
        return dueWeight > 0;
    }

    boolean isDue() {
        return dueWeight > 0 || stopped;
    }

    /** What the sample that is due stands for, at least 1; then it is due no more. */
    long takeWeight(long size) {
        long weight = stopped ? Math.max(size, 1) : dueWeight;
        dueWeight = 0;
        stopped = false;
        return weight;
    }

    private static long interval() {
        return (long) (-Math.log(1 - ThreadLocalRandom.current().nextDouble()) * LeakTracking.intervalBytes());
    }
}
