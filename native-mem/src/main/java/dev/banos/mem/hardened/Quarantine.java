package dev.banos.mem.hardened;

import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Freed blocks that wait before their memory is used again: first in, first out, or in random order. Bounded in bytes. For one
 * thread at a time.
 */
public final class Quarantine {
    private final long bound;
    /** Null for first in, first out. */
    private final @Nullable SplittableRandom random;
    private HardenedBlock[] waiting = new HardenedBlock[64];
    private int head;
    private int count;
    private long bytes;

    public Quarantine(long bound, @Nullable SplittableRandom random) {
        this.bound = bound;
        this.random = random;
    }

    /** @return whether it waits now; not where Java's heap has no room for one more */
    boolean add(HardenedBlock block) {
        if (count == waiting.length && !grow()) {
            return false;
        }
        waiting[index(count++)] = block;
        bytes += block.quarantineBytes();
        return true;
    }

    private boolean grow() {
        HardenedBlock[] larger;
        try {
            larger = new HardenedBlock[waiting.length * 2];
        } catch (OutOfMemoryError javaHeapIsFull) {
            return false;
        }
        for (int i = 0; i < count; i++) {
            larger[i] = waiting[index(i)];
        }
        waiting = larger;
        head = 0;
        return true;
    }

    long bound() {
        return bound;
    }

    /** @return a block that has to leave because there are more than {@code most} bytes, or null */
    @Nullable HardenedBlock pollAbove(long most) {
        if (bytes <= most) {
            return null;
        }
        if (random != null) {
            swapWithHead(random.nextInt(count));
        }
        HardenedBlock leaving = waiting[head];
        waiting[head] = null;
        head = index(1);
        count--;
        bytes -= leaving.quarantineBytes();
        return leaving;
    }

    private void swapWithHead(int place) {
        HardenedBlock chosen = waiting[index(place)];
        waiting[index(place)] = waiting[head];
        waiting[head] = chosen;
    }

    private int index(int place) {
        return (head + place) & (waiting.length - 1);
    }
}
