package dev.banos.samples.examples;

import dev.banos.bindings.Native;
import dev.banos.fuzz.AllocatorUnderTest;
import dev.banos.fuzz.Promises;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * An allocator in Java for the fuzzer to test: each block is a {@link java.lang.foreign.Arena} of its own. Its test
 * extends {@link dev.banos.fuzz.AllocatorPropertiesTest} and is five lines long.
 */
public final class ArenaBlocks implements AllocatorUnderTest {
    private static final int ENOMEM = 12;
    private static final long LARGEST = 1L << 30;
    private static final long ALIGNMENT = 16;

    private record Block(Arena arena, long size) {
    }

    private final Map<Long, Block> live = new ConcurrentHashMap<>();

    /** With no blocks. */
    public ArenaBlocks() {
    }

    @Override
    public long malloc(long size) {
        return alignedAlloc(ALIGNMENT, size);
    }

    @Override
    public long calloc(long count, long size) {
        boolean overflows = Math.unsignedMultiplyHigh(count, size) != 0;
        return overflows ? 0 : malloc(count * size); // an arena's memory is zero already
    }

    @Override
    public long alignedAlloc(long alignment, long size) {
        if (Long.compareUnsigned(size, LARGEST) > 0) {
            return 0;
        }
        Arena arena = Arena.ofShared();
        boolean isServed = false;
        try {
            long address = arena.allocate(Math.max(size, 1), Math.max(alignment, ALIGNMENT)).address();
            live.put(address, new Block(arena, size));
            isServed = true;
            return address;
        } catch (OutOfMemoryError noMemory) {
            return 0;
        } finally {
            if (!isServed) {
                arena.close();
            }
        }
    }

    @Override
    public long realloc(long address, long size) {
        if (address == 0) {
            return malloc(size);
        }
        Block block = block(address);
        long moved = malloc(size);
        if (moved != 0) {
            MemorySegment.copy(Native.EVERYTHING, address, Native.EVERYTHING, moved, Math.min(block.size, size));
            free(address);
        }
        return moved;
    }

    @Override
    public void free(long address) {
        Block block = address == 0 ? null : live.remove(address);
        if (block != null) {
            block.arena.close();
        } else if (address != 0) {
            throw noBlock(address);
        }
    }

    private Block block(long address) {
        Block block = live.get(address);
        if (block == null) {
            throw noBlock(address);
        }
        return block;
    }

    private static IllegalArgumentException noBlock(long address) {
        return new IllegalArgumentException("address=0x" + Long.toHexString(address) + " is no live block");
    }

    @Override
    public long usableSize(long address) {
        return block(address).size;
    }

    @Override
    public int errno() {
        return ENOMEM;
    }

    @Override
    public Promises promises() {
        return Promises.ofC().withAlignment(ALIGNMENT).withCheckedFrees();
    }

    @Override
    public void close() {
        live.values().forEach(block -> block.arena.close());
        live.clear();
    }
}
