package dev.banos.libc.hash;

import static dev.banos.libc.hash.ControlWord.FIRST_BIT;
import static dev.banos.libc.hash.ControlWord.FULL;
import static dev.banos.libc.hash.ControlWord.GROUP_SLOTS;
import static dev.banos.libc.hash.ControlWord.PASSED_MOST;
import static dev.banos.libc.hash.ControlWord.PASSED_ONE;
import static dev.banos.libc.hash.ControlWord.PASSED_SHIFT;
import static dev.banos.libc.hash.ControlWord.choice;
import static dev.banos.libc.hash.ControlWord.filled;
import static dev.banos.libc.hash.ControlWord.matches;
import static dev.banos.libc.hash.ControlWord.passed;
import static dev.banos.libc.hash.ControlWord.preferred;
import static dev.banos.libc.hash.ControlWord.tags;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.banos.bindings.Native;
import java.lang.foreign.Arena;

/**
 * The engine of this package's tables: open addressing in groups of seven slots, each group with a control word that says
 * what is in it, so that most searches for an absent key read one word and no slot.
 *
 * <pre>
 *  block                                   slots
 *  +--------+--------+-- - --+------+------+------------------+------------------+-- - --+
 *  | word 0 | word 1 |       | last | line | 7 slots of word 0| 7 slots of word 1|       |
 *  +--------+--------+-- - --+------+------+------------------+------------------+-- - --+
 *    the unused line keeps all offsets from word 0 positive; of numbers, each group's slots begin at a line
 *
 *  bits 63    56 55     48        15      8 7       0
 *      +--------+---------+- - -+----------+---------+
 *      | passed | of slot 6     | of slot 1| of slot 0    a slot's byte: 0 empty, or 0x80 and seven bits of the hash
 *      +--------+---------+- - -+----------+---------+
 * </pre>
 *
 * <p>A key lies in its home group or, if that was full, in the first later group that had room. {@code passed} counts the keys that
 * found this group full and went on, so a search ends at a group with {@code passed = 0}. Removal counts down in the same way: no
 * marker stays behind, a table does not age, and an element moves only when an insertion grows the table. (The counters are those
 * of Meta's F14, 2019; matching seven bytes in a word at once is Mycroft's test for a zero byte.)
 *
 * <p>A counter that has reached 255 has lost count and stays at 255. After about as many removals with such a counter as the table
 * has slots, the next insertion rebuilds the table.
 *
 * <p>Only the word tells which slot matches, and in a large table both are far away. So a key is put into the half of its group that
 * a bit of its hash prefers, if there is room, and a search that finds a match also reads a slot of that half. Then the processor
 * fetches the line of slots, the right one nine times in ten, together with the word. The branch on what was read has no other
 * purpose than to make the read happen.
 *
 * <p>Searches overlap as far as the processor can hold their intermediate results in registers. So in a large table the time of a
 * search depends on how many of these it computes, and {@link #find} computes few; what is rare in it is a call.
 *
 * <p>A table has at most 2,818,572,288 elements; then an insertion finds no memory for another.
 */
public abstract sealed class HashTable implements AutoCloseable permits LongTable, HashSet {
    static final long WORD = JAVA_LONG.byteSize();
    static final long LINE = 64; // of the processor's caches
    static final long LINE_WORDS = LINE / WORD;
    static final long ABSENT = 0;

    /** A bound that all addresses keep; told to the compiler, it spares a bounds check an access. */
    private static final long ADDRESSES = (1L << 56) - 1;

    /** The control words of a table that has no block: one that ends each search, one that sends each on to be refused. */
    private static final long NO_BLOCK = Arena.global().allocate(JAVA_LONG, 1).address();
    private static final long CLOSED = Arena.global().allocate(JAVA_LONG, 1).address();

    static {
        store(CLOSED, PASSED_ONE);
    }

    private final Storage storage;
    private final long seed = Mixer.secret();
    private final long multiplier = Mixer.secret() | 1;

    private long block; // 0 for none
    private long retired; // the block before a growth, which what is being inserted may lie in; 0 for none
    private long control = NO_BLOCK; // address of word 0
    private int mask; // unsigned; a place is a group's offset among the control words, this is the last one
    private long size;
    private long limit; // the size at which an insertion looks for more room
    private long uncounted; // removals that met a counter which had lost count
    boolean inKeys; // while a strategy runs whose caller has places in the block in hand: nothing may change meanwhile

    HashTable(Storage storage) {
        this.storage = storage;
    }

    // What the kinds of table differ in. Their classes are final, so that the compiler sees through these calls.

    abstract long slotWords();

    /** What the slots of a group take, which may be more than they need. */
    abstract long groupWords();

