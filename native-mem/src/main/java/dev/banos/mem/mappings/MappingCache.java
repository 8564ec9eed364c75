package dev.banos.mem.mappings;

import dev.banos.lock.SpinLock;
import dev.banos.mem.event.MemoryEvents;
import dev.banos.mem.system.Budget;
import dev.banos.mem.system.Kernel;
import dev.banos.mem.system.MappingTable;
import dev.banos.mem.system.Unmapping;
import java.util.ArrayList;
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
 * <p>Lengths are rounded up to the next of the {@link MappingLengths}, each of which has a stack in {@link KeptMappings}. What lay below
 * every malloc for a whole delay goes back.
 *
 * <p>Where there is no room for one more, the one goes that was kept for longest, whatever its length, if it has seen many others come:
 * programs that let blocks grow free more of the long lengths than they ask for, and these must not keep out what is in use by
 * turns. If it has not, the new one is not kept: a program that frees more than there is room for, and asks for all of it again in the
 * same order, would otherwise never find the next.
 *
 * <p>A kept mapping is in no registry of blocks, so each use of its address is refused; it stays charged to the budget.
 *
 * <p>What goes back is unmapped outside the lock, and until then counts as kept, as the budget is charged for it. Who wants all of it to
 * be back, for room at a limit or for a close, waits for those who have some in hand: as by turns they count in one of two sums, only for
 * those who had it before.
 */
public final class MappingCache {
    enum Push { DONE, REFUSED, WAITS_FOR_OLD }

    /** Set in one that is to be unmapped, where it counts in the second sum. */
    private static final long SECOND = 2 * KeptMappings.HUGE;
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
    /** Under the lock. */
    private final KeptMappings mappings;
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
        this.mappings = new KeptMappings(capacity);
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

    /**
     * @param length one of the {@link MappingLengths}
     * @return a mapping with whatever was in it, as {@link KeptMappings#kept} has it, or 0
     */
    long take(long length) {
        int index = MappingLengths.indexOf(length);
        if (index >= mappings.lengths()) {
            return 0;
        }
        lock.lock();
        try {
            return mappings.isEmpty(index) ? 0 : mappings.takeHighest(index);
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
        int index = MappingLengths.indexOf(length);
        if (index >= mappings.lengths()) {
            return 0;
        }
        lock.lock();
        try {
            if (mappings.isEmpty(index)) {
                return 0;
            }
            long kept = mappings.highest(index);
            long address = owner.register(KeptMappings.address(kept), MappingTable.extent(length, KeptMappings.isHuge(kept)));
            long ignored = mappings.takeHighest(index);
            return address;
        } finally {
            lock.unlock();
        }
    }

    /** @param kept of {@link KeptMappings#kept} @return whether the cache has it now; if not, it is the caller's */
    boolean put(long kept, long length) {
        if (length > capacity || MappingLengths.rounded(length) != length) {
            return false;
        }
        Push push = push(kept, length, true);
        if (push == Push.WAITS_FOR_OLD) {
            while (length > capacity - bytes() && giveBackOldest()) {
                // until there is room, or another thread has taken or put some
            }
            push = push(kept, length, false);
        }
        if (push == Push.DONE) {
            tellOfPut();
        }
        return push == Push.DONE;
    }

    /** The put has happened, and its caller must hear so: where this comes to nothing, the next one tells. */
    private void tellOfPut() {
        try {
            whenPut.run();
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            return;
        }
    }

    /** Unmaps outside the lock. @return whether there was one that is old */
    private boolean giveBackOldest() {
        int index;
        long oldest;
        lock.lock();
        try {
            index = mappings.indexOfOldest();
            if (index < 0) {
                return false;
            }
            oldest = mappings.lowest(index);
            mappings.removeLowest(index, 1);
            oldest = leaving(oldest, MappingLengths.of(index));
        } finally {
            lock.unlock();
        }
        giveBack(oldest, MappingLengths.of(index));
        return true;
    }

    /** @param mayWait whether old ones may go first, if there is no room but would be without them: where they would not do, they stay */
    private Push push(long kept, long length, boolean mayWait) {
        lock.lock();
        try {
            return closed ? Push.REFUSED : pushLocked(kept, length, mayWait);
        } finally {
            lock.unlock();
        }
    }

    private Push pushLocked(long kept, long length, boolean mayWait) {
        int index = MappingLengths.indexOf(length);
        long missing = length - (capacity - held());
        if (missing > 0 && mayWait && mappings.areOld(missing)) {
            return Push.WAITS_FOR_OLD;
        }
        mappings.tick();
        if (missing > 0 || !mappings.hasRoom(index)) {
            return Push.REFUSED;
        }
        mappings.push(index, kept);
        return Push.DONE;
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
                Unmapping.keep(KeptMappings.address(kept), length);
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
        int index = MappingLengths.indexOf(length);
        lock.lock();
        try {
            if (!mappings.hasRoom(index)) {
                return false;
            }
            mappings.tick();
            mappings.push(index, kept & ~SECOND);
            leaving.addAndGet(turnOf(kept), -length);
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Gives back all that is kept, and returns when others have done so with what they had in hand. */
    void empty() {
        for (int i = 0; i < mappings.lengths(); i++) {
            for (long kept = takeToLeave(i); kept != 0; kept = takeToLeave(i)) {
                giveBack(kept, MappingLengths.of(i));
            }
        }
        awaitLeaving();
    }

    private long takeToLeave(int index) {
        lock.lock();
        try {
            return mappings.isEmpty(index) ? 0 : leaving(mappings.takeHighest(index), MappingLengths.of(index));
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
                if (held() == mappings.bytes() || turn > begun + 1) { // the turn in which this began is over, and nothing left of it
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
            Unmapping.unmap(KeptMappings.address(kept), length);
            isDone = true;
            budget.release(length);
        } finally {
            if (isDone) {
                leaving.addAndGet(turnOf(kept), -length);
            } else {
                keepOn(kept, length);
            }
        }
        MemoryEvents.mapping("unmap", KeptMappings.address(kept), length);
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
        return mappings.bytes() + leaving.get(0) + leaving.get(1);
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
            return mappings.has(address);
        } finally {
            lock.unlock();
        }
    }

    /** Gives back what no malloc has reached since this was called before. @return how many bytes are still kept */
    public static long age() {
        long sum = 0;
        for (MappingCache cache : all()) {
            sum += cache.giveBackUnused();
        }
        return sum;
    }

    /** {@link #age} of this one alone. */
    long giveBackUnused() {
        long[] batch = new long[AT_ONCE];
        for (int i = 0; i < mappings.lengths(); i++) {
            giveBackUnused(i, batch);
        }
        return bytes();
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
            giveBackAll(batch, count, MappingLengths.of(index));
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

    /** @return as {@link KeptMappings#takeUnused}, ready for {@link #giveBack} */
    private int takeUnused(int index, long[] batch) {
        lock.lock();
        try {
            int count = mappings.takeUnused(index, batch);
            for (int i = 0; i < count; i++) {
                batch[i] = leaving(batch[i], MappingLengths.of(index));
            }
            return count;
        } finally {
            lock.unlock();
        }
    }

    /** The invariants; true, or an {@link AssertionError} that says which is broken. */
    boolean isValid() {
        lock.lock();
        try {
            assert mappings.isValid();
            assert held() <= capacity : "held " + held() + " of " + capacity;
            assert leaving.get(0) >= 0 && leaving.get(1) >= 0 : "leaving " + leaving;
            return true;
        } finally {
            lock.unlock();
        }
    }
}
