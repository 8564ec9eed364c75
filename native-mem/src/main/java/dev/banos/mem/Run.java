package dev.banos.mem;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A span, or several, cut into slots of one size. Lives as long as the spans serve this size class for this pool; its
 * pool never changes, because a pool outlives its thread and is handed on as a whole.
 *
 * <p>A slot is free when its bit is set in the local bitmap, which only the owner writes, or in the word that the bin has
 * in hand. Another thread's free sets a bit in the remote bitmap, and queues the run with its owner, once.
 *
 * <p>Invariant, as the owner sees it: {@code summary bit w is set == (local[w] != 0)}.
 */
final class Run {
    private static final VarHandle QUEUED = handle();
    /** Large enough that the rounding error of the reciprocal cannot reach the quotient: see {@link #slotOf}. */
    private static final int RECIPROCAL_BITS = 40;

    final SlotPool owner;
    final Bin bin;
    final long base;
    final long slotBytes;
    final int slots;
    final long local;
    final long remote;
    /** A word of the bitmap in which every slot is free: the same for all words, because the last is never cut short. */
    final long fullWord;
    private final long reciprocal;

    /** Written by the owner only. */
    long summary;
    boolean listed;
    boolean retired;
    Run previous;
    Run next;
    int indexInPool;

    /** 1 from the first remote free until the owner takes the run from its queue. */
    private int queued;
    Run nextQueued;

    Run(Bin bin, int firstSpan, long bitmaps) {
        this.owner = bin.pool;
        this.bin = bin;
        this.base = Spans.address(firstSpan);
        this.slotBytes = bin.slotBytes;
        this.slots = SizeClasses.slots(bin.sizeClass);
        this.local = bitmaps;
        this.remote = bitmaps + Bitmaps.remoteOffset(slots);
        this.reciprocal = (1L << RECIPROCAL_BITS) / slotBytes + 1;
        int words = Bitmaps.words(slots);
        this.summary = -1L >>> (Long.SIZE - words);
        this.fullWord = slots < Long.SIZE ? (1L << slots) - 1 : -1L;
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

    /** Owner: whether no slot is in use, nor in hand. */
    boolean isEmpty() {
        for (int w = 0; w < words(); w++) {
            if (Words.get(local + w * Words.BYTES) != fullWord) {
                return false;
            }
        }
        return true;
    }

    /**
     * The slot that holds the byte at {@code offset} from {@link #base}: a division by multiplication. The reciprocal is
     * too large by less than 1 part in 2^40 / slotBytes, offsets are below 2^20 and slots at most 2^16 bytes, so the
     * product is off by less than 2^36 of the 2^40 that make a slot.
     */
    int slotOf(long offset) {
        return (int) ((offset * reciprocal) >>> RECIPROCAL_BITS);
    }

    /** Whether a slot begins at {@code offset}. */
    boolean begins(int slot, long offset) {
        return slot * slotBytes == offset && slot < slots;
    }

    long localWord(int slot) {
        return local + (slot >>> 6) * Words.BYTES;
    }

    private long remoteWord(int slot) {
        return remote + (slot >>> 6) * Words.BYTES;
    }

    /** Whether other threads may have freed slots of this run that the owner has not seen. Exact for the owner's own purposes. */
    boolean hasRemoteFrees() {
        return queued != 0;
    }

    /** Any thread: whether the slot is in use, as far as the caller can know. */
    boolean isLive(int slot) {
        return !isFreeLocally(slot) && (Words.getAcquire(remoteWord(slot)) & 1L << slot) == 0;
    }

    private boolean isFreeLocally(int slot) {
        return bin.isFree(localWord(slot), 1L << slot);
    }

    /** The slots of a bitmap word that are in use, as far as the caller can know. */
    long liveWord(int index) {
        long address = local + index * Words.BYTES;
        long free = Words.getAcquire(address) | bin.inHandFrom(address) | Words.getAcquire(remote + index * Words.BYTES);
        return fullWord & ~free;
    }

    /**
     * Another thread's free.
     *
     * @return whether the block was live; if not, nothing has changed
     */
    boolean freeRemotely(int slot) {
        long bit = 1L << slot;
        // A live slot has been free nowhere since before its address left malloc: a bit found here was freed already.
        if (isFreeLocally(slot) || (Words.getAndOr(remoteWord(slot), bit) & bit) != 0) {
            return false;
        }
        // The owner clears the mark before it looks at the bits. If the mark is still set, the owner has yet to look,
        // and will see our bit. If it is clear, whoever sets it queues the run, so that the owner looks again.
        if ((int) QUEUED.getVolatile(this) == 0 && (int) QUEUED.compareAndExchange(this, 0, 1) == 0) {
            owner.enqueue(this);
        }
        return true;
    }

    /**
     * The owner's turn: moves remote bits into the local bitmap.
     *
     * @return how many slots were found in both, which two threads freed at the same instant
     */
    int foldRemote() {
        QUEUED.setVolatile(this, 0);
        if (retired) {
            return 0; // it was queued by a free that had already been folded in
        }
        int freedTwice = 0;
        for (int w = 0; w < words(); w++) {
            long address = remote + w * Words.BYTES;
            if (Words.getAcquire(address) != 0) {
                freedTwice += bin.addFree(this, w, Words.getAndSet(address, 0));
            }
        }
        return freedTwice;
    }

    private static VarHandle handle() {
        try {
            return MethodHandles.lookup().findVarHandle(Run.class, "queued", int.class).withInvokeExactBehavior();
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }
}
