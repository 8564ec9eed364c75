package org.apache.arrow.memory;

import dev.banos.adapter.arrow.BanosAllocation;

/** What Arrow looks for by this name, in a jar of the right name, to learn where memory comes from if nobody says. */
public final class DefaultAllocationManagerFactory {
    /** Chunks of Banos's malloc. Arrow reads this field. */
    public static final AllocationManager.Factory FACTORY = BanosAllocation.FACTORY;

    private DefaultAllocationManagerFactory() {
    }
}
