package dev.banos.mem.slots;

import dev.banos.mem.event.MemoryEvents;
import dev.banos.mem.insight.LeakRecords;
import dev.banos.mem.insight.LeakTracking;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Decides which of a pool's allocations are looked at closely. Used by whoever uses the pool, and asked only when a bin
 * has no word open: while nobody wants samples no allocation is one instruction slower, and while somebody does no word
 * stays open, so that each allocation is counted.
 *
 * <p>After a random number of bytes, exponential with the interval as its mean, the allocation that reached it is the
 * sample, and stands for one interval: so the weights add up to the bytes of the slots given out, whoever allocates in
 * whatever rhythm. A large slot can hold several samples in one.
 */
public final class Sampler {
    private final LeakRecords leaks;
    private final boolean active;
    /** Not in whole bytes: what cutting them off takes from each interval would add up. */
    private double bytesToNext;
    private long dueWeight;
    /** Stays set until the allocation that it stopped comes for its weight, whatever the level is by then. */
    private boolean stopped;
    /** The sample comes to the pool again, for its slot: it has been counted. */
    private boolean comesAgain;

    /**
     * @param leaks the records of the pool's heap
     * @param active whether the pool's blocks are of interest at all
     */
    public Sampler(LeakRecords leaks, boolean active) {
        this.leaks = leaks;
        this.active = active;
        this.bytesToNext = interval();
    }

    /** Whether no word may be taken in hand, because each allocation is looked at. */
    public boolean takesAll() {
        boolean all = active && leaks.isFull();
        stopped |= all;
        return all;
    }

    /** Whether allocations are to be counted. */
    public boolean isWanted() {
        return active && (!leaks.isOff() || MemoryEvents.wantsAllocations());
    }

    /** Counts a slot that is about to be given out. @return whether this allocation is a sample */
    public boolean takesOne(long bytes) {
        if (comesAgain) {
            comesAgain = false;
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
    public long takeWeight(long size) {
        long weight = stopped ? Math.max(size, 1) : dueWeight;
        dueWeight = 0;
        comesAgain = leaks.isOff(); // otherwise its block is one of TrackedPool
        stopped = false;
        return weight;
    }

    /** The next allocation is one that was counted before. */
    public void expectAgain() {
        comesAgain = true;
    }

    private static double interval() {
        return -Math.log(1 - ThreadLocalRandom.current().nextDouble()) * LeakTracking.intervalBytes();
    }
}
