package dev.banos.libc.hash;

import dev.banos.bindings.SystemCalls;
import dev.banos.bindings.generated.Linux;
import dev.banos.mem.Malloc;
import dev.banos.thread.Tcb;

/** Where tables get their blocks from; tests put one that fails in its place. */
interface Storage {
    Storage MALLOC = new Storage() {
        @Override
        public long allocate(long bytes) {
            return bytes < FROM_HUGE ? Malloc.malloc(bytes) : huge(bytes);
        }

        @Override
        public void free(long address) {
            Malloc.free(address);
        }
    };

    long HUGE_PAGE = 2L << 20;
    /** From here on less than a quarter of the block can lie in ordinary pages. */
    long FROM_HUGE = 4 * HUGE_PAGE;

    /** @return the address of a block whose content is undefined, or 0 */
    long allocate(long bytes);

    void free(long address);

    /**
     * Each access to a large table is to another page: huge pages save the walk through the page tables, and most of the
     * faults while the table fills. Advice may be refused, and then costs nothing.
     */
    private static long huge(long bytes) {
        long block = Malloc.alignedAlloc(HUGE_PAGE, bytes);
        if (block != 0) {
            SystemCalls.madvise(Tcb.current().segment(), block, bytes & -HUGE_PAGE, Linux.MADV_HUGEPAGE());
        }
        return block;
    }
}
