package dev.banos.mem;

import dev.banos.mem.mappings.DirectMappings;
import dev.banos.mem.slots.Domain;
import dev.banos.mem.slots.Run;
import dev.banos.mem.slots.RunTable;
import dev.banos.mem.slots.SlotPool;
import dev.banos.mem.slots.ThreadPools;
import org.jspecify.annotations.Nullable;

/**
 * Finds the block that begins at an address, wherever it lives, and ends its life or tells its size. For whoever cannot say at
 * once that it is a slot of his own; an address at which no live block of the domain begins is an
 * {@link InvalidBlockException}, and nothing changes.
 *
 * <pre>
 *   address -> hardened: HardenedBlocks | in a run: its bitmaps | else: the registry of DirectMappings
 * </pre>
 */
final class LiveBlocks {
    private LiveBlocks() {
    }

    /** Of malloc's blocks. {@link Malloc#free} has this one call besides what it does itself: each further one costs it registers. */
    static void free(long address) {
        free(ThreadPools.current(), address, Domain.MALLOC, Heap.hardenedMalloc());
    }

    /**
     * Where this throws since Java's heap is full or the stack at its end, a block that is not hardened is as it was.
     *
     * @param mine the pool that the calling thread owns, if it does
     * @param hardened who has the blocks of the domain, if they are hardened
     */
    static void free(@Nullable SlotPool mine, long address, Domain domain, @Nullable HardenedBlocks hardened) {
        if (address == 0) {
            return;
        }
        if (hardened != null) {
            hardened.free(address);
            return;
        }
        Run run = RunTable.at(address);
        boolean freed = run == null ? domain.mappings.free(address) : SlotPool.free(mine, run, address, domain);
        if (!freed) {
            throw Diagnosis.invalid("free", address, domain);
        }
    }

    /**
     * As {@link Heap#free(long)}, of a block whose content is elsewhere, or in which there is none yet: where this throws, it is as it was.
     *
     * @param heap one that serves the calling thread
     */
    static void freeMoved(Heap heap, long address) {
        HardenedBlocks hardened = heap.hardened();
        if (hardened != null) {
            hardened.freeMoved(address);
        } else {
            free(heap.staysOpen() ? heap.pool : null, address, heap.domain(), null);
        }
    }

    /** @return how many bytes may be written there; 0 for address 0 */
    static long usableSize(long address, Domain domain, @Nullable HardenedBlocks hardened) {
        return address == 0 ? 0 : usableSize("usableSize", address, domain, hardened);
    }

    /** @param operation what the caller is asked to do, for the message; {@code address} is not 0 */
    static long usableSize(String operation, long address, Domain domain, @Nullable HardenedBlocks hardened) {
        if (hardened != null) {
            return hardened.usableSize(operation, address);
        }
        Run run = RunTable.at(address);
        long usable = run == null ? domain.mappings.length(address) : slotSize(run, address, domain);
        if (usable == DirectMappings.NONE) {
            throw Diagnosis.invalid(operation, address, domain);
        }
        return usable;
    }

    private static long slotSize(Run run, long address, Domain domain) {
        return run.owner.domain == domain && run.isLive(address) ? run.slotBytes : DirectMappings.NONE;
    }
}
