package dev.banos.mem;

import dev.banos.mem.mappings.DirectMappings;
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

    /** @param mine the pool that the calling thread owns, if it does */
    static void free(@Nullable SlotPool mine, long address, Domain domain) {
        if (address == 0) {
            return;
        }
        if (domain.hardened != null) {
            domain.hardened.free(address);
            return;
        }
        Run run = RunTable.at(address);
        boolean freed = run == null ? domain.mappings.free(address) : free(mine, run, address, domain);
        if (!freed) {
            throw Diagnosis.invalid("free", address, domain);
        }
    }

    private static boolean free(@Nullable SlotPool mine, Run run, long address, Domain domain) {
        SlotPool owner = run.owner;
        return owner == mine ? run.freeSlow(address) : owner.domain == domain && owner.freeFromOutside(run, address);
    }

    /** @return how many bytes may be written there; 0 for address 0 */
    static long usableSize(long address, Domain domain) {
        return address == 0 ? 0 : usableSize("usableSize", address, domain);
    }

    /** @param operation what the caller is asked to do, for the message; {@code address} is not 0 */
    static long usableSize(String operation, long address, Domain domain) {
        if (domain.hardened != null) {
            return domain.hardened.usableSize(operation, address);
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
