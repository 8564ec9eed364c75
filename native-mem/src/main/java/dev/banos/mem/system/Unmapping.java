package dev.banos.mem.system;

import dev.banos.lock.SpinLock;

/**
 * Gives mappings back. The kernel refuses where splitting a mapping would need one more than a process may have, and before it comes to
 * that {@link MappingCount} does: then at least the memory goes back, and the addresses are kept here until it can be tried again.
 */
public final class Unmapping {
    /** At a time, while each costs calls and few go. */
    private static final int MOST_TRIES = 1024;
    /** Nobody's, to be unmapped later; all of one owner, which says nothing. */
    private static final MappingTable<Class<Unmapping>> REFUSED = new MappingTable<>();
    private static final SpinLock LOCK = new SpinLock();
    private static volatile int refusedCount;

    private Unmapping() {
    }

    /** Makes this class ready while there is room for it in Java's heap: a free must not be the first to come here. */
    public static void prepare() {
        assert refusedCount >= 0; // being here has initialised this class
        MappingCount.prepare();
    }

    /** Where this throws, nothing has happened. */
    public static void unmap(long address, long bytes) {
        if (bytes != 0 && !isUnmapped(address, bytes)) {
            keepEmpty(address, bytes);
        }
    }

    /** For who has nothing to go back to: where this throws, the mapping is kept until it can be unmapped. */
    public static void unmapOrKeep(long address, long bytes) {
        boolean isDone = false;
        try {
            unmap(address, bytes);
            isDone = true;
        } finally {
            if (!isDone) {
                keep(address, bytes);
            }
        }
    }

    private static boolean isUnmapped(long address, long bytes) {
        return mayUnmap(address, bytes) && !Kernel.failed(Kernel.unmap(address, bytes));
    }

    /** Next to nothing a mapping is cut at its end at most. What has neighbours of other kinds is one by itself, which is not known. */
    private static boolean mayUnmap(long address, long bytes) {
        return MappingCount.mayHaveMore(1) || !Kernel.isMapped(address - Kernel.PAGE_BYTES) || !Kernel.isMapped(address + bytes);
    }

    /** Under the lock to the end: who unmaps it may come at once, and then the pages are another's. */
    private static void keepEmpty(long address, long bytes) {
        LOCK.lock();
        try {
            REFUSED.put(address, bytes, Unmapping.class);
            refusedCount = REFUSED.size();
            discard(address, bytes);
        } finally {
            LOCK.unlock();
        }
    }

    /** It is kept by now, which the caller must hear: then its memory goes when it is unmapped. */
    private static void discard(long address, long bytes) {
        try {
            int ignored = Kernel.discard(address, bytes);
        } catch (StackOverflowError tooLittleLeft) {
            return;
        }
    }

    /** For {@link #retryRefused}. */
    public static void keep(long address, long bytes) {
        LOCK.lock();
        try {
            REFUSED.put(address, bytes, Unmapping.class);
            refusedCount = REFUSED.size();
        } finally {
            LOCK.unlock();
        }
    }

    /**
     * Tries again to unmap what was refused, for a caller that holds no lock. Each in its turn: one may be refused for as long as the
     * process has so many mappings, and the next not.
     */
    public static void retryRefused() {
        if (refusedCount > 0) {
            MappingCount.look();
        }
        int most = MappingCount.hasRoom() ? Integer.MAX_VALUE : MOST_TRIES;
        for (int tries = Math.min(refusedCount, most); tries > 0; tries--) {
            LOCK.lock();
            long address;
            long bytes;
            try {
                address = REFUSED.anyOf(Unmapping.class);
                bytes = address == 0 ? 0 : takeRefused(address);
            } finally {
                LOCK.unlock();
            }
            if (address != 0) {
                retry(address, bytes);
            }
        }
    }

    /** It is here again where that is refused once more, or throws before. */
    private static void retry(long address, long bytes) {
        boolean unmapped = false;
        try {
            unmapped = isUnmapped(address, bytes);
        } finally {
            if (!unmapped) {
                keep(address, bytes);
            }
        }
    }

    private static long takeRefused(long address) {
        int index = REFUSED.indexOf(address);
        long bytes = REFUSED.lengthAt(index);
        REFUSED.removeAt(index);
        refusedCount = REFUSED.size();
        return bytes;
    }

    static int refusedCount() {
        return refusedCount;
    }
}
