package dev.banos.mem;

import dev.banos.lock.SpinLock;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which run an address falls in: one entry a span of the reservation. The bounds check of the array is the check for
 * foreign pointers.
 *
 * <p>Readers take no lock. A thread that may use a block learned its address from a thread that had it from malloc, so it
 * sees the entry, and the array that holds it. Whoever passes an address that it has no right to may see an older state;
 * what it then finds is checked further by the bitmap.
 */
final class RunTable {
    private static final int LOG_SPAN = Long.numberOfTrailingZeros(SizeClasses.SPAN_BYTES);
    private static final SpinLock LOCK = new SpinLock();
    private static final VarHandle TABLE = handle();

    private static Run[] table = new Run[256];

    private RunTable() {
    }

    /**
     * The run whose spans hold this address, or null. The index is cut to 32 bits, because the compiler then needs one
     * comparison; an address beyond 2^47 may so meet a run that is not its own, where no slot begins at its offset.
     */
    static Run at(long address) {
        Run[] runs = table;
        int span = (int) ((address - Reservation.BASE) >>> LOG_SPAN);
        return Integer.compareUnsigned(span, runs.length) < 0 ? runs[span] : null;
    }

    /** Any thread: every run once, without a lock. Of runs that come and go meanwhile, some are in it. */
    static List<Run> all() {
        Run[] runs = table;
        List<Run> all = new ArrayList<>();
        for (int span = 0; span < runs.length; span++) {
            Run run = runs[span];
            if (run != null && run.firstSpan() == span) {
                all.add(run);
            }
        }
        return all;
    }

    static void put(Run run) {
        LOCK.lock();
        try {
            int end = run.firstSpan() + run.spans();
            if (end > table.length) {
                TABLE.setRelease(Arrays.copyOf(table, Math.max(end, table.length * 2)));
            }
            Arrays.fill(table, run.firstSpan(), end, run);
        } finally {
            LOCK.unlock();
        }
    }

    static void remove(Run run) {
        LOCK.lock();
        try {
            Arrays.fill(table, run.firstSpan(), run.firstSpan() + run.spans(), null);
        } finally {
            LOCK.unlock();
        }
    }

    private static VarHandle handle() {
        try {
            return MethodHandles.lookup().findStaticVarHandle(RunTable.class, "table", Run[].class)
                    .withInvokeExactBehavior();
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }
}
