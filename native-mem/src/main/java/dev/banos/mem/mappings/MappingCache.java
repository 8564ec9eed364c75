package dev.banos.mem.mappings;

import dev.banos.lock.SpinLock;
import dev.banos.mem.event.MemoryEvents;
import dev.banos.mem.system.Budget;
import dev.banos.mem.system.Kernel;
import dev.banos.mem.system.MappingTable;
import dev.banos.mem.system.Unmapping;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Direct mappings of one heap that were freed and are kept for its next block of the same length, at most so many bytes.
 * Off unless asked for: what is kept is memory that the system does not have, and a write to a block after its free, which
 * without the cache stops the program, finds memory there.
 *
 * <pre>
 *   pages     1  2 ... 16   18  20 ... 32   36 ...      lengths are rounded up to these: less than one eighth is added
 *   stack     |  |     |    |   |      |    |
 *                     top  <- malloc and free
 *                     ...
 *                    bottom                             what lay below every malloc for a whole delay goes back
 * </pre>
 *
 * <p>Where there is no room for one more, the one goes that was kept for longest, whatever its length, if it has seen many others come:
 * programs that let blocks grow free more of the long lengths than they ask for, and these must not keep out what is in use by
 * turns. If it has not, the new one is not kept: a program that frees more than there is room for, and asks for all of it again in the
 * same order, would otherwise never find the next.
 *
 * <p>A kept mapping is in no registry of blocks, so each use of its address is refused; it stays charged to the budget. The lowest
 * bit of a {@link #kept} number is set where the mapping asks for huge pages, which it goes on to do as the next block.
 *
 * <p>What goes back is unmapped outside the lock, and until then counts as kept, as the budget is charged for it. Who wants all of it to
 * be back, for room at a limit or for a close, waits for those who have some in hand: as by turns they count in one of two sums, only for
 * those who had it before.
 */
public final class MappingCache {
    private static final int STEPS_PER_DOUBLING = 8;
    private static final int LOG_STEPS = Integer.numberOfTrailingZeros(STEPS_PER_DOUBLING);
    private static final int INITIAL_DEPTH = 8;
    /** A mapping may go to make room when so many times more have been freed since then than are kept. */
    private static final long PATIENCE = 4;
    private static final long HUGE = 1;
    /** Set in a number of one that is to be unmapped, where it counts in the second sum. */
    private static final long SECOND = 2;
    /** As many leave the bottom of a stack under the lock. */
    private static final int AT_ONCE = 64;

    private static final SpinLock ALL_LOCK = new SpinLock();
    /** Those of heaps that are open, and of malloc. */
    private static final List<MappingCache> ALL = new ArrayList<>();

    private final Budget budget;
    private final long capacity;
    /** Called when the cache has something more to give back, some time later: {@link #age}. */
    private final Runnable whenPut;
    private final SpinLock lock = new SpinLock();
    private final long[][] stacks;
    /** For each of the {@link #stacks} when it was put there. */
    private final long[][] times;
    /** How many mappings were to be kept until now. */
    private long now;
    private final int[] depths;
    /** The least depth since the last {@link #age}: what lies below it was not used since then. */
    private final int[] leastDepths;
    private long bytes;
    /**
     * The bytes of mappings that some thread has taken to unmap them, by the turn in which it did. They become more under the lock, and
     * fewer without it: the stack may have no room for the lock, and who waits for them would wait for good.
     */
    private final AtomicLongArray leaving = new AtomicLongArray(2);
    /** It ends when nothing is left of the one before. */
    private long turn;
    private boolean closed;

    private MappingCache(Budget budget, long capacity, Runnable whenPut) {
        this.budget = budget;
        this.capacity = capacity;
        this.whenPut = whenPut;
        int classes = indexOf(capacity) + 1;
        this.stacks = new long[classes][];
        this.times = new long[classes][];
        this.depths = new int[classes];
        this.leastDepths = new int[classes];
        leaving.addAndGet(0, leaving.get(0)); // linked by their first use, for which a free may find no room in Java's heap
    }

    /**
     * @param capacity in bytes; for less than a page there is no cache, and this is null
     * @param whenPut is called by each thread that puts a mapping into it
     */
    public static @Nullable MappingCache make(Budget budget, long capacity, Runnable whenPut) {
        return capacity < Kernel.PAGE_BYTES ? null : new MappingCache(budget, capacity, whenPut);
    }

    /** From here on it is among all caches, until the {@link #close}. */
    void open() {
        ALL_LOCK.lock();
        try {
            ALL.add(this);
        } finally {
            ALL_LOCK.unlock();
        }
    }

    long capacity() {
        return capacity;
    }

    /** @return for {@link #put} */
    static long kept(long address, boolean huge) {
        return huge ? address | HUGE : address;
    }

    static long address(long kept) {
        return kept & -Kernel.PAGE_BYTES;
    }

    static boolean isHuge(long kept) {
        return (kept & HUGE) != 0;
    }

    /** The least length of a class that holds {@code bytes}. */
    static long rounded(long bytes) {
        long last = bytes / Kernel.PAGE_BYTES - 1;
        int step = step(last);
        return ((last >>> step) + 1 << step) * Kernel.PAGE_BYTES;
    }

    private static int indexOf(long bytes) {
        long last = bytes / Kernel.PAGE_BYTES - 1;
        int step = step(last);
        return (step << LOG_STEPS) + (int) (last >>> step);
    }

    /** Up to sixteen pages each length is its own class; then there are eight to a doubling. */
    private static int step(long last) {
        return Long.SIZE - 1 - LOG_STEPS - Long.numberOfLeadingZeros(last | STEPS_PER_DOUBLING);
    }

    /** @param length a {@link #rounded} one; a mapping with whatever was in it, as it was {@link #kept}, or 0 */
    long take(long length) {
        int index = indexOf(length);
        if (index >= depths.length) {
            return 0;
        }
        lock.lock();
        try {
            return depths[index] == 0 ? 0 : takeHighest(index);
        } finally {
            lock.unlock();
        }
    }

    /**
     * For who may have to put it back from within so many calls: where there is not as much stack this throws, and nothing has changed.
     *
     * @param calls of this by itself before it begins
     */
    long take(long length, int calls) {
        return calls > 0 ? take(length, calls - 1) : take(length);
    }

    /** As {@link #take(long)}, and it is that heap's block before it leaves the cache: where that throws, it is kept as it was. */
    long takeBlock(long length, DirectMappings owner) {
        int index = indexOf(length);
        if (index >= depths.length) {
            return 0;
        }
        lock.lock();
        try {
            if (depths[index] == 0) {
                return 0;
            }
            long kept = stacks[index][depths[index] - 1];
            long address = owner.register(address(kept), MappingTable.extent(length, isHuge(kept)));
            long ignored = takeHighest(index);
            return address;
        } finally {
            lock.unlock();
        }
    }

    private long takeHighest(int index) {
        int depth = --depths[index];
        leastDepths[index] = Math.min(leastDepths[index], depth);
        bytes -= lengthOf(index);
        return stacks[index][depth];
    }

    /** @param kept of {@link #kept} @return whether the cache has it now; if not, it is the caller's */
    boolean put(long kept, long length) {
        if (length > capacity || rounded(length) != length) {
            return false;
        }
        if (isRoomToMake(length)) {
            while (length > capacity - bytes() && giveBackOldest()) {
                // until there is room, or another thread has taken or put some
            }
        }
        boolean pushed = push(kept, length);
        if (pushed) {
            tellOfPut();
        }
        return pushed;
    }

    /** The put has happened, and its caller must hear so: where this comes to nothing, the next one tells. */
    private void tellOfPut() {
        try {
            whenPut.run();
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            return;
        }
    }

    /** Whether there is none for it, and would be without those that are old: where they would not do, they stay. */
    private boolean isRoomToMake(long length) {
        lock.lock();
        try {
            long missing = length - (capacity - held());
            if (missing <= 0) {
                return false;
            }
            long count = 0;
            for (int depth : depths) {
                count += depth;
            }
            long lastOld = now - PATIENCE * count - 1;
            for (int i = 0; i < depths.length && missing > 0; i++) {
                for (int depth = 0; depth < depths[i] && times[i][depth] <= lastOld && missing > 0; depth++) {
                    missing -= lengthOf(i);
                }
            }
            return missing <= 0;
        } finally {
            lock.unlock();
        }
    }

    /** Unmaps outside the lock. @return whether there was one that is old */
    private boolean giveBackOldest() {
        int index;
        long oldest;
        lock.lock();
        try {
            index = indexOfOldest();
            if (index < 0) {
                return false;
            }
            oldest = stacks[index][0];
            removeLowest(index, 1);
            oldest = leaving(oldest, lengthOf(index));
        } finally {
            lock.unlock();
        }
        giveBack(oldest, lengthOf(index));
        return true;
    }

    /** @return less than 0: nothing is kept, or nothing for long */
    private int indexOfOldest() {
        int oldest = -1;
        long count = 0;
        for (int i = 0; i < depths.length; i++) {
            count += depths[i];
            if (depths[i] > 0 && (oldest < 0 || times[i][0] < times[oldest][0])) {
                oldest = i;
            }
        }
        return oldest >= 0 && now - times[oldest][0] > PATIENCE * count ? oldest : -1;
    }

    private boolean push(long kept, long length) {
        lock.lock();
        try {
            return !closed && pushLocked(kept, length);
        } finally {
            lock.unlock();
        }
    }

    private boolean pushLocked(long kept, long length) {
        int index = indexOf(length);
        now++;
        if (length > capacity - held() || !hasRoom(index)) {
            return false;
        }
        enter(kept, index, length);
        return true;
    }

    private void enter(long kept, int index, long length) {
        times[index][depths[index]] = now;
        stacks[index][depths[index]++] = kept;
        bytes += length;
    }

    /**
     * What could not be given back is kept on, also by a cache that is closed; where Java's heap has no room for that, it is unmapped
     * later, as one that the kernel refused. For who throws what kept it from that: of this nothing is thrown, and where there is no
     * stack for the lock, it is lost.
     */
    private void keepOn(long kept, long length) {
        boolean isKept = false;
        try {
            isKept = pushAgain(kept, length);
            if (!isKept) {
                Unmapping.keep(address(kept), length);
                budget.release(length);
            }
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            // The caller has another one to throw.
        } finally {
            if (!isKept) {
                leaving.addAndGet(turnOf(kept), -length);
            }
        }
    }

    /** It counts all the time: else a close would not wait for it, and another put could take its room. */
    private boolean pushAgain(long kept, long length) {
        int index = indexOf(length);
        lock.lock();
        try {
            if (!hasRoom(index)) {
                return false;
            }
            now++;
            enter(kept & ~SECOND, index, length);
            leaving.addAndGet(turnOf(kept), -length);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private boolean hasRoom(int index) {
        if (stacks[index] != null && depths[index] < stacks[index].length) {
            return true;
        }
        try {
            int capacity = Math.max(INITIAL_DEPTH, depths[index] * 2);
            long[] longerTimes = times[index] == null ? new long[capacity] : Arrays.copyOf(times[index], capacity);
            stacks[index] = stacks[index] == null ? new long[capacity] : Arrays.copyOf(stacks[index], capacity);
            times[index] = longerTimes;
            return true;
        } catch (OutOfMemoryError javaHeapIsFull) {
            return false; // then the mapping is not kept
        }
    }

    /** Gives back all that is kept, and returns when others have done so with what they had in hand. */
    void empty() {
        for (int i = 0; i < depths.length; i++) {
            for (long kept = takeToLeave(i); kept != 0; kept = takeToLeave(i)) {
                giveBack(kept, lengthOf(i));
            }
        }
        awaitLeaving();
    }

    private long takeToLeave(int index) {
        lock.lock();
        try {
            return depths[index] == 0 ? 0 : leaving(takeHighest(index), lengthOf(index));
        } finally {
            lock.unlock();
        }
    }

    /** Under the lock, of one that is taken out. @return its number for {@link #giveBack} */
    private long leaving(long kept, long length) {
        int now = (int) (turn & 1);
        leaving.addAndGet(now, length);
        return now == 0 ? kept : kept | SECOND;
    }

    private static int turnOf(long kept) {
        return (kept & SECOND) == 0 ? 0 : 1;
    }

    /** For a thread that has none in hand, and holds no lock. */
    private void awaitLeaving() {
        long begun = -1;
        for (int tries = 1; true; tries++) {
            lock.lock();
            try {
                begun = begun < 0 ? turn : begun;
                if (leaving.get((int) (turn + 1 & 1)) == 0) {
                    turn++;
                }
                if (held() == bytes || turn > begun + 1) { // the turn in which this began is over, and nothing left of it
                    return;
                }
            } finally {
                lock.unlock();
            }
            SpinLock.pause(tries);
        }
    }

    private void giveBack(long kept, long length) {
        boolean isDone = false;
        try {
            Unmapping.unmap(address(kept), length);
            isDone = true;
            budget.release(length);
        } finally {
            if (isDone) {
                leaving.addAndGet(turnOf(kept), -length);
            } else {
                keepOn(kept, length);
            }
        }
        MemoryEvents.mapping("unmap", address(kept), length);
    }

    /** Gives back all that is kept, and keeps no more. */
    void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        do {
            empty();
        } while (bytes() > 0); // another thread could not give back what it had in hand
        ALL_LOCK.lock();
        try {
            ALL.remove(this);
        } finally {
            ALL_LOCK.unlock();
        }
    }

    /** Of what the budget is charged for: also what is on its way out. */
    long bytes() {
        lock.lock();
        try {
            return held();
        } finally {
            lock.unlock();
        }
    }

    private long held() {
        return bytes + leaving.get(0) + leaving.get(1);
    }

    public static long allBytes() {
        long sum = 0;
        for (MappingCache cache : all()) {
            sum += cache.bytes();
        }
        return sum;
    }

    /** Whether any cache {@link #keeps} it: for messages. */
    public static boolean isKept(long address) {
        for (MappingCache cache : all()) {
            if (cache.keeps(address)) {
                return true;
            }
        }
        return false;
    }

    /** Whether this one keeps the mapping that begins at {@code address}; a search through all that it keeps. */
    boolean keeps(long address) {
        lock.lock();
        try {
            for (int i = 0; i < depths.length; i++) {
                for (int depth = 0; depth < depths[i]; depth++) {
                    if (address(stacks[i][depth]) == address) {
                        return true;
                    }
                }
            }
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** Gives back what no malloc has reached since this was called before. @return how many bytes are still kept */
    public static long age() {
        long[] batch = new long[AT_ONCE];
        long sum = 0;
        for (MappingCache cache : all()) {
            for (int i = 0; i < cache.depths.length; i++) {
                cache.giveBackUnused(i, batch);
            }
            sum += cache.bytes();
        }
        return sum;
    }

    /** Whose caches keep something now, and how many bytes. */
    public static Map<Budget, Long> bytesByBudget() {
        return all().stream().filter(cache -> cache.bytes() > 0)
                .collect(Collectors.toMap(cache -> cache.budget, MappingCache::bytes, Long::sum));
    }

    static int openCaches() {
        return all().size();
    }

    private static List<MappingCache> all() {
        ALL_LOCK.lock();
        try {
            return List.copyOf(ALL);
        } finally {
            ALL_LOCK.unlock();
        }
    }

    /** Unmaps outside the lock, some at a time: what lies above moves down once for all of them. */
    private void giveBackUnused(int index, long[] batch) {
        for (int count = takeUnused(index, batch); count > 0; count = takeUnused(index, batch)) {
            giveBackAll(batch, count, lengthOf(index));
        }
    }

    private void giveBackAll(long[] batch, int count, long length) {
        int begun = 0;
        try {
            while (begun < count) {
                giveBack(batch[begun++], length);
            }
        } finally {
            while (begun < count) {
                keepOn(batch[begun++], length);
            }
        }
    }

    /** @return how many are in {@code batch} now; 0: there is none, and from now on what is kept counts as unused */
    private int takeUnused(int index, long[] batch) {
        lock.lock();
        try {
            int count = Math.min(leastDepths[index], batch.length);
            if (count == 0) {
                leastDepths[index] = depths[index];
                return 0;
            }
            System.arraycopy(stacks[index], 0, batch, 0, count);
            removeLowest(index, count);
            for (int i = 0; i < count; i++) {
                batch[i] = leaving(batch[i], lengthOf(index));
            }
            return count;
        } finally {
            lock.unlock();
        }
    }

    /** What was not used lies at the bottom, and is so many less. */
    private void removeLowest(int index, int count) {
        depths[index] -= count;
        System.arraycopy(stacks[index], count, stacks[index], 0, depths[index]);
        System.arraycopy(times[index], count, times[index], 0, depths[index]);
        bytes -= count * lengthOf(index);
        leastDepths[index] = Math.max(0, leastDepths[index] - count);
    }

    private static long lengthOf(int index) {
        int step = Math.max(0, index / STEPS_PER_DOUBLING - 1);
        return (index - (step << LOG_STEPS) + 1L << step) * Kernel.PAGE_BYTES;
    }

    /** The invariants; true, or an {@link AssertionError} that says which is broken. */
    boolean isValid() {
        lock.lock();
        try {
            long sum = 0;
            for (int i = 0; i < depths.length; i++) {
                assert rounded(lengthOf(i)) == lengthOf(i) && indexOf(lengthOf(i)) == i : "class " + i;
                assert leastDepths[i] <= depths[i] : "least depth " + leastDepths[i] + " of " + depths[i];
                for (int depth = 1; depth < depths[i]; depth++) {
                    assert times[i][depth - 1] < times[i][depth] : "class " + i + " is not in the order of time at " + depth;
                }
                sum += depths[i] * lengthOf(i);
            }
            assert sum == bytes && held() <= capacity : "kept " + sum + ", counted " + bytes + ", held " + held() + " of " + capacity;
            assert leaving.get(0) >= 0 && leaving.get(1) >= 0 : "leaving " + leaving;
            return true;
        } finally {
            lock.unlock();
        }
    }
}
