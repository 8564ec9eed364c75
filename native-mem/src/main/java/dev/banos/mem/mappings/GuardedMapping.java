package dev.banos.mem.mappings;

import dev.banos.mem.system.Kernel;
import dev.banos.mem.system.MappingCount;
import dev.banos.mem.system.Unmapping;
import org.jspecify.annotations.Nullable;

/**
 * A mapping for one block, between pages without access. The block's end is at the second guard, as near as its alignment
 * permits: an access beyond it faults at once. A block of size 0 begins on the guard. Where the alignment is more than a
 * page, the block is at the start, and the slack behind it.
 *
 * @param mapping where it begins, guard and all
 * @param start where memory can be accessed
 * @param end the first byte that cannot be accessed again
 */
public record GuardedMapping(long address, long mapping, long mappingBytes, long start, long end) {
    /** What exceeds it is more than a user's address space. */
    public static final long LARGEST = 1L << 46;
    /** The block, and the gap that its alignment leaves. */
    private static final int MADE_BY_PLACE = 2;

    /**
     * @param size at most {@link #LARGEST}
     * @return null when there is no memory, or not as many mappings as that takes
     */
    public static @Nullable GuardedMapping map(long size, long alignment) {
        if (alignment > LARGEST) {
            return null;
        }
        long bytes = bytes(size);
        long mappingBytes = Kernel.PAGE_BYTES + spare(alignment) + bytes + Kernel.PAGE_BYTES;
        long mapping = Kernel.reserve(mappingBytes);
        if (Kernel.failed(mapping)) {
            return null;
        }
        long start = roundUp(mapping + Kernel.PAGE_BYTES, Math.max(alignment, Kernel.PAGE_BYTES));
        if (Kernel.failed(Kernel.allowAccess(start, bytes))) {
            Unmapping.unmap(mapping, mappingBytes);
            return null;
        }
        long address = alignment > Kernel.PAGE_BYTES ? start : start + bytes - roundUp(size, alignment);
        return of(address, mapping, mappingBytes, start, start + bytes);
    }

    /** The same without guards, the block at the start. */
    public static @Nullable GuardedMapping mapUnguarded(long size, long alignment) {
        if (alignment > LARGEST) {
            return null;
        }
        long bytes = bytes(size);
        long start = alignment <= Kernel.PAGE_BYTES ? Kernel.map(bytes)
                : MappingCount.mayHaveMore(MADE_BY_PLACE) ? HugeMappings.mapAligned(bytes, alignment) : Kernel.NO_ROOM;
        return Kernel.failed(start) ? null : of(start, start, bytes, start, start + bytes);
    }

    private static GuardedMapping of(long address, long mapping, long mappingBytes, long start, long end) {
        try {
            return new GuardedMapping(address, mapping, mappingBytes, start, end);
        } catch (OutOfMemoryError javaHeapIsFull) {
            Unmapping.unmap(mapping, mappingBytes);
            throw javaHeapIsFull;
        }
    }

    /** How much memory that takes, without guards. */
    public static long bytes(long size) {
        return roundUp(Math.max(size, 1), Kernel.PAGE_BYTES);
    }

    public void unmap() {
        Unmapping.unmapOrKeep(mapping, mappingBytes);
    }

    /** The addresses that may be needed to begin at a multiple of the alignment. */
    private static long spare(long alignment) {
        return Math.max(alignment, Kernel.PAGE_BYTES) - Kernel.PAGE_BYTES;
    }

    private static long roundUp(long value, long alignment) {
        return (value + alignment - 1) & -alignment;
    }
}
