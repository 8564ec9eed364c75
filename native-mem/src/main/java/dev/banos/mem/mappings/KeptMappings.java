package dev.banos.mem.mappings;

import dev.banos.mem.system.Kernel;
import java.util.Arrays;

/**
 * What a {@link MappingCache} keeps: a stack of mappings for each of the {@link MappingLengths}, by their numbers. For one thread at a
 * time, which holds the cache's lock. Nothing here unmaps, or charges a budget.
 *
 * <pre>
 *   stack     |  |     |    |   |      |    |           one a length
 *                     top  <- malloc and free
 *                     ...
 *                    bottom                             what lay below every malloc for a whole delay goes back
 * </pre>
 *
 * <p>A mapping is its address, with {@link #HUGE} where it asks for huge pages, which it goes on to do as the next block. The other bits
 * below a page's size are the cache's own.
 */
final class KeptMappings {
    /** A bit that no address has. */
    static final long HUGE = 1;
    private static final int INITIAL_DEPTH = 8;
    /** A mapping is old when so many times more have been freed since then than are kept. */
    private static final long PATIENCE = 4;

    private final long[][] stacks;
    /** For each of the {@link #stacks} when it was put there. */
    private final long[][] times;
    private final int[] depths;
    /** The least depth since {@link #takeUnused} found nothing more: what lies below it was not used since then. */
    private final int[] leastDepths;
    /** How many mappings were to be kept until now. */
    private long now;
    private long bytes;

    KeptMappings(long longest) {
        int lengths = MappingLengths.indexOf(longest) + 1;
        this.stacks = new long[lengths][];
        this.times = new long[lengths][];
        this.depths = new int[lengths];
        this.leastDepths = new int[lengths];
    }

    static long kept(long address, boolean huge) {
        return huge ? address | HUGE : address;
    }

    static boolean isHuge(long kept) {
        return (kept & HUGE) != 0;
    }

    static long address(long kept) {
        return kept & -Kernel.PAGE_BYTES;
    }

    /** How many lengths there are: up to the longest that can be kept. */
    int lengths() {
        return depths.length;
    }

    long bytes() {
        return bytes;
    }

    boolean isEmpty(int index) {
        return depths[index] == 0;
    }

    /** Of a stack that is not empty, here and where one is taken. */
    long highest(int index) {
        return stacks[index][depths[index] - 1];
    }

    long takeHighest(int index) {
        int depth = --depths[index];
        leastDepths[index] = Math.min(leastDepths[index], depth);
        bytes -= MappingLengths.of(index);
        return stacks[index][depth];
    }

    long lowest(int index) {
        return stacks[index][0];
    }

    /** What was not used lies at the bottom, and is so many less. */
    void removeLowest(int index, int count) {
        depths[index] -= count;
        System.arraycopy(stacks[index], count, stacks[index], 0, depths[index]);
        System.arraycopy(times[index], count, times[index], 0, depths[index]);
        bytes -= count * MappingLengths.of(index);
        leastDepths[index] = Math.max(0, leastDepths[index] - count);
    }

    /** One more is to be kept, whether there is room for it or not. */
    void tick() {
        now++;
    }

    /** Where there is {@link #hasRoom}. */
    void push(int index, long kept) {
        times[index][depths[index]] = now;
        stacks[index][depths[index]++] = kept;
        bytes += MappingLengths.of(index);
    }

    /** Whether the stack can be made to hold one more: not where Java's heap is full. */
    boolean hasRoom(int index) {
        if (stacks[index] != null && depths[index] < stacks[index].length) {
            return true;
        }
        try {
            int capacity = Math.max(INITIAL_DEPTH, depths[index] * 2);
            long[] longerTimes = times[index] == null ? new long[capacity] : Arrays.copyOf(times[index], capacity);
            stacks[index] = stacks[index] == null ? new long[capacity] : Arrays.copyOf(stacks[index], capacity);
            times[index] = longerTimes;
            return true;
        } catch (OutOfMemoryError javaHeapIsFull) {
            return false; // then the mapping is not kept
        }
    }

    /** Whether those that are old have {@code wanted} bytes. */
    boolean areOld(long wanted) {
        long count = 0;
        for (int depth : depths) {
            count += depth;
        }
        long missing = wanted;
        long lastOld = now - PATIENCE * count - 1;
        for (int i = 0; i < depths.length && missing > 0; i++) {
            for (int depth = 0; depth < depths[i] && times[i][depth] <= lastOld && missing > 0; depth++) {
                missing -= MappingLengths.of(i);
            }
        }
        return missing <= 0;
    }

    /** The stack whose {@link #lowest} was kept for longest; less than 0: nothing is kept, or nothing old. */
    int indexOfOldest() {
        int oldest = -1;
        long count = 0;
        for (int i = 0; i < depths.length; i++) {
            count += depths[i];
            if (depths[i] > 0 && (oldest < 0 || times[i][0] < times[oldest][0])) {
                oldest = i;
            }
        }
        return oldest >= 0 && now - times[oldest][0] > PATIENCE * count ? oldest : -1;
    }

    /** @return how many are in {@code batch} now; 0: there is none, and from now on what is kept counts as unused */
    int takeUnused(int index, long[] batch) {
        int count = Math.min(leastDepths[index], batch.length);
        if (count == 0) {
            leastDepths[index] = depths[index];
            return 0;
        }
        System.arraycopy(stacks[index], 0, batch, 0, count);
        removeLowest(index, count);
        return count;
    }

    /** Whether a mapping that begins at {@code address} is here; a search through all. */
    boolean has(long address) {
        for (int i = 0; i < depths.length; i++) {
            for (int depth = 0; depth < depths[i]; depth++) {
                if (address(stacks[i][depth]) == address) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The invariants; true, or an {@link AssertionError} that says which is broken. */
    boolean isValid() {
        long sum = 0;
        for (int i = 0; i < depths.length; i++) {
            long length = MappingLengths.of(i);
            assert MappingLengths.rounded(length) == length && MappingLengths.indexOf(length) == i : "length " + i;
            assert leastDepths[i] <= depths[i] : "least depth " + leastDepths[i] + " of " + depths[i];
            for (int depth = 1; depth < depths[i]; depth++) {
                assert times[i][depth - 1] < times[i][depth] : "stack " + i + " is not in the order of time at " + depth;
            }
            sum += depths[i] * length;
        }
        assert sum == bytes : "kept " + sum + ", counted " + bytes;
        return true;
    }
}
