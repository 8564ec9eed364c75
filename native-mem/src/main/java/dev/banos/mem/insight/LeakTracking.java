package dev.banos.mem.insight;

import dev.banos.bindings.Setting;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Remembers where live blocks were allocated, in malloc and in the heaps that an application makes.
 *
 * <p>{@code -Dbanos.mem.leaks=off|sampled|full} sets the level of malloc, and of each heap that was not given one of its own
 * ({@code HeapOptions.leaks}). With it, a report of what is still live goes to standard error at exit. A heap that is closed by
 * then is not in the report: its close freed all that was in it. A heap with a level of its own also reports when it is closed.
 *
 * <p>A sample stands for {@link #intervalBytes} bytes on average; an allocation is chosen at random, in proportion to its bytes.
 * Blocks that are mappings of their own are all remembered, at each level except OFF: beside their system calls a record costs
 * little. Other blocks that are remembered live in pools of their own beside their heap's. So malloc and free of all other blocks
 * are exactly what they are without tracking: only the search for the next bitmap word asks whether a sample is due, and only a
 * free in such a pool looks for a record.
 */
public final class LeakTracking {
    /** How much is remembered. */
    public enum Level {
        /** Nothing is remembered. */
        OFF,
        /** One block in {@link LeakTracking#intervalBytes} bytes, on average, and all mappings. */
        SAMPLED,
        /** Every block; those that are already in a thread's hand when the level changes, up to 64 a size class, escape. */
        FULL
    }

    /** Those that remember blocks, or did. */
    private static final Set<LeakRecords> HEAPS = ConcurrentHashMap.newKeySet();
    private static final long INTERVAL_BYTES = Setting.number("banos.mem.leaks.intervalBytes", 512 << 10, 1, 1L << 40);
    private static final Level INITIAL = Setting.word("banos.mem.leaks", Level.OFF);
    /** What reports at exit; null where nothing does. */
    private static final AtomicReference<Thread> EXIT_HOOK = new AtomicReference<>();

    private static volatile Level level = INITIAL;

    static {
        if (INITIAL != Level.OFF) {
            reportAtExit();
        }
    }

    private LeakTracking() {
    }

    /** {@return the level of malloc, and of all heaps that have none of their own} */
    public static Level level() {
        return level;
    }

    /**
     * Changes the level of malloc, and of all heaps that have none of their own. Blocks that are remembered already stay so until
     * they are freed, even if realloc moves them while the level is OFF, as far as a limit leaves room for it. At SAMPLED, a realloc
     * that copies a block to a slot counts as a free and an allocation, which may be a sample like any other.
     *
     * @param wanted the level from now on
     */
    public static void level(Level wanted) {
        level = Objects.requireNonNull(wanted, "wanted");
    }

    /**
     * {@return how many allocated bytes a sample stands for on average: {@code -Dbanos.mem.leaks.intervalBytes}, or 512 KiB}
     */
    public static long intervalBytes() {
        return INTERVAL_BYTES;
    }

    /** {@return the remembered blocks that are live now, in all heaps} */
    public static LeakReport report() {
        return LeakReport.of(HEAPS);
    }

    /** {@return how many blocks are remembered} */
    public static int count() {
        return HEAPS.stream().mapToInt(LeakRecords::count).sum();
    }

    static void list(LeakRecords heap) {
        HEAPS.add(heap);
    }

    static void unlist(LeakRecords heap) {
        HEAPS.remove(heap);
    }

    static void reportAtExit() {
        if (EXIT_HOOK.get() != null) {
            return;
        }
        Thread hook = new Thread(LeakTracking::atExit, "banos-leak-report");
        if (!EXIT_HOOK.compareAndSet(null, hook)) {
            return;
        }
        try {
            Runtime.getRuntime().addShutdownHook(hook);
        } catch (IllegalStateException exiting) {
            EXIT_HOOK.set(null); // a heap that a shutdown hook makes still reports at its close
        }
    }

    /**
     * Cancels the report at exit, which the property or a heap with a level of its own has asked for. A heap with a level of its own
     * that is made later asks for it again.
     */
    public static void cancelReportAtExit() {
        Thread hook = EXIT_HOOK.getAndSet(null);
        try {
            boolean ignored = hook != null && Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException exiting) {
            // It is being made already.
        }
    }

    /**
     * Heaps that report themselves do so one by one, and all others together, if the property asked for that. What an application
     * does with its report keeps none from the others.
     */
    private static void atExit() {
        List<LeakRecords> open = List.copyOf(HEAPS);
        if (INITIAL != Level.OFF) {
            System.err.print(LeakReport.of(open.stream().filter(heap -> !heap.reportsItself()).toList()));
        }
        open.stream().filter(LeakRecords::reportsItself).forEach(LeakTracking::reportExit);
    }

    private static void reportExit(LeakRecords heap) {
        try {
            heap.reportExit();
        } catch (RuntimeException | Error thrown) {
            System.err.println("banos: the leak report of " + heap.heap() + " was not taken: " + thrown);
            thrown.printStackTrace();
        }
    }
}
