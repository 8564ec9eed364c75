package dev.banos.mem.slots;

import dev.banos.lock.StackRoom;
import dev.banos.mem.system.Words;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One size class of one pool: the bitmap word that malloc serves from, and the runs that have free slots. For one thread at
 * a time.
 *
 * <pre>
 *   open  ----> a word of [run]                   the run being served from; not in the list
 *   list: head <-> run <-> run <-> tail           runs with free slots, the one to serve from next at the head
 *   full runs are in neither; a free brings one back, to the tail, so that it gathers more before its turn
 * </pre>
 *
 * <p>Malloc takes from the open word where it stands, and free gives to whichever word it is: what was freed lately comes
 * back soon, still in the cache, and neither has to know what the other has in hand. Each malloc chooses the slot for the
 * next one: so that one need not wait until the processor knows which slot the free between the two gave back (README).
 * Words are opened in turn, so that each gathers free slots before its turn comes again.
 */
public final class Bin {
    /** A word without free slots, for bins that have no word open. Nobody writes it. */
    private static final long NO_WORD = Words.bitAt(Arena.global().allocate(ValueLayout.JAVA_LONG).address());
    /** For sizes that no slot serves. It has no pool, and nobody asks it for one. */
    @SuppressWarnings("NullAway")
    static final Bin NEVER = new Bin(null, SizeClasses.COUNT - 1);

    final SlotPool pool;
    public final int sizeClass;
    final long slotBytes;

    /** The open word's first bit, in the sense of {@link Words}. */
    private long open = NO_WORD;
    /** The address of the slot that this bit stands for. */
    private long openBase;
    /** The free slot of the open word that is to be given out next, as the only bit; 0: none was left. */
    private long chosen;
    /** Where the word is in the bitmap of {@link #run}; stays when it is closed, because the next one is to be opened then. */
    private int index;
    private @Nullable Run run;
    private @Nullable Run head;
    private @Nullable Run tail;

    Bin(SlotPool pool, int sizeClass) {
        this.pool = pool;
        this.sizeClass = sizeClass;
        this.slotBytes = SizeClasses.slotBytes(sizeClass);
    }

    /** The slot for {@link #take}, as the only bit; 0: the open word has none, and {@link #takeSlow} looks elsewhere. */
    public long next() {
        return chosen != 0 ? chosen : Long.lowestOneBit(Words.getWhole(open));
    }

    /** @param slot of {@link #next}, not 0 */
    public long take(long slot) {
        long free = Words.getWhole(open) ^ slot;
        Words.putWhole(open, free);
        chosen = Long.lowestOneBit(free);
        long number = Integer.toUnsignedLong(Long.numberOfTrailingZeros(slot)); // an instruction less than as an int
        return openBase + number * slotBytes;
    }

    /**
     * What comes after {@link #next} in vain: a slot from the next word of the run that is being served from. It looks nowhere
     * else, so it cannot park, and marks no work with {@link SlotPool#beginWork}.
     *
     * @return the slot's address, or 0: the run is full, or an allocation is to be counted
     */
    public long takeFromRun() {
        Run serving = run;
        if (serving == null || pool.isSampled()) {
            return 0;
        }
        closeWord();
        if (serving.summary == 0) {
            return 0;
        }
        openWord(serving);
        return take(next());
    }

    /** @return a slot's address, or 0: no more memory, a high-water mark is reached, or the {@link Sampler} wants this one */
    long takeSlow() {
        pool.beginWork();
        try {
            return takeFromNextWord();
        } finally {
            pool.endWork();
        }
    }

    private long takeFromNextWord() {
        boolean sampled = pool.isSampled();
        if (pool.sampler.takesAll() || !openWord()) {
            return 0;
        }
        boolean stops = sampled && pool.sampler.takesOne(slotBytes) || pool.hasReachedMark();
        long address = stops ? 0 : take(next());
        if (sampled) {
            closeWord(); // each allocation is to come here
        }
        return address;
    }

    /** A word that had no free slot has some, or one that is watched is full of them: the run may be to be listed, or empty. */
    void wordChanged(Run of, long slot) {
        of.summary |= 1L << (slot / Long.SIZE);
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

    /** Puts all runs with free slots into the list. */
    void close() {
        closeWord();
        if (run != null) {
            leave(run);
        }
    }

    /** Of a pool whose runs are gone. */
    void forgetRuns() {
        open = NO_WORD;
        chosen = 0;
        run = null;
        head = null;
        tail = null;
    }

    /** Makes the next allocation look again which word to take from. */
    void closeWord() {
        if (run != null && open != NO_WORD) {
            long bit = 1L << index;
            run.summary = Words.get(open) != 0 ? run.summary | bit : run.summary & ~bit;
            open = NO_WORD;
            chosen = 0;
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

    /** @return whether there is a slot to take now */
    private boolean openWord() {
        closeWord();
        if (!findRun()) {
            pool.foldRemote();
            if (!findRun()) {
                Run added = pool.addRun(this);
                if (added == null) {
                    return false;
                }
                serveFrom(added);
            }
        }
        openWord(Objects.requireNonNull(run));
        return true;
    }

    private void openWord(Run serving) {
        pool.opened(serving);
        index = cyclicallyNext(serving.summary, index);
        open = serving.local + index * Long.SIZE;
        openBase = serving.base + index * Long.SIZE * slotBytes;
    }

    /** @return whether {@link #run} has free slots, after changing it for another if need be */
    private boolean findRun() {
        if (run != null) {
            if (run.summary != 0) {
                return true;
            }
            leave(run);
        }
        Run first = head;
        if (first == null) {
            return false;
        }
        unlink(first);
        serveFrom(first);
        return true;
    }

    private static int cyclicallyNext(long summary, int index) {
        int after = index + 1;
        return (after + Long.numberOfTrailingZeros(Long.rotateRight(summary, after))) % Long.SIZE;
    }

    private void serveFrom(Run next) {
        run = next;
        pool.begun(next);
        run.watched = 0;
        index = -1;
    }

    private void leave(Run left) {
        run = null;
        pool.left(left);
        left.watched = left.fullWord;
        if (left.summary != 0) {
            append(left);
        }
    }

    /** Where there is too little stack for all of it this throws, and the run is in the list still. */
    private void retire(Run of) {
        StackRoom.require(SlotPool.CALLS_TO_REMOVE);
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
            summary |= Words.get(of.local + w * Long.SIZE) == 0 ? 0 : 1L << w;
        }
        long exact = of == run && open != NO_WORD ? ~(1L << index) : -1L;
        assert ((summary ^ of.summary) & exact) == 0
                : "summary " + Long.toHexString(of.summary) + " but is " + Long.toHexString(summary);
        assert of.listed == (of != run && summary != 0) : "listed " + of.listed + " with summary " + summary;
        assert of.watched == (of == run ? 0 : of.fullWord) : "watches for " + Long.toHexString(of.watched);
        assert (chosen & ~Words.get(open)) == 0 : "slot " + Long.toHexString(chosen) + " was chosen, and is in use";
        assert open == NO_WORD || open == run.local + index * Long.SIZE : "the open word is not in the run";
        return true;
    }
}
