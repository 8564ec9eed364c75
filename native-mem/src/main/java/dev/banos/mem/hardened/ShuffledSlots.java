package dev.banos.mem.hardened;

import dev.banos.mem.slots.RunTable;
import dev.banos.mem.slots.SizeClasses;
import dev.banos.mem.slots.SlotPool;
import java.util.SplittableRandom;

/**
 * Takes slots of a pool ahead and gives them out in random order: for each size class a few are in hand, one of which is drawn
 * and replaced. For one thread at a time.
 */
public final class ShuffledSlots {
    private static final int MOST = 32;
    private static final int LEAST = 4;

    private final SlotPool pool;
    private final SplittableRandom random;
    private final long[][] inHand = new long[SizeClasses.COUNT][];
    private final int[] counts = new int[SizeClasses.COUNT];

    public ShuffledSlots(SlotPool pool, SplittableRandom random) {
        this.pool = pool;
        this.random = random;
    }

    /** @param size less than {@link SizeClasses#DIRECT_BYTES}; @return a slot's address, or 0 */
    public long take(long size) {
        int sizeClass = SizeClasses.indexOf(Math.max(size, 1));
        fill(sizeClass);
        if (counts[sizeClass] == 0) {
            return 0;
        }
        long[] slots = inHand[sizeClass];
        int drawn = random.nextInt(counts[sizeClass]);
        long address = slots[drawn];
        slots[drawn] = slots[--counts[sizeClass]];
        return address;
    }

    private void fill(int sizeClass) {
        if (inHand[sizeClass] == null) {
            int capacity = Math.clamp(SizeClasses.SPAN_BYTES / SizeClasses.slotBytes(sizeClass), LEAST, MOST);
            inHand[sizeClass] = new long[capacity];
        }
        long[] slots = inHand[sizeClass];
        while (counts[sizeClass] < slots.length) {
            long address = pool.allocate(Math.min(SizeClasses.slotBytes(sizeClass), SizeClasses.DIRECT_BYTES - 1));
            if (address == 0) {
                return;
            }
            slots[counts[sizeClass]++] = address;
        }
    }

    /** Gives all that is in hand back to the pool. */
    public void drain() {
        for (int sizeClass = 0; sizeClass < SizeClasses.COUNT; sizeClass++) {
            for (; counts[sizeClass] > 0; counts[sizeClass]--) {
                long address = inHand[sizeClass][counts[sizeClass] - 1];
                RunTable.holding(address).free(address);
            }
        }
    }
}
