package dev.banos.mem;

import dev.banos.lock.SpinLock;
import dev.banos.mem.event.MemoryEvents;
import dev.banos.mem.system.Kernel;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Collectors;
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
 * <p>Invariants: {@code 0 <= used <= limit}, always; {@code used == own + sum of the children's used} when nobody is at work.
 * A request adds to each budget on its way up, by one compare-and-set each, so none ever shows more than its limit; one that
 * refuses has those below it taken back. Until then another request may be refused for its sake.
 *
 * <p>What is counted comes in whole pages, so the lowest bits of the same word say where the action of the mark stands:
 * whoever completes a reservation that leaves the mark reached runs it, unless it has run since the mark was last reached,
 * or is running.
 */
final class Budget {
    static final long UNLIMITED = Long.MAX_VALUE;

    private static final long CALLED = 1;
    private static final long RUNNING = 2;
    private static final long USED = -Kernel.PAGE_BYTES;
    private static final VarHandle STATE = handle("state");
    private static final VarHandle PEAK = handle("peak");
    private static final VarHandle REFUSALS = handle("refusals");

    private final String heap;
    private final @Nullable Budget parent;
    private final long limit;
    private final long mark;
    private final @Nullable Consumer<HeapBudget> action;
    private final boolean limited;
    /** This one or the next above it that has a mark; null where none has. */
    private final @Nullable Budget watched;

    private long state;
    private long peak;
    private long refusals;

    private final SpinLock lock = new SpinLock();
    private final List<Heap> children = new ArrayList<>();
    private boolean closed;

    /**
     * @param parent null for none
     * @param limit in bytes, or {@link #UNLIMITED}
     * @param mark in bytes, for {@code action}, which is null for none
     */
    Budget(String heap, @Nullable Budget parent, long limit, long mark, @Nullable Consumer<HeapBudget> action) {
        this.heap = heap;
        this.parent = parent;
        this.limit = limit;
        this.mark = mark;
        this.action = action;
        this.limited = limit != UNLIMITED || (parent != null && parent.limited);
        this.watched = action != null || parent == null ? (action != null ? this : null) : parent.watched;
    }

    static Budget unlimited(String heap) {
        return new Budget(heap, null, UNLIMITED, UNLIMITED, null);
    }

    /** What the heap is called, in all figures and messages. */
    String heap() {
        return heap;
    }

    /** Whether any limit can refuse: this one's or one above. */
    boolean isLimited() {
        return limited;
    }

    /** Whether any mark can be reached: this one's or one above. */
    boolean isWatched() {
        return watched != null;
    }

    /** @param bytes whole pages; whether all budgets up to the root have room for them, and have taken them in */
    boolean reserve(long bytes) {
        for (Budget each = this; each != null; each = each.parent) {
            if (!each.add(bytes)) {
                long ignored = (long) REFUSALS.getAndAdd(each, 1L);
                subtractBelow(each, bytes);
                return false;
            }
        }
        for (Budget each = this; each != null; each = each.parent) {
            each.notePeak();
        }
        return true;
    }

    void release(long bytes) {
        subtractBelow(null, bytes);
    }

    private void subtractBelow(@Nullable Budget end, long bytes) {
        for (Budget each = this; each != null && each != end; each = each.parent) {
            each.subtract(bytes);
        }
    }

    private boolean add(long bytes) {
        long seen = (long) STATE.getVolatile(this);
        while (bytes <= limit - (seen & USED)) {
            long witness = (long) STATE.compareAndExchange(this, seen, seen + bytes);
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

    private void notePeak() {
        long used = usedBytes();
        long seen = (long) PEAK.getVolatile(this);
        while (used > seen) {
            long witness = (long) PEAK.compareAndExchange(this, seen, used);
            if (witness == seen) {
                return;
            }
            seen = witness;
        }
    }

    long usedBytes() {
        return (long) STATE.getVolatile(this) & USED;
    }

    HeapBudget figures() {
        return new HeapBudget(heap, limit == UNLIMITED ? HeapBudget.NO_LIMIT : limit, usedBytes(), (long) PEAK.getVolatile(this),
                (long) REFUSALS.getVolatile(this));
    }

    /** Whether {@link #callBack} has something to do. */
    boolean isCallDue() {
        for (Budget each = watched; each != null; each = each.watchedAbove()) {
            if (each.isDue((long) STATE.getVolatile(each))) {
                return true;
            }
        }
        return false;
    }

    /** Runs the actions whose marks are reached, from here upwards. Holds no lock, and neither must the caller. */
    void callBack() {
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
        try {
            HeapBudget now = figures();
            MemoryEvents.highWater(heap, mark, now.usedBytes());
            Objects.requireNonNull(action).accept(now);
        } finally {
            endCall();
        }
    }

    private void endCall() {
        long seen = (long) STATE.getVolatile(this);
        while (true) {
            long witness = (long) STATE.compareAndExchange(this, seen, armed(seen & ~RUNNING));
            if (witness == seen) {
                return;
            }
            seen = witness;
        }
    }

    /** @throws IllegalStateException when the heap of this budget is closed */
    void add(Heap child) {
        lock.lock();
        try {
            if (!closed) {
                children.add(child);
                return;
            }
        } finally {
            lock.unlock();
        }
        throw new IllegalStateException(heap + " is closed, and can have no child " + child);
    }

    void remove(Heap child) {
        lock.lock();
        try {
            children.remove(child);
        } finally {
            lock.unlock();
        }
    }

    List<Heap> children() {
        lock.lock();
        try {
            return List.copyOf(children);
        } finally {
            lock.unlock();
        }
    }

    /** From now on no child is added. @throws IllegalStateException when there are any */
    void close() {
        lock.lock();
        try {
            closed = children.isEmpty();
            if (closed) {
                return;
            }
        } finally {
            lock.unlock();
        }
        throw new IllegalStateException(heap + " has open children: "
                + children().stream().map(Heap::toString).collect(Collectors.joining(", ")) + ": close them first");
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
