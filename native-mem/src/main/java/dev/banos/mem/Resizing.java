package dev.banos.mem;

import dev.banos.lock.StackRoom;
import dev.banos.mem.mappings.DirectMappings;
import dev.banos.mem.slots.Bin;
import dev.banos.mem.slots.Run;
import dev.banos.mem.slots.RunTable;
import dev.banos.mem.slots.SizeClasses;
import dev.banos.mem.system.MappingCount;
import dev.banos.thread.Tcb;

/** What realloc does with a block: leaves it where it is, has the kernel move its pages, or copies it. */
final class Resizing {
    /** The compiler takes no more than one call of a method into itself, and so leaves this many calls a call of {@link #realloc}. */
    static final int OUT_OF_LINE = 2;
    /** More than it takes to give a block or its copy back. */
    private static final int CALLS_TO_FREE = 20;

    private Resizing() {
    }

    /**
     * As {@link Malloc#realloc} has it. What the compiler would make of it is several times what malloc and free become, and where it
     * stood in a caller that allocates and frees as well, it would keep that from becoming part of its own callers (README).
     *
     * @param calls of this by itself before it begins: {@link #OUT_OF_LINE}
     */
    static long realloc(long address, long size, int calls) {
        if (calls > 0) {
            return realloc(address, size, calls - 1);
        }
        Run run = RunTable.likely(address);
        boolean isOwn = run.owner.threadId == Thread.currentThread().threadId() && run.holds(address);
        return isOwn ? reallocOwn(run, address, size) : realloc(Heap.current(), address, size);
    }

    /** Of a block in a slot of the calling thread's, at malloc's own speed. */
    private static long reallocOwn(Run run, long address, long size) {
        long usable = run.slotBytes;
        if (stays(usable, size)) {
            return address;
        }
        if (Long.compareUnsigned(size - 1, SizeClasses.DIRECT_BYTES - 1) >= 0) { // also 0 and what is negative
            return realloc(Heap.current(), address, size);
        }
        Bin bin = run.owner.bin(size);
        long slot = bin.next();
        if (slot == 0) {
            return realloc(Heap.current(), address, size);
        }
        long moved = bin.take(slot);
        try {
            BlockWrites.copy(address, moved, Math.min(usable, size));
            if (!run.free(address)) {
                LiveBlocks.free(address);
            }
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            if (run.isLive(address)) { // as nobody else allocates here
                LiveBlocks.free(moved);
                throw tooLittleLeft;
            }
        } catch (InvalidBlockException freedMeanwhile) {
            LiveBlocks.free(moved);
            throw freedMeanwhile;
        }
        return moved;
    }

    /**
     * Whether a block stays where it is: while at least half is used, as one that shrinks a little is likely to grow again. The largest
     * slot has room for the smallest direct mapping, but such a block must be unmapped by its free. A size of 0 is not asked about.
     */
    private static boolean stays(long usable, long size) {
        return Long.compareUnsigned(size - 1, Math.min(usable, SizeClasses.DIRECT_BYTES - 1)) < 0 && size >= usable / 2;
    }

    /** As {@link Heap#realloc} has it. */
    static long realloc(Heap heap, long address, long size) {
        if (address == 0) {
            return heap.malloc(size);
        }
        heap.requireServing();
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
        if (stays(usable, size)) {
            heap.domain().leaks.resized(address, size);
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
            heap.domain().leaks.resized(address, size);
            moved = address;
        }
        tcb.errno(errno);
        return moved;
    }

    private static long resizeMapping(Heap heap, long address, long usable, long size) {
        boolean remembered = heap.domain().leaks.remembers(address);
        long moved = LargeBlocks.resize(heap, address, usable, size);
        if (moved == DirectMappings.NONE) {
            throw Diagnosis.invalid("realloc", address, heap.domain());
        }
        if (moved == 0 && size > usable && !MappingCount.hasRoom()) {
            return move(heap, address, usable, size); // a copy is just the next block of its kind
        }
        return SlowMalloc.orOutOfMemory(heap, SlowMalloc.tracked(heap, moved, size, remembered), size);
    }

    /**
     * Where Java's heap or the stack come to their end in it, either the block is as it was, and its copy nobody's, or it is freed, and the
     * copy returned.
     */
    private static long move(Heap heap, long address, long usable, long size) {
        StackRoom.require(CALLS_TO_FREE);
        long weight = heap.domain().leaks.weightOfCopy(address, size);
        long moved = weight == 0 ? heap.malloc(size) : SlowMalloc.rememberedCopy(heap, size, weight);
        if (moved == 0) {
            return 0;
        }
        BlockWrites.copy(heap, address, moved, Math.min(usable, size));
        boolean isFreed = false;
        try {
            LiveBlocks.freeMoved(heap, address);
            isFreed = true;
        } finally {
            if (!isFreed) {
                BlockWrites.giveBack(heap, moved);
            }
        }
        return moved;
    }
}
