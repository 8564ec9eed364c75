package dev.banos.mem.system;

import dev.banos.lock.StackRoom;
import dev.banos.mem.event.MemoryEvents;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The bytes that a heap has from the system, its limit and its high-water mark. They count in the budgets above it as well:
 *
 * <pre>
 *   server   limit 300 MiB   used 250 = own 100 + 140 + 10        a request of images is met when
 *     |-- images   200 MiB   used 140                             both images and server have room for it
 *     `-- fonts    no limit  used  10
 * </pre>
 *
 * <p>Invariants: {@code 0 <= used <= claimed <= limit}, always; {@code used == claimed == own + sum of the children's used} when
 * nobody is at work. A request first claims of each budget on its way up, by one compare-and-set each; one that refuses has those
 * below it taken back. Until then another request may be refused for its sake, but it counts nowhere as used, and reaches no mark.
 * A release lowers used before claimed: who sees room in {@link #usedBytes} may be refused for a moment.
 *
 * <p>What is counted comes in whole pages, so the lowest bits of the word that has the used ones say where the action of the mark stands:
 * whoever completes a reservation that leaves the mark reached runs it, unless it has run to its end since the mark was last
 * reached, or is running.
 */
public final class Budget {
    public static final long UNLIMITED = Long.MAX_VALUE;

    /** More than it takes to count, or to count back, when all of that is linked. */
    private static final int CALLS_TO_COUNT = 12;
    /** So that who reserves here has the stack to release from a method near by, when what the bytes are for comes to nothing. */
    private static final int CALLS_TO_RESERVE = 2 * CALLS_TO_COUNT;

    private static final long CALLED = 1;
    private static final long RUNNING = 2;
    private static final long USED = -Kernel.PAGE_BYTES;
    private static final VarHandle CLAIMED = handle("claimed");
    private static final VarHandle STATE = handle("state");
    private static final VarHandle PEAK = handle("peak");
    private static final VarHandle REFUSALS = handle("refusals");

    private final String heap;
    private final @Nullable Budget parent;
    private final long limit;
    private final long mark;
    private final @Nullable Consumer<Figures> action;
    private final boolean limited;
    /** This one or the next above it that has a mark; null where none has. */
    private final @Nullable Budget watched;

    private long claimed;
    private long state;
    private long peak;
    private long refusals;

    static {
        linkAll();
    }

    /**
     * A budget at one moment.
     *
     * @param limitBytes {@link #NO_LIMIT} where only the budgets above it may have one
     */
    public record Figures(String heap, long limitBytes, long usedBytes, long peakBytes, long refusals) {
        public static final long NO_LIMIT = -1;

        @Override
        public String toString() {
            String limit = limitBytes == NO_LIMIT ? "no limit" : String.format(Locale.ROOT, "limit %,d bytes", limitBytes);
            return String.format(Locale.ROOT, "%s: %s, used %,d, peak %,d", heap, limit, usedBytes, peakBytes);
        }
    }

    /**
     * @param parent null for none
     * @param limit in bytes, or {@link #UNLIMITED}
     * @param mark in bytes, for {@code action}, which is null for none
     */
    public Budget(String heap, @Nullable Budget parent, long limit, long mark, @Nullable Consumer<Figures> action) {
        this.heap = heap;
        this.parent = parent;
        this.limit = limit;
        this.mark = mark;
        this.action = action;
        this.limited = limit != UNLIMITED || (parent != null && parent.limited);
        this.watched = action != null || parent == null ? (action != null ? this : null) : parent.watched;
    }

    /** Each call by a handle is linked by its first use: a release must not be the first to come there, at the end of the stack. */
    private static void linkAll() {
        Budget none = new Budget("", null, Kernel.PAGE_BYTES, UNLIMITED, null);
        boolean taken = none.reserve(Kernel.PAGE_BYTES);
        boolean refused = new Budget("", none, UNLIMITED, UNLIMITED, null).reserve(Kernel.PAGE_BYTES);
        assert taken && !refused;
        none.release(Kernel.PAGE_BYTES);
    }

    public static Budget unlimited(String heap) {
        return new Budget(heap, null, UNLIMITED, UNLIMITED, null);
    }

    /** What the heap is called, in all figures and messages. */
    public String heap() {
        return heap;
    }

    public @Nullable Budget parent() {
        return parent;
    }

    /** Whether any limit can refuse: this one's or one above. */
    public boolean isLimited() {
        return limited;
    }

    /** Whether any mark can be reached: this one's or one above. */
    public boolean isWatched() {
        return watched != null;
    }

    /**
     * Where the stack is at its end this throws, and nothing has changed.
     *
     * @param bytes whole pages
     * @return whether all budgets up to the root have room for them, and have taken them in
     */
    public boolean reserve(long bytes) {
        StackRoom.require(CALLS_TO_RESERVE);
        for (Budget each = this; each != null; each = each.parent) {
            if (!each.claim(bytes)) {
                long ignored = (long) REFUSALS.getAndAdd(each, 1L);
                unclaimBelow(each, bytes);
                return false;
            }
        }
        for (Budget each = this; each != null; each = each.parent) {
            each.notePeak((long) STATE.getAndAdd(each, bytes) + bytes & USED);
        }
        return true;
    }

    /** Whether this budget, whatever those above it have, would take in so many bytes now. */
    public boolean hasRoom(long bytes) {
        return bytes <= limit - (long) CLAIMED.getVolatile(this);
    }

    /** Whether the limits, this one's and those above, are as large. */
    public boolean isEverEnough(long bytes) {
        Budget each = this;
        while (each != null && bytes <= each.limit) {
            each = each.parent;
        }
        return each == null;
    }

    /** As {@link #reserve} where the stack is at its end. */
    public void release(long bytes) {
        StackRoom.require(CALLS_TO_COUNT);
        for (Budget each = this; each != null; each = each.parent) {
            each.subtract(bytes);
        }
        unclaimBelow(null, bytes);
    }

    private void unclaimBelow(@Nullable Budget end, long bytes) {
        for (Budget each = this; each != null && each != end; each = each.parent) {
            long before = (long) CLAIMED.getAndAdd(each, -bytes);
            assert before >= bytes : each.heap + " gave back more than it had";
        }
    }

    private boolean claim(long bytes) {
        long seen = (long) CLAIMED.getVolatile(this);
        while (bytes <= limit - seen) {
            long witness = (long) CLAIMED.compareAndExchange(this, seen, seen + bytes);
            if (witness == seen) {
                return true;
            }
            seen = witness;
        }
        return false;
    }

    private void subtract(long bytes) {
        long seen = (long) STATE.getVolatile(this);
        while (true) {
            long update = armed(seen - bytes);
            long witness = (long) STATE.compareAndExchange(this, seen, update);
            if (witness == seen) {
                assert update >= 0 : heap + " gave back more than it had";
                return;
            }
            seen = witness;
        }
    }

    /** Below the mark its action is due again, once it has ended. */
    private long armed(long next) {
        return (next & USED) < mark && (next & RUNNING) == 0 ? next & ~CALLED : next;
    }

    private void notePeak(long used) {
        long seen = (long) PEAK.getVolatile(this);
        while (used > seen) {
            long witness = (long) PEAK.compareAndExchange(this, seen, used);
            if (witness == seen) {
                return;
            }
            seen = witness;
        }
    }

    public long usedBytes() {
        return (long) STATE.getVolatile(this) & USED;
    }

    public Figures figures() {
        return new Figures(heap, limit == UNLIMITED ? Figures.NO_LIMIT : limit, usedBytes(), (long) PEAK.getVolatile(this),
                (long) REFUSALS.getVolatile(this));
    }

    /** Whether {@link #callBack} has something to do. */
    public boolean isCallDue() {
        for (Budget each = watched; each != null; each = each.watchedAbove()) {
            if (each.isDue((long) STATE.getVolatile(each))) {
                return true;
            }
        }
        return false;
    }

    /** Runs the actions whose marks are reached, from here upwards. Holds no lock, and neither must the caller. */
    public void callBack() {
        for (Budget each = watched; each != null; each = each.watchedAbove()) {
            if (each.beginCall()) {
                each.call();
            }
        }
    }

    private @Nullable Budget watchedAbove() {
        return parent == null ? null : parent.watched;
    }

    private boolean isDue(long seen) {
        return (seen & USED) >= mark && (seen & (CALLED | RUNNING)) == 0;
    }

    private boolean beginCall() {
        long seen = (long) STATE.getVolatile(this);
        while (isDue(seen)) {
            long witness = (long) STATE.compareAndExchange(this, seen, seen | CALLED | RUNNING);
            if (witness == seen) {
                return true;
            }
            seen = witness;
        }
        return false;
    }

    private void call() {
        boolean done = false;
        try {
            Figures now = figures();
            MemoryEvents.highWater(heap, mark, now.usedBytes());
            Objects.requireNonNull(action).accept(now);
            done = true;
        } finally {
            endCall(done ? RUNNING : RUNNING | CALLED); // where it throws, it is due again
        }
    }

    private void endCall(long flags) {
        long seen = (long) STATE.getVolatile(this);
        while (true) {
            long witness = (long) STATE.compareAndExchange(this, seen, armed(seen & ~flags));
            if (witness == seen) {
                return;
            }
            seen = witness;
        }
    }

    /** This budget and those above it, as a refusal reports them. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(figures().toString());
        for (Budget each = parent; each != null; each = each.parent) {
            text.append("; within ").append(each.figures());
        }
        return text.toString();
    }

    private static VarHandle handle(String field) {
        try {
            return MethodHandles.lookup().findVarHandle(Budget.class, field, long.class).withInvokeExactBehavior();
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }
}
