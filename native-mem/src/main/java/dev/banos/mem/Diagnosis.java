package dev.banos.mem;

import dev.banos.mem.event.MemoryEvents;
import dev.banos.mem.mappings.MappingCache;
import dev.banos.mem.mappings.MappingRegistry;
import dev.banos.mem.slots.Access;
import dev.banos.mem.slots.Domain;
import dev.banos.mem.slots.Run;
import dev.banos.mem.slots.RunTable;
import dev.banos.mem.system.Reservation;
import org.jspecify.annotations.Nullable;

/** What an address is, in words, for the message of an {@link InvalidBlockException}. Never on a hot path. */
final class Diagnosis {
    private Diagnosis() {
    }

    /** @param through the domain whose free, realloc or usableSize was called */
    static InvalidBlockException invalid(String operation, long address, Domain through) {
        FirstUse.prepare();
        String finding = operation + " of 0x" + Long.toHexString(address) + " through " + through + ": "
                + describe(address, through);
        MemoryEvents.invalidBlock(address, finding);
        return new InvalidBlockException(address, finding);
    }

    /** What an address is, whoever asks. */
    static String describe(long address) {
        return describe(address, null);
    }

    /** @param through null where nobody's free, realloc or usableSize was called */
    private static String describe(long address, @Nullable Domain through) {
        String hardened = HardenedBlocks.explain(address);
        if (hardened != null) {
            return hardened;
        }
        Run run = RunTable.at(address);
        if (run != null && run.owner.access == Access.HARDENED) {
            return "not live: it is in an unused slot of " + run.slotBytes + " bytes (size class " + run.bin.sizeClass
                    + ", owned by " + run.owner + ")";
        }
        if (run != null) {
            return describe(run, address, through);
        }
        MappingRegistry.Mapping mapping = MappingRegistry.containing(address);
        if (mapping != null) {
            return describe(mapping, address, through);
        }
        if (MappingCache.isKept(address)) {
            return "not live, freed before: a mapping that is kept for reuse";
        }
        if (Reservation.holds(address)) {
            return "no block lives there; the memory that the address is in belongs to the allocator and is unused";
        }
        return "not memory of this allocator";
    }

    private static String describe(Run run, long address, @Nullable Domain through) {
        int slot = run.slotHolding(address);
        if (slot >= run.slots) {
            return "past the last block of " + run.slotBytes + " bytes in its run";
        }
        long begin = run.base + slot * run.slotBytes;
        String block = (run.isLive(begin) ? "a live block" : "a free block") + " of " + run.slotBytes + " bytes at 0x"
                + Long.toHexString(begin) + " (size class " + run.bin.sizeClass + ", owned by " + run.owner + ")";
        if (begin != address) {
            return (address - begin) + " bytes inside " + block;
        }
        if (run.isLive(begin)) {
            return live(block, through, run.owner.domain == through);
        }
        return "not live, freed before or never given out: it is " + block;
    }

    private static String describe(MappingRegistry.Mapping mapping, long address, @Nullable Domain through) {
        String block = "a live block of " + mapping.bytes() + " bytes at 0x" + Long.toHexString(mapping.address())
                + " (a mapping of its own, owned by " + mapping.owner().budget.heap() + ")";
        if (mapping.address() != address) {
            return (address - mapping.address()) + " bytes inside " + block;
        }
        return live(block, through, through != null && mapping.owner() == through.mappings);
    }

    /** @param isOwn whether {@code through} has it */
    private static String live(String block, @Nullable Domain through, boolean isOwn) {
        return isOwn ? "was " + block + " a moment ago" : "it is " + block + (through == null ? "" : ", of another heap");
    }
}