    /** Whether the element in {@code slot} is that of {@code key}. */
    abstract boolean holds(long slot, long key);

    abstract long hashAt(long slot);

    /** Whether a key is read where the caller has it, and until {@link #freeRetired}. */
    abstract boolean readsCallersMemory();

    abstract void copy(long from, long to);

    /** {@return the number of elements} */
    public final long size() {
        requireOpen();
        return size;
    }

    /** {@return how many elements there is room for without more memory} */
    public final long capacity() {
        requireOpen();
        return block == 0 ? 0 : TableSizes.mostIn(last() / WORD + 1);
    }

    final long mix(long key) {
        return Mixer.scatter(Mixer.fold(key ^ seed, multiplier));
    }

    final long seed() {
        return seed;
    }

    // Search.

    /** The slot of {@code key}, or {@link #ABSENT}. */
    final long find(long key, long hash) {
        long words = control & ADDRESSES;
        long last = last();
        long place = hash & last;
        long match = matches(load(words + place), tags(hash));
        if (match != 0) {
            long group = matched(words, last) + place * groupWords();
            if (hash == load(group + (preferred(hash) + FIRST_BIT) * slotWords())) { // only to read the line: see above
                return findFrom(place, key, hash) & ADDRESSES;
            }
            do {
                long slot = inGroup(group, match);
                if (holds(slot, key)) {
                    return slot;
                }
                match &= match - 1;
            } while (match != 0);
        }
        if (load(words + place) >>> PASSED_SHIFT == 0) {
            return ABSENT;
        }
        return findFrom(place + WORD & last, key, hash) & ADDRESSES;
    }

    /** As {@link #find}, but from the group at {@code first} on. */
    private long findFrom(long first, long key, long hash) {
        long words = control & ADDRESSES;
        long last = last();
        long place = first;
        do {
            long word = load(words + place);
            for (long match = matches(word, tags(hash)); match != 0; match &= match - 1) {
                long slot = slot(words, last, place, match);
                if (holds(slot, key)) {
                    return slot;
                }
            }
            if (word >>> PASSED_SHIFT == 0) {
                return ABSENT;
            }
            place = place + WORD & last;
        } while (place != first);
        return allPassed();
    }

    private long allPassed() {
        requireOpen();
        return ABSENT;
    }

    private long last() {
        return Integer.toUnsignedLong(mask);
    }

    /** The address of slot 0, less the slot words that a match of it will add. */
    private long matched(long words, long last) {
        return words + last + WORD + LINE - FIRST_BIT * slotWords();
    }

    /** The slot that the lowest bit of {@code match} belongs to. */
    private long slot(long words, long last, long place, long match) {
        return inGroup(matched(words, last) + place * groupWords(), match);
    }

    private long inGroup(long group, long match) {
        return group + Integer.toUnsignedLong(Long.numberOfTrailingZeros(match)) * slotWords();
    }

    // Insertion.

    /**
     * The slot of {@code key}; where it is absent, the complement (negative) of a new slot, for the caller to fill;
     * {@link #ABSENT} where it is absent and there is no memory.
     */
    final long findOrClaim(long key, long hash) {
        long words = control & ADDRESSES;
        long last = last();
        long home = hash & last;
        long tags = tags(hash);
        long word = load(words + home);
        for (long match = matches(word, tags); match != 0; match &= match - 1) {
            long slot = slot(words, last, home, match);
            if (holds(slot, key)) {
                return slot;
            }
        }
        long free = choice(~word & FULL, hash);
        if (word >>> PASSED_SHIFT != 0 || free == 0 || size >= limit) {
            return findOrClaimSlow(key, hash);
        }
        size++;
        store(words + home, filled(word, free, tags));
        return ~slot(words, last, home, free);
    }

    private long findOrClaimSlow(long key, long hash) {
        long found = findFrom(hash & last(), key, hash); // not find, which would be compiled for these searches, too
        if (found != ABSENT) {
            return found;
        }
        if (size >= limit && !makeRoom()) {
            return ABSENT;
        }
        if (!readsCallersMemory()) {
            freeRetired();
        }
        size++;
        return ~place(hash);
    }

    /** A slot in a table that has room for an absent key of this hash. */
    private long place(long hash) {
        long words = control & ADDRESSES;
        long last = last();
        long place = hash & last;
        long word = load(words + place);
        while ((word & FULL) == FULL) {
            store(words + place, passed(word));
            place = place + WORD & last;
            word = load(words + place);
        }
        long free = choice(~word & FULL, hash);
        store(words + place, filled(word, free, tags(hash)));
        return slot(words, last, place, free);
    }

