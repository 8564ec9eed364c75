package dev.banos.mem.mappings;

import dev.banos.bindings.Native;
import dev.banos.mem.system.MappingTable;
import java.lang.foreign.MemorySegment;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/**
 * A growth by half and more, to a mapping that the cache has: the copy takes no longer than the fresh pages that would be added, and the
 * old mapping stays for the next block of its length. Where mappings only grew, the cache would come to have long ones, and no short ones.
 *
 * <pre>
 *     take from the cache ──► take the block out of the registry ──► copy ──► enter the copy there ──► keep the old one
 *                             guarded: no close                      long     guarded
 *     what fails up to here is undone: the block is there again, and the cache has what it had
 * </pre>
 *
 * <p>For who holds no lock, since a copy takes long. The heap may be closed meanwhile: the close finds neither mapping in the registry,
 * and so both go when the copy is to be entered there.
 */
final class GrowthByCopy {
    /** More than {@link #undo} makes until it has a lock. */
    private static final int CALLS_TO_UNDO = 8;

    private final DirectMappings mappings;
    private final MappingCache cache;
    private final HugePageRule hugePages;

    GrowthByCopy(DirectMappings mappings, MappingCache cache, HugePageRule hugePages) {
        this.mappings = mappings;
        this.cache = cache;
        this.hugePages = hugePages;
    }

    /** As {@link DirectMappings#copyToKept}. */
    long copy(long address, long newBytes, ToLongFunction<LongSupplier> guard) {
        long extent = MappingRegistry.extent(address, mappings);
        if (extent == MappingRegistry.NONE || !isToBeCopied(MappingTable.length(extent), newBytes)) {
            return 0;
        }
        long kept = 0;
        long taken = MappingRegistry.NONE;
        boolean copied = false;
        try {
            kept = cache.take(newBytes, CALLS_TO_UNDO);
            if (kept != 0) {
                taken = guard.applyAsLong(new Take(address, mappings));
                if (taken == extent) { // nobody has freed or resized it meanwhile
                    copyAndEnter(address, extent, kept, newBytes, guard);
                    copied = true;
                }
            }
        } finally {
            if (kept != 0 && !copied) {
                undo(address, taken, kept, newBytes, guard);
            }
        }
        if (copied) {
            keepOrUnmapLeft(address, extent);
        }
        return copied ? KeptMappings.address(kept) : 0;
    }

    private boolean isToBeCopied(long bytes, long newBytes) {
        return newBytes >= bytes + bytes / 2 && !hugePages.wantsGrown(bytes, newBytes);
    }

    private void copyAndEnter(long address, long extent, long kept, long newBytes, ToLongFunction<LongSupplier> guard) {
        LongSupplier enter = new Register(KeptMappings.address(kept), extentOf(kept, newBytes), mappings);
        MemorySegment.copy(Native.EVERYTHING, address, Native.EVERYTHING, KeptMappings.address(kept), MappingTable.length(extent));
        long ignored = guard.applyAsLong(enter);
    }

    private static long extentOf(long kept, long bytes) {
        return MappingTable.extent(bytes, KeptMappings.isHuge(kept));
    }

    /** Where the block is by now, the caller must hear: rather than that, what it leaves stays until the heap's close. */
    private void keepOrUnmapLeft(long address, long extent) {
        try {
            mappings.keepOrUnmap(address, extent);
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            // It is in the registry again.
        }
    }

    private void undo(long address, long taken, long kept, long keptBytes, ToLongFunction<LongSupplier> guard) {
        try {
            if (taken != MappingRegistry.NONE) {
                enterAgain(address, taken, guard);
            }
        } finally {
            mappings.keepOrUnmap(KeptMappings.address(kept), extentOf(kept, keptBytes));
        }
    }

    private void enterAgain(long address, long extent, ToLongFunction<LongSupplier> guard) {
        try {
            long ignored = guard.applyAsLong(new Register(address, extent, mappings));
        } catch (IllegalStateException closed) { // since it was taken
            mappings.keepOrUnmap(address, extent);
            throw closed;
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            mappings.register(address, extent);
            throw tooLittleLeft;
        }
    }

    private record Take(long address, DirectMappings owner) implements LongSupplier {
        @Override
        public long getAsLong() {
            return MappingRegistry.take(address, owner);
        }
    }

    private record Register(long address, long extent, DirectMappings owner) implements LongSupplier {
        @Override
        public long getAsLong() {
            return owner.register(address, extent);
        }
    }
}
