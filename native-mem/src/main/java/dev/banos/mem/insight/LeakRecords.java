package dev.banos.mem.insight;

import dev.banos.mem.event.MemoryEvents;
import dev.banos.mem.insight.LeakTracking.Level;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The live blocks of one heap whose allocation is remembered. Only the allocator uses it; {@link LeakTracking} and
 * {@code Heap.leakReport()} show what it remembers.
 *
 * <p>A heap is in the list of {@link LeakTracking} from its first record until its close. So one that remembers nothing can be
 * collected.
 */
public final class LeakRecords {
    private final String heap;
    /** Null for a heap that does as {@link LeakTracking#level()} says. */
    private final @Nullable Level own;
    /** Null where nobody asked for a report at the end. */
    private final @Nullable Consumer<LeakReport> atEnd;
    private final ConcurrentMap<Long, TrackedBlock> blocks = new ConcurrentHashMap<>();
    private volatile boolean listed;
    private volatile boolean closed;
    private Collection<TrackedBlock> leftAtClose = List.of();

    /**
     * Records of a heap with the level of {@link LeakTracking#level()}, which reports when it is asked.
     *
     * @param heap its name, as reports show it
     */
    public LeakRecords(String heap) {
        this(heap, null, null);
    }

    /**
     * Records of a heap with a level of its own.
     *
     * @param heap its name, as reports show it
     * @param own how much is remembered; null for what {@link LeakTracking#level()} says
     * @param atEnd gets the report of what is live at the close, or at exit, if anything is; null for none
     */
    public LeakRecords(String heap, @Nullable Level own, @Nullable Consumer<LeakReport> atEnd) {
        this.heap = heap;
        this.own = own;
        this.atEnd = atEnd;
        if (atEnd != null) {
            LeakTracking.reportAtExit();
        }
    }

    /** {@return how much the heap remembers now} */
    public Level level() {
        return own != null ? own : LeakTracking.level();
    }

    /** {@return whether nothing new is remembered} */
    public boolean isOff() {
        return level() == Level.OFF;
    }

    /** {@return whether every block is remembered} */
    public boolean isFull() {
        return level() == Level.FULL;
    }

    int count() {
        return blocks.size();
    }

    String heap() {
        return heap;
    }

    Collection<TrackedBlock> blocks() {
        return blocks.values();
    }

    boolean reportsItself() {
        return atEnd != null;
    }

    /** {@return the remembered blocks that are live now} */
    public LeakReport report() {
        return LeakReport.of(heap, blocks.values());
    }

    /**
     * Remembers a block, with the calling stack. Called outside the allocator's locks, before anyone else can know the address.
     *
     * @param address where the block begins
     * @param size in bytes, as asked for
     * @param weight for how many allocated bytes it stands
     * @return false if Java's heap has no room for the record; then nothing has changed
     */
    public boolean born(long address, long size, long weight) {
        if (!put(address, size, weight)) {
            return false;
        }
        if (closed) { // after the put, as the close clears after it has said so: one of the two sees the other
            forgetAll();
        }
        return true;
    }

    private boolean put(long address, long size, long weight) {
        Long key = null;
        try {
            if (!listed) {
                LeakTracking.list(this);
                listed = true;
            }
            key = address;
            blocks.put(key, TrackedBlock.bornNow(address, size, weight));
            return true;
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            if (key != null) {
                blocks.remove(key); // it may have been entered, and its counting failed
            }
            return false;
        }
    }

    /**
     * Says whether a block is remembered. Called outside the allocator's locks.
     *
     * @param address where the block begins
     * @return whether it is; also false if Java's heap has no room to look
     */
    public boolean remembers(long address) {
        try {
            return !blocks.isEmpty() && blocks.containsKey(address);
        } catch (OutOfMemoryError javaHeapIsFull) {
            return false;
        }
    }

    /**
     * Says for how many bytes the copy of a remembered block is to stand, when nothing new is remembered. Called outside the
     * allocator's locks.
     *
     * @param address where the block begins
     * @param size of the copy in bytes, as asked for
     * @return the number of bytes; 0 if the block is not remembered, if the level decides whether the copy is, or if Java's heap has
     *     no room to look
     */
    public long weightOfCopy(long address, long size) {
        try {
            TrackedBlock block = isOff() && !blocks.isEmpty() ? blocks.get(address) : null;
            return block == null ? 0 : block.resized(size).weight();
        } catch (OutOfMemoryError javaHeapIsFull) {
            return 0;
        }
    }

