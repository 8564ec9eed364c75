package dev.banos.mem.slots;

import static dev.banos.mem.slots.SizeClasses.SPANS_PER_ARENA;
import static dev.banos.mem.slots.SizeClasses.SPAN_BYTES;

import dev.banos.lock.SpinLock;
import dev.banos.lock.StackRoom;
import dev.banos.mem.event.MemoryEvents;
import dev.banos.mem.system.Kernel;
import dev.banos.mem.system.Reservation;
import java.util.Arrays;

/**
 * The arenas of the reservation and the spans in them: who takes spans gets them next to each other in one arena, at the
 * lowest address that has room, so that what is in use stays together.
 *
 * <pre>
 *  reservation  | arena 0 | arena 1 | arena 2 | not committed yet ...
 *                    |
 *  free[0]      0b0000_0000_1110_0001   1 = nobody has this span
 *  dirty[0]     0b0000_0000_0110_0000   1 = free, and its memory has not been given back
 *  locked[0]    0b0000_0000_0010_0000   1 = dirty, and cannot be given back while the process has its memory locked
 * </pre>
 *
 * <p>Invariants: {@code locked[i]} is a subset of {@code dirty[i]}, and that of {@code free[i]}; arenas from {@link #committed} on have no access.
 * Everything happens under one lock that is held for a short search, and for an mprotect when an arena is committed.
 */
public final class Spans {
    static final long ARENA_BYTES = SPANS_PER_ARENA * SPAN_BYTES;
    static final int NONE = -1;
    /** No result either: there may be room when a purge has done with what it has in hand. */
    private static final int LATER = -2;

    /** More than {@link #discard} makes until it has ended the purge. */
    private static final int CALLS_TO_PURGE = 20;

    private static final int ALL = (1 << SPANS_PER_ARENA) - 1;
    private static final SpinLock LOCK = new SpinLock();

    private static int[] free = new int[64];
    private static int[] dirty = new int[64];
    private static int[] locked = new int[64];
    private static int committed;
    /** How many of the committed arenas have an event. */
    private static int reported;
    private static int freeSpans;
    private static int dirtySpans;
    private static int lockedSpans;
    /** Taken by {@link #purge}, for nobody. */
    private static int spansInPurge;
    /** {@code lowest[n]}: no arena below it has room for n spans. */
    private static final int[] LOWEST = new int[SPANS_PER_ARENA + 1];

    private Spans() {
    }

    static long address(int span) {
        return Reservation.BASE + span * SPAN_BYTES;
    }

    /** @return the first of {@code count} spans, or {@link #NONE} when the system or the reservation has no more */
    static int take(int count) {
        int first = takeLocked(count);
        for (int tries = 1; first == LATER; tries++) {
            SpinLock.pause(tries);
            first = takeLocked(count);
        }
        return first;
    }

    /** The events of arenas that are new, for a caller that holds no lock: a class of events is made behind a monitor. */
    public static void report() {
        if (reported != committed) {
            reportSlow();
        }
    }

    private static void reportSlow() {
        int from;
        int to;
        LOCK.lock();
        try {
            from = reported;
            to = committed;
            reported = to;
        } finally {
            LOCK.unlock();
        }
        for (int arena = from; arena < to; arena++) {
            MemoryEvents.arenaCommitted(address(arena * SPANS_PER_ARENA), arena + 1);
        }
    }

    private static int takeLocked(int count) {
        LOCK.lock();
        try {
            int arena = LOWEST[count];
            while (arena < committed && roomFor(count, free[arena]) == 0) {
                arena++;
            }
            LOWEST[count] = arena;
            if (arena == committed && !commit()) {
                return spansInPurge == 0 ? NONE : LATER;
            }
            return claim(arena, count);
        } finally {
            LOCK.unlock();
        }
    }

    /** The memory stays, for whoever comes next; {@link #purge} gives it back. */
    static void giveBack(int first, int count) {
        LOCK.lock();
        try {
            release(first, count);
            dirty[first / SPANS_PER_ARENA] |= mask(first, count);
            dirtySpans += count;
        } finally {
            LOCK.unlock();
        }
        Purger.wakeIfPossible();
    }

    /**
     * Gives the memory of free spans back to the system. Spans are taken for the time of the call, so that it happens
     * outside the lock; where it fails they stay dirty for the next time.
     */
    public static void purge() {
        purge(true);
    }

    /** The same, but for spans that were found to be locked: they would be so at each of the purger's passes, for as long as they are free. */
    static void purgeUnlocked() {
        purge(false);
    }

    private static void purge(boolean withLocked) {
        long begin = System.nanoTime();
        long purged = 0;
        for (int arena = 0; arena < committed(); arena++) {
            int piece = claimToPurge(arena, ALL, withLocked);
            while (piece != 0) {
                purged += discard(arena * SPANS_PER_ARENA + Integer.numberOfTrailingZeros(piece), Integer.bitCount(piece));
                piece = claimToPurge(arena, -(Integer.highestOneBit(piece) << 1), withLocked);
            }
        }
        MemoryEvents.purged(purged, System.nanoTime() - begin);
    }

