package dev.banos.mem.insight;

import dev.banos.bindings.Setting;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Remembers where live blocks of malloc were born.
 *
 * <p>A block that is remembered lives in a pool of its own. So every other block's malloc and free are exactly what they
 * are without tracking: only the search for the next bitmap word asks whether a sample is due, and only a free in that
 * pool looks for a record. A sample stands for {@link #intervalBytes} bytes on average, and which allocation is taken is
 * random in proportion to its bytes. Blocks that are mappings of their own are all remembered, whatever the level but OFF:
 * beside their system calls a record costs little.
 *
 * <p>Set by {@code -Dbanos.mem.leaks=off|sampled|full}; then a report of what is still live goes to standard error at exit.
 * Heaps that an application makes are not tracked: closing one frees all that is in it.
 */
public final class LeakTracking {
    /** How much is remembered. */
    public enum Level {
        OFF,
        /** A block in so many bytes. */
        SAMPLED,
        /** Every block; those that are already in a thread's hand when the level changes, up to 64 a size class, escape. */
        FULL
    }

    private static final ConcurrentMap<Long, TrackedBlock> BLOCKS = new ConcurrentHashMap<>();
    private static final long INTERVAL_BYTES = Setting.number("banos.mem.leaks.intervalBytes", 512 << 10, 1, 1L << 40);

    private static volatile Level level = initialLevel();

    private LeakTracking() {
    }

    private static Level initialLevel() {
        Level wanted = Setting.word("banos.mem.leaks", Level.OFF);
        if (wanted != Level.OFF) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> System.err.print(report()), "banos-leak-report"));
        }
        return wanted;
    }

    public static Level level() {
        return level;
    }

    /** Blocks that are remembered already stay so until they are freed. */
    public static void level(Level wanted) {
        level = wanted;
    }

    public static boolean isOff() {
        return level == Level.OFF;
    }

    public static boolean isFull() {
        return level == Level.FULL;
    }

    public static long intervalBytes() {
        return INTERVAL_BYTES;
    }

    /** What is live of what is remembered, now. */
    public static LeakReport report() {
        return LeakReport.of(BLOCKS.values());
    }

    /** How many blocks are remembered. */
    public static int count() {
        return BLOCKS.size();
    }

    /** Called by the allocator, outside its locks, before anyone else can know the address. */
    public static void born(long address, long size, long weight) {
        BLOCKS.put(address, TrackedBlock.bornNow(address, size, weight));
    }

    /** Called by the allocator, outside its locks, while the address is still taken. @return whether it was remembered */
    public static boolean died(long address) {
        TrackedBlock block = BLOCKS.remove(address);
        if (block != null) {
            MemoryEvents.freed(block);
        }
        return block != null;
    }
}
