package dev.banos.mem.hardened;

import dev.banos.mem.slots.SizeClasses;
import dev.banos.mem.slots.SlotCounts;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The blocks of a hardened heap by address: open addressing with linear probing, at most half full. For one thread at a time. */
public final class BlockTable {
    private static final int INITIAL_CAPACITY = 64;
    /** 2^64 over the golden ratio: spreads addresses over the high bits. */
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private HardenedBlock[] blocks = new HardenedBlock[INITIAL_CAPACITY];
    private int size;
    private int samples;
    /** By size class: how many slots hold a live block. Read by those that count from outside, who do without the lock. */
    private final long[] liveSlots = new long[SizeClasses.COUNT];

    /** Makes {@link #put} succeed whatever the Java heap is like by then. */
    public void ensureRoom() {
        if ((size + 1) * 2 <= blocks.length) {
            return;
        }
        HardenedBlock[] old = blocks;
        blocks = new HardenedBlock[old.length * 2];
        for (HardenedBlock block : old) {
            if (block != null) {
                blocks[indexFor(block.address)] = block;
            }
        }
    }

    /** After {@link #ensureRoom}, and for an address that is not in the table. */
    public void put(HardenedBlock block) {
        blocks[indexFor(block.address)] = block;
        size++;
        samples += block.sampled ? 1 : 0;
        countSlot(block, 1);
    }

    /** The block is live no more, and stays here. */
    void end(HardenedBlock block) {
        block.state = HardenedBlock.State.FREED;
        countSlot(block, -1);
    }

    private void countSlot(HardenedBlock block, int change) {
        if (!block.isMapping()) {
            liveSlots[block.run().bin.sizeClass] += change;
        }
    }

    /** These, with the slots in use that are live: not those in quarantine, nor those taken ahead for a random choice. */
    public SlotCounts living(SlotCounts counts) {
        return counts.withLive(liveSlots);
    }

    public HardenedBlock get(long address) {
        return blocks[indexFor(address)];
    }

    void remove(HardenedBlock block) {
        int gap = indexFor(block.address);
        for (int i = next(gap); blocks[i] != null; i = next(i)) {
            int distance = (i - home(blocks[i].address)) & (blocks.length - 1);
            if (distance >= ((i - gap) & (blocks.length - 1))) {
                blocks[gap] = blocks[i];
                gap = i;
            }
        }
        blocks[gap] = null;
        size--;
        samples -= block.sampled ? 1 : 0;
    }

    int size() {
        return size;
    }

    /** How many of them have a mapping although a slot would do. */
    public int samples() {
        return samples;
    }

    /** How many places there are, of which half are empty at least. */
    int capacity() {
        return blocks.length;
    }

    @Nullable HardenedBlock at(int place) {
        return blocks[place];
    }

    public Stream<HardenedBlock> all() {
        return Arrays.stream(blocks).filter(Objects::nonNull);
    }

    /** The one that has this address in it, in its slack or its guards. */
    public @Nullable HardenedBlock covering(long address) {
        for (HardenedBlock block : blocks) {
            if (block != null && block.covers(address)) {
                return block;
            }
        }
        return null;
    }

    void clear() {
        Arrays.fill(blocks, null); // of its size: Java's heap may have no room for another
        size = 0;
        samples = 0;
        Arrays.fill(liveSlots, 0);
    }

    /** Where the address stands, or would stand. */
    private int indexFor(long address) {
        int i = home(address);
        while (blocks[i] != null && blocks[i].address != address) {
            i = next(i);
        }
        return i;
    }

    private int home(long address) {
        return (int) ((address * GOLDEN) >>> 32) & (blocks.length - 1);
    }

    private int next(int index) {
        return (index + 1) & (blocks.length - 1);
    }
}