    /** Whether {@link #purgeUnlocked} has something to do. */
    static boolean isAnyUnlocked() {
        LOCK.lock();
        try {
            return dirtySpans + spansInPurge > lockedSpans;
        } finally {
            LOCK.unlock();
        }
    }

    public static long dirtyBytes() {
        LOCK.lock();
        try {
            return (dirtySpans + spansInPurge) * SPAN_BYTES;
        } finally {
            LOCK.unlock();
        }
    }

    public static long usedBytes() {
        LOCK.lock();
        try {
            return ((long) committed * SPANS_PER_ARENA - freeSpans - spansInPurge) * SPAN_BYTES;
        } finally {
            LOCK.unlock();
        }
    }

    public static int committed() {
        LOCK.lock();
        try {
            return committed;
        } finally {
            LOCK.unlock();
        }
    }

    private static boolean commit() {
        long offset = committed * ARENA_BYTES;
        if (offset + ARENA_BYTES > Reservation.BYTES
                || Kernel.failed(Kernel.allowAccess(Reservation.BASE + offset, ARENA_BYTES))) {
            return false;
        }
        if (committed == free.length) {
            grow(committed * 2);
        }
        free[committed] = ALL;
        freeSpans += SPANS_PER_ARENA;
        committed++;
        return true;
    }

    /** All of them or none: Java's heap may come to its end in between. */
    private static void grow(int arenas) {
        int[] moreFree = Arrays.copyOf(free, arenas);
        int[] moreDirty = Arrays.copyOf(dirty, arenas);
        locked = Arrays.copyOf(locked, arenas);
        dirty = moreDirty;
        free = moreFree;
    }

    private static int claim(int arena, int count) {
        int first = Integer.numberOfTrailingZeros(roomFor(count, free[arena]));
        int mask = mask(first, count);
        free[arena] &= ~mask;
        freeSpans -= count;
        takeDirty(arena, mask);
        return arena * SPANS_PER_ARENA + first;
    }

    private static void takeDirty(int arena, int mask) {
        dirtySpans -= Integer.bitCount(dirty[arena] & mask);
        dirty[arena] &= ~mask;
        lockedSpans -= Integer.bitCount(locked[arena] & mask);
        locked[arena] &= ~mask;
    }

    private static void release(int first, int count) {
        int arena = first / SPANS_PER_ARENA;
        assert (free[arena] & mask(first, count)) == 0 : "span " + first + " given back twice";
        free[arena] |= mask(first, count);
        freeSpans += count;
        for (int n = 1; n <= SPANS_PER_ARENA; n++) {
            LOWEST[n] = Math.min(LOWEST[n], arena);
        }
    }

    /** What is claimed is nobody's until its purge has ended, and who finds no other room waits for that. */
    private static int claimToPurge(int arena, int among, boolean withLocked) {
        StackRoom.require(CALLS_TO_PURGE);
        return claimDirty(arena, among, withLocked);
    }

    /** The first dirty spans next to each other, among some. @return their bits; 0: there are none */
    private static int claimDirty(int arena, int among, boolean withLocked) {
        LOCK.lock();
        try {
            int candidates = dirty[arena] & among & (withLocked ? ALL : ~locked[arena]);
            int spans = candidates & ~(candidates + Integer.lowestOneBit(candidates));
            free[arena] &= ~spans;
            freeSpans -= Integer.bitCount(spans);
            takeDirty(arena, spans);
            spansInPurge += Integer.bitCount(spans);
            return spans;
        } finally {
            LOCK.unlock();
        }
    }

    private static long discard(int first, int count) {
        boolean isKept = true;
        boolean isLocked = false;
        try {
            int result = Kernel.discard(address(first), count * SPAN_BYTES);
            isKept = Kernel.failed(result);
            isLocked = Kernel.isLocked(result);
        } finally {
            endPurge(first, count, isKept, isLocked);
        }
        return isKept ? 0 : count * SPAN_BYTES;
    }

    private static void endPurge(int first, int count, boolean isDirty, boolean isLocked) {
        LOCK.lock();
        try {
            release(first, count);
            spansInPurge -= count;
            if (isDirty) {
                dirty[first / SPANS_PER_ARENA] |= mask(first, count);
                dirtySpans += count;
            }
            if (isLocked) {
                locked[first / SPANS_PER_ARENA] |= mask(first, count);
                lockedSpans += count;
            }
        } finally {
            LOCK.unlock();
        }
    }

    /** Bit i is set where {@code count} free spans begin at span i. */
    private static int roomFor(int count, int free) {
        int room = free;
        for (int i = 1; i < count && room != 0; i++) {
            room &= free >>> i;
        }
        return room;
    }

    private static int mask(int first, int count) {
        return ((1 << count) - 1) << (first % SPANS_PER_ARENA);
    }
}