    private boolean makeRoom() {
        requireOpen();
        long groups = last() / WORD + 1;
        if (block == 0 || size == TableSizes.mostIn(groups)) {
            return resize(block == 0 ? TableSizes.fewest(groupWords()) : TableSizes.more(groups, groupWords()));
        }
        if (!resize(groups)) { // only the counters are wrong: searches take longer, no more
            uncounted = 0;
            limit = TableSizes.mostIn(groups);
        }
        return true;
    }

    // Removal.

    /** Empties {@code slot}, whose key has this hash. */
    final void erase(long slot, long hash) {
        long number = numberOf(slot);
        long target = number / GROUP_SLOTS * WORD;
        for (long place = hash & last(); place != target; place = place + WORD & last()) {
            notPassed(control + place);
        }
        long slotByte = 0xFFL << number % GROUP_SLOTS * Byte.SIZE;
        store(control + target, load(control + target) & ~slotByte);
        size--;
    }

    private void notPassed(long address) {
        long word = load(address);
        if (word >>> PASSED_SHIFT != PASSED_MOST) {
            store(address, word - PASSED_ONE);
        } else if (++uncounted > last()) {
            limit = 0; // the next insertion may move elements, this one may be part of an iteration
        }
    }

    // Iteration.

    /** {@return the address of an element, 0 in an empty table} */
    public final long first() {
        requireOpen();
        return firstFrom(0, load(control) & FULL);
    }

    /**
     * {@return the address of the element after {@code element}, which may have been removed meanwhile; 0 after the last} The
     * order is that of the hashes, which differs from table to table.
     *
     * @param element what {@link #first} or this method returned, with no insertion since
     * @throws IllegalArgumentException where no element can be at this address
     */
    public final long next(long element) {
        long number = numberOf(element);
        long place = number / GROUP_SLOTS * WORD;
        long later = -1L << (number % GROUP_SLOTS + 1) * Byte.SIZE;
        return firstFrom(place, load(control + place) & FULL & later);
    }

    private long firstFrom(long place, long full) {
        while (full == 0) {
            place += WORD;
            if (place > last()) {
                return ABSENT;
            }
            full = load(control + place) & FULL;
        }
        return slot(control, last(), place, full);
    }

    /**
     * Removes the element at this address, and no other moves: an iteration goes on with {@link #next}.
     *
     * @param element where there is one
     * @throws IllegalArgumentException where no element is at this address
     */
    public final void removeAt(long element) {
        requireIdle();
        long number = numberOf(element);
        if (!ControlWord.isFull(load(control + number / GROUP_SLOTS * WORD), number % GROUP_SLOTS)) {
            throw noElement(element);
        }
        erase(element, hashAt(element));
    }

    /**
     * The address, where an element can be at it: the kinds of table read through this what a caller gives them.
     *
     * @throws IllegalArgumentException where none can be
     */
    final long checked(long element) {
        numberOf(element);
        return element;
    }

    /** How many slots stand before that of this element. */
    private long numberOf(long element) {
        requireOpen();
        long offset = element - (matched(control, last()) + FIRST_BIT * slotWords());
        long group = offset / (WORD * groupWords());
        long inGroup = offset - group * WORD * groupWords();
        long number = inGroup / (WORD * slotWords());
        boolean whole = number * WORD * slotWords() == inGroup && number < GROUP_SLOTS;
        if (block == 0 || offset < 0 || group * WORD > last() || !whole) {
            throw noElement(element);
        }
        return group * GROUP_SLOTS + number;
    }

    private IllegalArgumentException noElement(long element) {
        return new IllegalArgumentException("element=0x" + Long.toHexString(element) + " is no element of table=" + this);
    }

    // Memory.

    /**
     * Makes room for {@code elements} in all, so that up to then no insertion can fail.
     *
     * @param elements how many, 0 or more
     * @return false when there is no memory, or for more than 2,818,572,288; the table is as it was
     * @throws IllegalArgumentException when {@code elements} is negative
     */
    public final boolean reserve(long elements) {
        requireChangeable();
        if (elements < 0) {
            throw new IllegalArgumentException("elements=" + elements + " is negative");
        }
        return elements <= capacity()
                || elements <= TableSizes.MOST_ELEMENTS && resizeAndFree(TableSizes.groupsFor(elements, groupWords()));
    }

    /**
     * Gives back what the elements do not need.
     *
     * @return false when there is no memory to move them to; the table is as it was
     */
    public final boolean shrink() {
        requireChangeable();
        if (size == 0) {
            release(NO_BLOCK);
            return true;
        }
        long groups = TableSizes.groupsFor(size, groupWords());
        return groups * WORD > last() || resizeAndFree(groups);
    }

    /** Removes all elements and keeps the memory. */
    public final void clear() {
        requireChangeable();
        if (block != 0) {
            empty(last() / WORD + 1);
        }
    }

