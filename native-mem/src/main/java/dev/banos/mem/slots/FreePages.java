package dev.banos.mem.slots;

import dev.banos.mem.system.Kernel;

/**
 * Gives memory back inside runs that are partly in use: whole pages in which every slot is free.
 *
 * <pre>
 *   slots   | live | free | free | free | free | free | live |        each of 1,536 bytes
 *   pages   |               |xxxxxxxxxxxxxxx|               |         of 4,096: the one in the middle goes
 * </pre>
 *
 * <p>Only whoever may allocate in the run at the moment may do it: no other thread gives out a slot that is free in the local
 * bitmap, so nobody writes there. What other threads freed, and the owner has not folded in, counts as live. The slots stay
 * free, and read as zeros. Nobody keeps account of which pages are gone, because malloc would have to: a second time the kernel
 * finds nothing to do.
 */
public final class FreePages {
    private FreePages() {
    }

    static void discard(Run run) {
        int from = run.nextFree(0);
        while (from < run.slots) {
            int to = run.nextUsed(from);
            discard(run, from, to);
            from = run.nextFree(to);
        }
    }

    private static void discard(Run run, int from, int to) {
        long start = roundUp(run.base + from * run.slotBytes);
        long end = to == run.slots ? run.base + run.spans() * SizeClasses.SPAN_BYTES : roundDown(run.base + to * run.slotBytes);
        if (start < end) {
            Kernel.discard(start, end - start); // where the kernel refuses, the memory stays
        }
    }

    /** Of all runs of a pool that others wait for: takes its lock for one run at a time. Nothing where its heap is closed. */
    public static void discardLocked(SlotPool pool) {
        boolean more = true;
        for (int i = 0; more; i++) {
            pool.lock.lock();
            try {
                more = !pool.domain.isClosed() && pool.discardFreePages(i);
            } finally {
                pool.lock.unlock();
            }
        }
    }

    private static long roundUp(long address) {
        return roundDown(address + Kernel.PAGE_BYTES - 1);
    }

    private static long roundDown(long address) {
        return address & -Kernel.PAGE_BYTES;
    }
}