    /**
     * Forgets a block. Called outside the allocator's locks, while the address is still taken.
     *
     * @param address where the block begins
     * @return whether the block was remembered
     */
    public boolean died(long address) {
        TrackedBlock block = blocks.remove(address);
        if (block != null) {
            freed(block);
        }
        return block != null;
    }

    private void freed(TrackedBlock block) {
        MemoryEvents.freed(heap, block.address(), block.size(), block.weight(), System.nanoTime() - block.nanoTime());
    }

    /**
     * Forgets a block that is gone already, as {@link #died}; if Java's heap is full, the record stays.
     *
     * @param address where the block began
     */
    public void forget(long address) {
        if (blocks.isEmpty()) {
            return;
        }
        try {
            died(address);
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            // A report may name a block that is gone, until its address is given out again.
        }
    }

    /**
     * Notes the new size of a block that stays where it is. Called outside the allocator's locks.
     *
     * @param address where the block begins, remembered or not
     * @param size in bytes, as asked for from now on
     */
    public void resized(long address, long size) {
        if (listed && !blocks.isEmpty()) {
            resizedSlow(address, size);
        }
    }

    private record Resized(long size) implements BiFunction<Long, TrackedBlock, TrackedBlock> {
        @Override
        public TrackedBlock apply(Long address, TrackedBlock block) {
            return block.resized(size);
        }
    }

    private void resizedSlow(long address, long size) {
        try {
            TrackedBlock ignored = blocks.computeIfPresent(address, new Resized(size));
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            // A report has the size that the block had.
        }
    }

    /**
     * Forgets a block before it moves, since its address may be another block's before the caller knows where this one is now.
     * Called outside the allocator's locks.
     *
     * @param address where the block begins
     * @param move moves the block; if it returns 0 or throws, the block has stayed as it is, and is remembered as before
     * @return the result of {@code move}
     */
    public long moving(long address, LongSupplier move) {
        TrackedBlock block = blocks.isEmpty() ? null : blocks.remove(address);
        long moved = 0;
        try {
            moved = move.getAsLong();
            return moved;
        } finally {
            if (block != null) {
                stayedOrMoved(block, moved == 0);
            }
        }
    }

    private void stayedOrMoved(TrackedBlock block, boolean stayed) {
        try {
            if (!stayed) {
                freed(block);
                return;
            }
            blocks.put(block.address(), block);
            if (closed) {
                forgetAll();
            }
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            // A report has a block less, or a recording an event.
        }
    }

    /**
     * Remembers nothing from now on. Called under the lock of the heap that is closing, before any of its blocks goes. So it does
     * nothing that may wait for another thread; {@link #forgetAll} does that later.
     */
    public void close() {
        closed = true;
        if (atEnd != null) {
            leftAtClose = stillLive();
        }
    }

    /** Nothing where Java's heap has no room for the list: the heap closes all the same. */
    private Collection<TrackedBlock> stillLive() {
        try {
            return List.copyOf(blocks.values());
        } catch (OutOfMemoryError javaHeapIsFull) {
            return List.of();
        }
    }

    /** Forgets all blocks, after the {@link #close}. Called outside the allocator's locks: a map's entries are behind monitors. */
    public void forgetAll() {
        blocks.clear();
        LeakTracking.unlist(this);
    }

    /** Reports once what was live at the {@link #close}, however often it is called. Called outside the allocator's locks. */
    public void reportClose() {
        LeakReport report = takeReport();
        if (atEnd != null && report != null) {
            atEnd.accept(report);
        }
    }

    /** Where there is no room to make it, the next call does. */
    private synchronized @Nullable LeakReport takeReport() {
        LeakReport report = leftAtClose.isEmpty() ? null : LeakReport.of(heap, leftAtClose);
        leftAtClose = List.of();
        return report;
    }

    void reportExit() {
        if (atEnd != null && !blocks.isEmpty()) {
            atEnd.accept(LeakReport.of(heap, blocks.values()));
        }
    }
}
