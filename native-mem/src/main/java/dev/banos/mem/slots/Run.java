package dev.banos.mem.slots;

import dev.banos.mem.system.Budget;
import dev.banos.mem.system.Reservation;
import dev.banos.mem.system.Words;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A span, or several, cut into slots of one size. Lives as long as the spans serve this size class for this pool; its
 * pool never changes, because a pool outlives its thread and is handed on as a whole.
 *
 * <p>A slot is free when its bit is set in the local bitmap, which only the owner writes, or in the remote one: another
 * thread's free sets a bit there, and queues the run with its owner, once.
 *
 * <p>Invariant, as the owner sees it, for each word but the one that the bin serves from:
 * {@code summary bit w is set == (local word w != 0)}.
 */
public final class Run {
    private static final VarHandle LIMIT = handle();

    /** Holds no block: for where there is no run. */
    static final Run NONE = new Run();

    public final SlotPool owner;
    public final Bin bin;
    public final long base;
    public final long slotBytes;
    public final int slots;
    /** The addresses of the bits of slot 0, in the sense of {@link Words}. */
    final long local;
    final long remote;
    /** A word of the bitmap in which every slot is free: the same for all words, because the last is never cut short. */
    final long fullWord;
    /** {@code slotBytes == odd << shift}, and {@code odd * inverse == 1}: see {@link #slotAt}. */
    private final long inverse;
    private final int shift;

    /**
     * {@link #slots}; 0 from the first remote free until the owner takes the run from its queue. So the owner's free asks
     * with one comparison whether a slot begins at the address, and whether others may have freed what it does not see.
     */
    private long limit;
    /** What a word becomes when the owner is to look whether the run is empty: {@link #fullWord}, or 0 for never. */
    long watched;
    /** Written by the owner only, as all below. */
    long summary;
    boolean listed;
    /** Volatile: another thread's free reads it behind its hold, see {@link Hazards}. */
    volatile boolean retired;
    @Nullable Run previous;
    @Nullable Run next;
    int indexInPool;
    @Nullable Run nextQueued;

    Run(Bin bin, int firstSpan, long local) {
        this.owner = bin.pool;
        this.bin = bin;
        this.base = Spans.address(firstSpan);
        this.slotBytes = bin.slotBytes;
        this.slots = SizeClasses.slots(bin.sizeClass);
        this.local = local;
        this.remote = Bitmaps.remote(local);
        this.shift = Long.numberOfTrailingZeros(slotBytes);
        this.inverse = inverse(slotBytes >>> shift);
        this.limit = slots;
        int words = Bitmaps.words(slots);
        this.summary = -1L >>> (Long.SIZE - words);
        this.fullWord = slots < Long.SIZE ? (1L << slots) - 1 : -1L;
        this.watched = fullWord;
    }

    /**
     * A run with all slots free, which is in the table of runs and no pool yet. What this and the two below it took goes back in
     * {@code finally}: Java's heap or the stack may come to its end anywhere.
     *
     * @return null when the system has no more memory, or the heap's budget
     */
    static @Nullable Run make(Bin bin) {
        Budget budget = bin.pool.domain.budget;
        int spans = SizeClasses.spans(bin.sizeClass);
        if (!budget.reserve(spans * SizeClasses.SPAN_BYTES)) {
            return null;
        }
        Run run = null;
        try {
            run = takeSpans(bin, spans);
            return run;
        } finally {
            if (run == null) {
                budget.release(spans * SizeClasses.SPAN_BYTES);
            }
        }
    }

    private static @Nullable Run takeSpans(Bin bin, int spans) {
        int first = Spans.take(spans);
        if (first == Spans.NONE) {
            return null;
        }
        Run run = null;
        try {
            run = takeBitmaps(bin, first);
            return run;
        } finally {
            if (run == null) {
                Spans.giveBack(first, spans);
            }
        }
    }

    private static @Nullable Run takeBitmaps(Bin bin, int firstSpan) {
        int slots = SizeClasses.slots(bin.sizeClass);
        long bitmaps = Bitmaps.take(slots);
        if (bitmaps == 0) {
            return null;
        }
        boolean entered = false;
        try {
            Run run = new Run(bin, firstSpan, bitmaps);
            RunTable.put(run);
            entered = true;
            return run;
        } finally {
            if (!entered) {
                Bitmaps.giveBack(bitmaps, slots);
            }
        }
    }

