package dev.banos.mem.slots;

import dev.banos.lock.SpinLock;
import dev.banos.mem.system.Reservation;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which run an address falls in: one entry a span of the reservation, for as much of it as has ever been in use.
 *
 * <pre>
 *   likely(address)    a table of fixed size, by the low bits of the span's number           hot: one load
 *   at(address)        the table of all spans; its bounds are the check for foreign pointers
 * </pre>
 *
 * <p>In the fixed table the first span to come has the entry; other spans with the same low bits, which are
 * 1 GiB apart, are in the table of all only. {@link Run#free} refuses what it is not the run of, whatever the address, and
 * the slow path then looks here again.
 *
 * <p>Readers take no lock. A thread that may use a block learned its address from a thread that had it from malloc, so it
 * sees the entry, and the array that holds it. Whoever passes an address that it has no right to may see an older state;
 * what it then finds is checked further by the bitmap.
 */
public final class RunTable {
    static final int LOG_SPAN = Long.numberOfTrailingZeros(SizeClasses.SPAN_BYTES);
    private static final SpinLock LOCK = new SpinLock();
    private static final VarHandle TABLE = handle();

    private static final Run[] LIKELY = new Run[16 * 1024];
    private static Run[] table = new Run[256];

    static {
        Arrays.fill(LIKELY, Run.NONE);
    }

    private RunTable() {
    }

    /** The run that this address is in, if it is in any; or another. Never null. */
    public static Run likely(long address) {
        return LIKELY[(int) ((address >>> LOG_SPAN) & (LIKELY.length - 1))];
    }

    /** The run whose spans hold this address, or null. */
    public static @Nullable Run at(long address) {
        Run[] runs = table;
        long span = (address - Reservation.BASE) >>> LOG_SPAN;
        return span < runs.length ? runs[(int) span] : null;
    }

    /** The run that holds a slot which the caller has. */
    public static Run holding(long slot) {
        return Objects.requireNonNull(at(slot));
    }

    /** Any thread: every run once, without a lock. Of runs that come and go meanwhile, some are in it. */
    public static List<Run> all() {
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
            replaceLikely(run, Run.NONE, run);
        } finally {
            LOCK.unlock();
        }
    }

    static void remove(Run run) {
        LOCK.lock();
        try {
            Arrays.fill(table, run.firstSpan(), run.firstSpan() + run.spans(), null);
            replaceLikely(run, run, Run.NONE);
        } finally {
            LOCK.unlock();
        }
    }

    private static void replaceLikely(Run run, Run expected, Run replacement) {
        long first = run.base >>> LOG_SPAN;
        for (long span = first; span < first + run.spans(); span++) {
            int index = (int) span & (LIKELY.length - 1);
            if (LIKELY[index] == expected) {
                LIKELY[index] = replacement;
            }
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