    /** Gives all memory back; further calls throw {@link IllegalStateException}, but another close does nothing. */
    @Override
    public final void close() {
        requireIdle();
        release(CLOSED);
    }

    private void release(long words) {
        if (block != 0) {
            storage.free(block);
        }
        block = size = limit = uncounted = 0;
        mask = 0;
        control = words;
    }

    private boolean resizeAndFree(long groups) {
        boolean resized = resize(groups);
        freeRetired();
        return resized;
    }

    /** A call that a strategy makes is refused, and must not free what the call around it reads. */
    final void freeRetired() {
        if (retired != 0 && !inKeys) {
            storage.free(retired);
            retired = 0;
        }
    }

    /** Moves all elements to a new block; the one before retires. Where a strategy throws, the table is as it was. */
    private boolean resize(long groups) {
        if (groups > TableSizes.MOST_GROUPS || groups > ADDRESSES / TableSizes.blockBytes(1, groupWords())) {
            return false;
        }
        long fresh = storage.allocate(TableSizes.blockBytes(groups, groupWords()));
        if (fresh == 0) {
            return false;
        }
        long oldBlock = block;
        long oldControl = control;
        int oldMask = mask;
        long oldLimit = limit;
        long oldUncounted = uncounted;
        long elements = size;
        block = control = fresh;
        empty(groups);
        try {
            moveFrom(oldControl, Integer.toUnsignedLong(oldMask));
            retired = oldBlock;
        } catch (RuntimeException | Error thrown) {
            block = oldBlock;
            control = oldControl;
            mask = oldMask;
            limit = oldLimit;
            uncounted = oldUncounted;
            storage.free(fresh);
            throw thrown;
        } finally {
            size = elements;
        }
        assert isValid();
        return true;
    }

    private void empty(long groups) {
        mask = (int) ((groups - 1) * WORD);
        for (long place = 0; place <= last(); place += WORD) {
            store(control + place, 0);
        }
        size = 0;
        uncounted = 0;
        limit = TableSizes.mostIn(groups);
    }

    private void moveFrom(long oldControl, long oldLast) {
        for (long place = 0; place <= oldLast; place += WORD) {
            for (long full = load(oldControl + place) & FULL; full != 0; full &= full - 1) {
                long from = slot(oldControl, oldLast, place, full);
                copy(from, place(hashAt(from)));
            }
        }
    }

    final void requireOpen() {
        if (control == CLOSED) {
            throw new IllegalStateException("table=" + this + " is closed");
        }
    }

    final void requireIdle() {
        if (inKeys) {
            throw new IllegalStateException("table=" + this + " is in a call of its Keys, which must not change it");
        }
    }

    private void requireChangeable() {
        requireOpen();
        requireIdle();
    }

    // Invariants.

    /**
     * Whether each element's byte has its hash's tag, a search finds each element where it is, the counters count exactly
     * the keys that went on (one at its limit at least as many as it says), and the size is the number of elements.
     */
    final boolean isValid() {
        requireOpen();
        long[] passes = new long[(int) (last() / WORD + 1)];
        long elements = 0;
        for (long slot = first(); slot != ABSENT; slot = next(slot)) {
            elements++;
            if (!isValid(slot, passes)) {
                return false;
            }
        }
        for (int group = 0; group < passes.length; group++) {
            long counter = load(control + group * WORD) >>> PASSED_SHIFT;
            if (counter != passes[group] && counter != PASSED_MOST) {
                return false;
            }
        }
        return elements == size && size <= TableSizes.mostIn(passes.length);
    }

    /** How often a key was sent on from a full group, over all keys that are here. */
    final long passes() {
        long passes = 0;
        for (long place = 0; place <= last(); place += WORD) {
            passes += load(control + place) >>> PASSED_SHIFT;
        }
        return passes;
    }

    private boolean isValid(long slot, long[] passes) {
        long hash = hashAt(slot);
        long number = numberOf(slot);
        long target = number / GROUP_SLOTS * WORD;
        for (long place = hash & last(); place != target; place = place + WORD & last()) {
            passes[(int) (place / WORD)]++;
        }
        return ControlWord.has(load(control + target), number % GROUP_SLOTS, hash) && findAgain(slot, hash) == slot;
    }

    /** What a search for the key of the element in {@code slot} finds. */
    abstract long findAgain(long slot, long hash);

    // Access.

    static long load(long address) {
        return Native.EVERYTHING.get(JAVA_LONG_UNALIGNED, address);
    }

    static void store(long address, long value) {
        Native.EVERYTHING.set(JAVA_LONG_UNALIGNED, address, value);
    }
}