    private Run() {
        owner = SlotPool.NOBODY;
        bin = Bin.NEVER;
        base = 0;
        slotBytes = 0;
        slots = 0;
        local = 0;
        remote = 0;
        fullWord = 0;
        inverse = 0;
        shift = 0;
    }

    /** Modulo 2^64, by Newton's iteration: an odd number is its own inverse in 3 bits, and each step doubles these. */
    private static long inverse(long odd) {
        long inverse = odd;
        for (int exactBits = 3; exactBits < Long.SIZE; exactBits *= 2) {
            inverse *= 2 - odd * inverse;
        }
        return inverse;
    }

    int firstSpan() {
        return (int) ((base - Reservation.BASE) / SizeClasses.SPAN_BYTES);
    }

    int spans() {
        return SizeClasses.spans(bin.sizeClass);
    }

    int words() {
        return Bitmaps.words(slots);
    }

    /** Owner: the first slot from {@code slot} on that is free; {@link #slots} where none is. */
    int nextFree(int slot) {
        return next(slot, 0);
    }

    /** Owner: the first slot from {@code slot} on that is not; {@link #slots} where all are. */
    int nextUsed(int slot) {
        return next(slot, -1L);
    }

    private int next(int slot, long flip) {
        for (int from = slot; from < slots; from = (from & -Long.SIZE) + Long.SIZE) {
            long found = (Words.get(local + from) ^ flip) & -1L << from;
            if (found != 0) {
                return Math.min((from & -Long.SIZE) + Long.numberOfTrailingZeros(found), slots);
            }
        }
        return slots;
    }

    /** Owner: whether no slot is in use. */
    boolean isEmpty() {
        for (int w = 0; w < words(); w++) {
            if (Words.get(local + w * Long.SIZE) != fullWord) {
                return false;
            }
        }
        return true;
    }

    /**
     * The slot that begins at an address, or what is not below {@link #slots} as an unsigned number. A division that is
     * exact is a multiplication by the inverse modulo 2^64, and the rotation puts bits that the shift should not have met
     * where they make the number huge. Multiplication and rotation lose nothing, so no two addresses have one result: what
     * is below {@code slots} is right, whatever address it came from.
     */
    private long slotAt(long address) {
        return Long.rotateRight((address - base) * inverse, shift);
    }

    /** Whether a slot begins at {@code address}. */
    boolean begins(long address) {
        return Long.compareUnsigned(slotAt(address), slots) < 0;
    }

    /** The slot that holds the byte at {@code address}, which lies in this run. */
    public int slotHolding(long address) {
        return (int) ((address - base) / slotBytes);
    }

    /**
     * The owner's free.
     *
     * @return whether a live block began there, and nobody else's frees are to be asked; if not, nothing has changed
     */
    public boolean free(long address) {
        long slot = slotAt(address);
        return Long.compareUnsigned(slot, limit) < 0 && freeSlot(slot);
    }

    /** Owner: whether a live block begins there, and nobody else's frees are to be asked. */
    public boolean holds(long address) {
        long slot = slotAt(address);
        return Long.compareUnsigned(slot, limit) < 0 && (Words.get(local + slot) & 1L << slot) == 0;
    }

    /**
     * As {@link #free}, in the run that its bin serves from, which is not watched, where it is done by setting a bit.
     *
     * @param offset of the address from {@link #base}
     * @return whether it was done; if not, {@link #free} has to say
     */
    boolean freeQuietly(long offset) {
        long slot = Long.rotateRight(offset * inverse, shift);
        if (Long.compareUnsigned(slot, limit) >= 0) {
            return false;
        }
        long bit = local + slot;
        long free = Words.get(bit);
        long more = free | 1L << bit;
        if (more == free || free == 0) {
            return false;
        }
        Words.put(bit, more);
        return true;
    }

    /**
     * This and what it calls are in parts of at most 35 bytecodes, which the compiler takes into their callers however rare it
     * thinks them: a program that first frees much that is no slot of ours otherwise gets a call here for good.
     */
    private boolean freeSlot(long slot) {
        long bit = local + slot;
        return setFree(bit, Words.get(bit));
    }

    private boolean setFree(long bit, long free) {
        long more = free | 1L << bit;
        return more != free && write(bit, free, more);
    }

    private boolean write(long bit, long free, long more) {
        Words.put(bit, more);
        if (free == 0 || more == watched) {
            wordChanged(bit);
        }
        return true;
    }

    private void wordChanged(long bit) {
        bin.wordChanged(this, bit - local);
    }

    /** {@link #free} with other threads' frees in mind. */
    boolean freeSlow(long address) {
        return isLive(address) && freeSlot(slotAt(address));
    }

