package dev.banos.mem;

import dev.banos.bindings.Native;
import dev.banos.mem.mappings.DirectMappings;
import dev.banos.mem.slots.RunTable;
import dev.banos.mem.slots.SizeClasses;
import dev.banos.thread.Tcb;
import java.lang.foreign.MemorySegment;

/** What realloc does with a block: leaves it where it is, has the kernel move its pages, or copies it. */
final class Resizing {
    private Resizing() {
    }

    /** As {@link Malloc#realloc} has it, for the blocks of {@code heap}. */
    static long realloc(Heap heap, long address, long size) {
        if (address == 0) {
            return heap.malloc(size);
        }
        long usable = LiveBlocks.usableSize("realloc", address, heap.domain(), heap.hardened());
        if (size == 0) {
            heap.free(address);
            return 0;
        }
        if (heap.hardened() != null) {
            return size == usable ? address : move(heap, address, usable, size);
        }
        if (Long.compareUnsigned(size, SizeClasses.DIRECT_BYTES) >= 0 && RunTable.at(address) == null) {
            return resizeMapping(heap, address, usable, size);
        }
        // In place while at least half is used: a block that shrinks a little is likely to grow again. The largest slot has
        // room for the smallest direct mapping, but such a block must be unmapped by its free.
        boolean stays = Long.compareUnsigned(size, Math.min(usable, SizeClasses.DIRECT_BYTES - 1)) <= 0 && size >= usable / 2;
        if (stays) {
            return address;
        }
        return Long.compareUnsigned(size, usable) <= 0 ? shrink(heap, address, usable, size) : move(heap, address, usable, size);
    }

    /** What has no room elsewhere stays, and a mapping gives its pages beyond the size back all the same. Errno is as it was. */
    private static long shrink(Heap heap, long address, long usable, long size) {
        Tcb tcb = Tcb.current();
        int errno = tcb.errno();
        long moved = move(heap, address, usable, size);
        if (moved == 0 && RunTable.at(address) == null) {
            moved = resizeMapping(heap, address, usable, size);
        }
        if (moved == 0) {
            moved = address;
        }
        tcb.errno(errno);
        return moved;
    }

    private static long resizeMapping(Heap heap, long address, long usable, long size) {
        long moved = LargeBlocks.resize(heap, address, usable, size);
        if (moved == DirectMappings.NONE) {
            throw Diagnosis.invalid("realloc", address, heap.domain());
        }
        return SlowMalloc.orOutOfMemory(heap, SlowMalloc.tracked(heap, moved, size), size);
    }

    private static long move(Heap heap, long address, long usable, long size) {
        long moved = heap.malloc(size);
        if (moved == 0) {
            return 0;
        }
        MemorySegment.copy(Native.EVERYTHING, address, Native.EVERYTHING, moved, Math.min(usable, size));
        if (heap.hardened() != null) {
            heap.hardened().freeMoved(address);
        } else {
            heap.free(address);
        }
        return moved;
    }
}
