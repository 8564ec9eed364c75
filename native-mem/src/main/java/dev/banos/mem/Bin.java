package dev.banos.mem;

/**
 * One size class of one pool: the bitmap word that it serves from, and the runs that have free slots beyond that word.
 * Used by one thread at a time.
 *
 * <pre>
 *   word ------ one of ------> [run] words...     the run being served from; not in the list
 *   list: head <-> run <-> run <-> tail           runs with free slots, the one to serve from next at the head
 *   full runs are in neither; a free brings one back, to the tail, so that it gathers more before its turn
 * </pre>
 *
 * <p>The word is held in a field, because the compiler forwards fields from free to malloc and does not forward native
 * memory: a malloc and free pair took 11.6 ns with the word in a segment and 3.3 ns with it in a field. It is written
 * through to the bitmap each time, so that other threads, and everything that inspects a heap, find the truth there.
 */
final class Bin {
    final SlotPool pool;
    final int sizeClass;
    final long slotBytes;

    /** The free slots of the word being served from: always equal to what stands at {@link #wordAddress}. */
    long word;
    /** 0 while no word is open. */
    private long wordAddress;
    /** The address of the slot that bit 0 of the word stands for. */
    private long wordBase;
    private int wordIndex;
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
        long rest = free & (free - 1);
        word = rest;
        Words.put(wordAddress, rest);
        return wordBase + Long.numberOfTrailingZeros(free) * slotBytes;
    }

    /** @return the address of a slot, or 0 when the system has no more memory */
    long takeSlow() {
        return openWord() ? take(word) : 0;
    }

    /** @return whether the slot was not free before; if it was, nothing has changed */
    boolean free(Run of, int slot) {
        long bit = 1L << slot;
        long address = of.localWord(slot);
        if (address == wordAddress) {
            long now = word;
            word = now | bit;
            Words.put(address, now | bit);
            return (now & bit) == 0;
        }
        return freeElsewhere(of, slot >>> 6, address, bit);
    }

    private boolean freeElsewhere(Run of, int index, long address, long bit) {
        long now = Words.get(address);
        if ((now & bit) != 0) {
            return false;
        }
        Words.put(address, now | bit);
        of.summary |= 1L << index;
        of.free++;
        if (!of.listed || of.free == of.slots) {
            relist(of);
        }
        return true;
    }

    /**
     * Adds slots that other threads freed.
     *
     * @return how many of them were free already
     */
    int addFree(Run of, int index, long bits) {
        long address = of.local + index * Words.BYTES;
        long now = Words.get(address);
        long all = now | bits;
        Words.put(address, all);
        if (address == wordAddress) {
            word = all;
        } else {
            of.summary |= 1L << index;
            of.free += Long.bitCount(all ^ now);
            relist(of);
        }
        return Long.bitCount(now & bits);
    }

    /** Stops serving from a word, so that all free slots are where the invariants of {@link Run} want them. */
    void close() {
        if (run == null) {
            return;
        }
        Run closed = run;
        run = null;
        wordAddress = 0;
        closed.free += Long.bitCount(word);
        if (word != 0) {
            closed.summary |= 1L << wordIndex;
            word = 0;
        }
        if (closed.summary != 0) {
            relist(closed);
        }
    }

    /** Gives back all runs that have no live slot. Call it after {@link #close}. */
    void retireEmpty() {
        Run each = head;
        while (each != null) {
            Run following = each.next;
            if (each.free == each.slots) {
                retire(each);
            }
            each = following;
        }
    }

    private boolean openWord() {
        Run next = run != null && run.summary != 0 ? run : pollListed();
        if (next == null) {
            pool.foldRemote();
            if (word != 0) {
                return true;
            }
            next = run != null && run.summary != 0 ? run : pollListed();
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

    private void open(Run next) {
        int index = Long.numberOfTrailingZeros(next.summary);
        next.summary &= next.summary - 1;
        run = next;
        wordIndex = index;
        wordAddress = next.local + index * Words.BYTES;
        wordBase = next.base + index * Long.SIZE * slotBytes;
        word = Words.get(wordAddress);
        next.free -= Long.bitCount(word);
    }

    /** A run that was full, or has become empty. One empty run is kept for the next burst. */
    private void relist(Run of) {
        if (of == run) {
            return;
        }
        if (!of.listed) {
            append(of);
        }
        if (of.free == of.slots && head != tail) {
            retire(of);
        }
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

    private Run pollListed() {
        Run first = head;
        if (first != null) {
            unlink(first);
        }
        return first;
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
        int free = 0;
        for (int w = 0; w < of.words(); w++) {
            long address = of.local + w * Words.BYTES;
            if (address == wordAddress) {
                assert Words.get(address) == word : "the word in hand differs from the bitmap in " + of.base;
                continue;
            }
            long bits = Words.get(address);
            free += Long.bitCount(bits);
            summary |= bits == 0 ? 0 : 1L << w;
        }
        assert free == of.free : "free " + of.free + " but counted " + free;
        assert summary == of.summary : "summary " + Long.toHexString(of.summary) + " but is " + Long.toHexString(summary);
        assert of.listed == (of != run && summary != 0) : "listed " + of.listed + " with summary " + summary;
        return true;
    }
}