    /**
     * As {@link #freeSlow}, by who may allocate here and holds the slot until this returns. Where Java's heap or the stack comes to its end
     * in what an empty run, or one that is no longer full, gives rise to, the block is freed, and the caller must hear so.
     *
     * @return where it throws, nothing has changed
     */
    boolean freeOrNothing(long address) {
        try {
            return freeSlow(address);
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            if (isLive(address)) {
                throw tooLittleLeft;
            }
            return true;
        }
    }

    /**
     * Any thread: whether a block begins at {@code address} and is in use, as far as the caller can know. It looks last whether the run is
     * gone: then the bits may have been another's.
     */
    public boolean isLive(long address) {
        return begins(address) && isSlotLive(slotAt(address)) && !retired;
    }

    private boolean isSlotLive(long slot) {
        return !isFreeLocally(slot) && (Words.getAcquire(remote + slot) & 1L << slot) == 0;
    }

    private boolean isFreeLocally(long slot) {
        return (Words.getAcquire(local + slot) & 1L << slot) != 0;
    }

    /** The slots of a bitmap word that are in use, as far as the caller can know. */
    long liveWord(int index) {
        int slot = index * Long.SIZE;
        return fullWord & ~(Words.getAcquire(local + slot) | Words.getAcquire(remote + slot));
    }

    /**
     * Another thread's free.
     *
     * @return whether a live block began there; if not, nothing has changed
     */
    boolean freeRemotely(long address) {
        if (!begins(address) || !setRemotely(slotAt(address))) {
            return false;
        }
        // The owner restores the limit before it looks at the bits. If the limit is still 0, the owner has yet to look,
        // and will see our bit. If it is not, whoever makes it 0 queues the run, so that the owner looks again.
        if ((long) LIMIT.getVolatile(this) != 0 && (long) LIMIT.compareAndExchange(this, (long) slots, 0L) == slots) {
            owner.enqueue(this);
        }
        return true;
    }

    /** @return whether a live block was in the slot; if not, nothing has changed */
    private boolean setRemotely(long slot) {
        long bit = 1L << slot;
        int held = Hazards.hold(local);
        try {
            // Only now: who retires the run after this look does not give its bitmaps to another before the release. A live slot
            // has been free nowhere since before its address left malloc: a bit found here was freed already.
            return !retired && !isFreeLocally(slot) && (Words.getAndOr(remote + slot, bit) & bit) == 0;
        } finally {
            Hazards.release(held);
        }
    }

    /**
     * The owner's turn: moves remote bits into the local bitmap.
     *
     * @return how many slots were found in both, which two threads freed at the same instant
     */
    int foldRemote() {
        LIMIT.setVolatile(this, (long) slots);
        if (retired) {
            return 0; // it was queued by a free that had already been folded in
        }
        int freedTwice = 0;
        for (int w = 0; w < words(); w++) {
            if (Words.getVolatile(remote + w * Long.SIZE) != 0) { // an acquire could come before the write of the limit
                freedTwice += addFree(w, Words.getAndSet(remote + w * Long.SIZE, 0));
            }
        }
        return freedTwice;
    }

    private int addFree(int index, long bits) {
        long slot = index * Long.SIZE;
        long free = Words.get(local + slot);
        if ((bits & ~free) != 0) {
            Words.put(local + slot, free | bits);
            bin.wordChanged(this, slot);
        }
        return Long.bitCount(free & bits);
    }

    /** Shows the slots that are in use, as far as the caller can know. */
    void walk(SlotPool.Visitor visitor) {
        for (int w = 0; w < words(); w++) {
            for (long live = liveWord(w); live != 0; live &= live - 1) {
                int slot = w * Long.SIZE + Long.numberOfTrailingZeros(live);
                visitor.slot(base + slot * slotBytes, slotBytes);
            }
        }
    }

    /** Of one that is in its pool no more. Java's heap or the stack may come to its end anywhere. */
    void giveBackMemory() {
        try {
            Bitmaps.giveBack(local, slots);
        } finally {
            giveBackSpans();
        }
    }

    private void giveBackSpans() {
        try {
            Spans.giveBack(firstSpan(), spans());
        } finally {
            owner.domain.budget.release(spans() * SizeClasses.SPAN_BYTES);
        }
    }

    private static VarHandle handle() {
        try {
            return MethodHandles.lookup().findVarHandle(Run.class, "limit", long.class).withInvokeExactBehavior();
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }
}
