package dev.banos.mem;

import dev.banos.lock.SpinLock;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * One size class of one pool: the bitmap word in hand, and the runs that have free slots. Used by one thread at a time,
 * except {@link #isFree}.
 *
 * <pre>
 *   word  <---- taken out of ---- [run] words...  the run being served from; not in the list
 *   list: head <-> run <-> run <-> tail           runs with free slots, the one to serve from next at the head
 *   full runs are in neither; a free brings one back, to the tail, so that it gathers more before its turn
 * </pre>
 *
 * <p>The word in hand is a field, not native memory, and malloc takes from it while free gives to the bitmap: so the two
 * do not wait for each other's store, which is most of what a malloc and free pair costs (README). To take a word in hand
 * its bits leave the bitmap: a slot is free when its bit is set in either.
 */
final class Bin {
    /**
     * A word of slots up to this size fits the first-level cache: a program that allocates and frees one block over and
     * over may go round in it. A larger slot goes back in hand when it can, to be used again while it is in the cache.
     */
    private static final long LARGEST_ROTATED = 256;
    private static final VarHandle WORD = handle("word", long.class);
    private static final VarHandle VERSION = handle("version", long.class);

    final SlotPool pool;
    final int sizeClass;
    final long slotBytes;

    /** The free slots in hand. */
    long word;
    /** The address of the slot that bit 0 of the word stands for. */
    private long wordBase;
    /** Where the word came from; 0 while none is in hand. */
    private long wordAddress;
    /** Odd while the word is being changed for another: see {@link #isFree}. */
    private long version;
    private Run run;
    private Run head;
    private Run tail;

    Bin(SlotPool pool, int sizeClass) {
        this.pool = pool;
        this.sizeClass = sizeClass;
        this.slotBytes = SizeClasses.slotBytes(sizeClass);
    }

    /** @param free {@link #word} as just read, not 0 */
    long take(long free) {
        word = free & (free - 1);
        return wordBase + Long.numberOfTrailingZeros(free) * slotBytes;
    }

    /** @return a slot's address, or 0: no more memory, a high-water mark is reached, or the {@link Sampler} wants this one */
    long takeSlow() {
        if (pool.sampler.takesAll() || !openWord()) {
            return 0;
        }
        boolean stops = pool.sampler.takesOne(Long.bitCount(word) * slotBytes) || pool.hasReachedMark();
        return stops ? 0 : take(word);
    }

    /** @return whether the slot was not free before; if it was, nothing has changed */
    boolean free(Run of, int slot) {
        long bit = 1L << slot;
        long address = of.localWord(slot);
        long now = Words.get(address);
        long inHand = address == wordAddress ? word : 0;
        if (((now | inHand) & bit) != 0) {
            return false;
        }
        if (address == wordAddress && slotBytes > LARGEST_ROTATED) {
            word = inHand | bit;
            return true;
        }
        long all = now | bit;
        Words.put(address, all);
        if (now == 0 || all == of.fullWord) {
            addedTo(of, slot >>> 6);
        }
        return true;
    }

    /** A word has its first free slot, or its last: the run may have to be listed, or be empty. */
    private void addedTo(Run of, int index) {
        of.summary |= 1L << index;
        if (of == run) {
            return;
        }
        if (!of.listed) {
            append(of);
        }
        if (head != tail && of.isEmpty()) { // one empty run is kept for the next burst
            retire(of);
        }
    }

    /**
     * Adds slots that other threads freed.
     *
     * @return how many of them were free already
     */
    int addFree(Run of, int index, long bits) {
        long address = of.local + index * Words.BYTES;
        long now = Words.get(address);
        long twice = (now | (address == wordAddress ? word : 0)) & bits;
        long added = bits & ~twice;
        Words.put(address, now | added);
        if (added != 0) {
            addedTo(of, index);
        }
        return Long.bitCount(twice);
    }

    /**
     * Any thread: whether a slot is free, in the bitmap or in hand. Exact for a caller that knows of a free of that slot,
     * or of its malloc. Bits move between bitmap and hand only while the version is odd, so who reads both between two
     * looks at the same even version cannot miss one on its way.
     *
     * @param address of the slot's word in the local bitmap
     */
    boolean isFree(long address, long bit) {
        for (int tries = 1;; tries++) {
            long before = (long) VERSION.getAcquire(this);
            long free = Words.getAcquire(address) | (wordAddress == address ? (long) WORD.getOpaque(this) : 0);
            VarHandle.loadLoadFence();
            if ((before & 1) == 0 && (long) VERSION.getOpaque(this) == before) {
                return (free & bit) != 0;
            }
            SpinLock.pause(tries);
        }
    }

    /** The free slots in hand that came from {@code address}; for any thread, as exact as the moment allows. */
    long inHandFrom(long address) {
        return wordAddress == address ? word : 0;
    }

    /** Puts the word in hand back, so that all free slots are where the invariants of {@link Run} want them. */
    void close() {
        Run closed = run;
        if (closed == null) {
            return;
        }
        version++;
        VarHandle.storeStoreFence();
        int index = (int) ((wordAddress - closed.local) / Words.BYTES);
        Words.put(wordAddress, Words.get(wordAddress) | word);
        closed.summary |= word == 0 ? 0 : 1L << index;
        run = null;
        wordAddress = 0;
        word = 0;
        VarHandle.storeStoreFence();
        version++;
        if (closed.summary != 0) {
            append(closed);
        }
    }

    /** Gives back all runs that have no live slot. Call it after {@link #close}. */
    void retireEmpty() {
        Run each = head;
        while (each != null) {
            Run following = each.next;
            if (each.isEmpty()) {
                retire(each);
            }
            each = following;
        }
    }

    private boolean openWord() {
        Run next = nextWithFree();
        if (next == null) {
            pool.foldRemote();
            next = nextWithFree();
        }
        if (next == null) {
            next = pool.addRun(this);
        }
        if (next == null) {
            return false;
        }
        open(next);
        return true;
    }

    private Run nextWithFree() {
        if (run != null && run.summary != 0) {
            return run;
        }
        Run first = head;
        if (first != null) {
            unlink(first);
        }
        return first;
    }

    private void open(Run next) {
        int index = Long.numberOfTrailingZeros(next.summary);
        long address = next.local + index * Words.BYTES;
        long bits = Words.get(address);
        next.summary &= next.summary - 1;
        version++;
        VarHandle.storeStoreFence();
        Words.put(address, 0);
        run = next;
        wordAddress = address;
        wordBase = next.base + index * Long.SIZE * slotBytes;
        word = bits;
        VarHandle.storeStoreFence();
        version++;
    }

    private void retire(Run of) {
        unlink(of);
        pool.removeRun(of);
    }

    private void append(Run of) {
        of.listed = true;
        of.previous = tail;
        of.next = null;
        if (tail == null) {
            head = of;
        } else {
            tail.next = of;
        }
        tail = of;
    }

    private void unlink(Run of) {
        if (of.previous == null) {
            head = of.next;
        } else {
            of.previous.next = of.next;
        }
        if (of.next == null) {
            tail = of.previous;
        } else {
            of.next.previous = of.previous;
        }
        of.previous = null;
        of.next = null;
        of.listed = false;
    }

    /** The invariants of this bin and of the run; true, or an {@link AssertionError} that says which is broken. */
    boolean isValid(Run of) {
        long summary = 0;
        for (int w = 0; w < of.words(); w++) {
            long address = of.local + w * Words.BYTES;
            long bits = Words.get(address);
            assert address != wordAddress || (bits & word) == 0 : "slots both in hand and in the bitmap of " + of.base;
            summary |= bits == 0 ? 0 : 1L << w;
        }
        assert summary == of.summary : "summary " + Long.toHexString(of.summary) + " but is " + Long.toHexString(summary);
        assert of.listed == (of != run && summary != 0) : "listed " + of.listed + " with summary " + summary;
        return true;
    }

    private static VarHandle handle(String field, Class<?> type) {
        try {
            return MethodHandles.lookup().findVarHandle(Bin.class, field, type).withInvokeExactBehavior();
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }
}
