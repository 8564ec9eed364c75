package dev.banos.fuzz.model;

import dev.banos.fuzz.program.Bytes;
import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.Progress;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The model: which slots hold live blocks, where and how large they are, and what was written into them. Arrays of
 * primitives, so that an operation makes no object.
 *
 * <p>Invariants: a slot is live exactly when {@code address[slot] != 0}; then its bytes 0 to {@code written[slot]} hold
 * {@link Contents} of {@code key[slot]}, and {@code size[slot] <= written[slot]}. Where blocks are tracked exactly, each
 * live block's bytes are set in the shadow, and no others.
 */
public final class Blocks {
    /** From here on a block is checked to be mapped before it is touched: what a system call costs is little beside it. */
    private static final long LARGE = 64 << 10;
    private static final long KEY_FACTOR = 0xBF58_476D_1CE4_E5B9L;

    /** A block of this many bytes does not exist: offsets below it may be told from chance. */
    private static final long LARGEST = 1L << 32;

    private final Shadow shadow = new Shadow();
    private boolean exact;
    private boolean careful;
    @SuppressWarnings("NullAway.Init")
    private Progress progress;
    private int slots;
    private long serial;

    private long[] address = new long[0];
    private long[] size = new long[0];
    private long[] written = new long[0];
    private long[] key = new long[0];

    /** @param exact whether overlap is looked up in the shadow: not where several threads run at once */
    public void reset(Operations program, boolean exact, Progress progress) {
        slots = program.slots();
        if (slots > address.length) {
            address = new long[slots];
            size = new long[slots];
            written = new long[slots];
            key = new long[slots];
        } else {
            Arrays.fill(address, 0, slots, 0);
            Arrays.fill(key, 0, slots, 0);
        }
        shadow.clear();
        this.exact = exact;
        this.progress = progress;
        serial = program.salt();
    }

    /** From now on every block is checked to be mapped before it is touched: slow, but what would crash is a broken law. */
    void careful(boolean now) {
        careful = now;
    }

    public boolean isLive(int slot) {
        return address[slot] != 0;
    }

    public long address(int slot) {
        return address[slot];
    }

    public long size(int slot) {
        return size[slot];
    }

    long written(int slot) {
        return written[slot];
    }

    /** Enters a new block of {@code usable} bytes and fills it. */
    public void add(int slot, long at, long bytes, long usable) {
        claim(slot, at, bytes, usable);
        address[slot] = at;
        size[slot] = bytes;
        written[slot] = usable;
        key[slot] = (slot + ++serial * 65_599L) * KEY_FACTOR;
        progress.touching(slot);
        Contents.fill(at, key[slot], 0, bytes, usable);
    }

    /** The block was resized and perhaps moved: checks what must have been kept and fills the rest. */
    public void moved(int slot, long to, long bytes, long usable) {
        if (exact) {
            shadow.release(address[slot], written[slot]);
        }
        long oldSize = size[slot];
        long oldAddress = address[slot];
        address[slot] = 0; // it must not be found as the one that it overlaps with
        claim(slot, to, bytes, usable);
        address[slot] = to;
        size[slot] = bytes;
        written[slot] = usable;
        progress.touching(slot);
        long kept = Math.min(oldSize, bytes);
        long wrong = Contents.firstChangeBeforeTail(to, key[slot], kept);
        if (wrong < 0 && bytes >= oldSize) {
            wrong = Contents.firstChangeInTail(to, key[slot], kept, oldSize);
        }
        if (wrong >= 0) {
            throw new Deviation(Deviation.Kind.LOST_PREFIX, name(slot) + " went from " + oldSize + " to " + bytes + " bytes "
                    + (to == oldAddress ? "in place" : "and moved") + "; its byte " + wrong + " changed: "
                    + change(slot, wrong, kept), "before at " + hex(oldAddress) + "; " + whereabouts(slot, wrong));
        }
        Contents.fill(to, key[slot], kept, bytes, usable);
    }

    /** Reads the whole block. */
    public void check(int slot) {
        check(slot, Deviation.Kind.CHANGE);
    }

    /** As above; what a change is depends on what went before. */
    public void check(int slot, Deviation.Kind kind) {
        requireMapped(slot, address[slot], written[slot]);
        progress.touching(slot);
        long wrong = Contents.firstChange(address[slot], key[slot], written[slot]);
        if (wrong >= 0) {
            throw new Deviation(kind, name(slot) + " (" + size[slot] + " bytes, usable " + written[slot]
                    + ") changed at byte " + wrong + ": " + change(slot, wrong, written[slot]), whereabouts(slot, wrong));
        }
    }

    /** Every live block holds what it must. */
    public void checkAll() {
        for (int slot = 0; slot < slots; slot++) {
            if (isLive(slot)) {
                check(slot);
            }
        }
    }

    /** All blocks went with their heap; the memory of those of {@code large} bytes or more must be unmapped. */
    public void forgetAll(long large) {
        for (int slot = 0; slot < slots; slot++) {
            long at = address[slot];
            address[slot] = 0;
            if (at != 0 && size[slot] >= large) {
                requireGone(slot, at);
            }
        }
        shadow.clear();
    }

    /** Whether a block begins, lies or ends in this page, that of {@code but} left out. */
    boolean isInPage(long page, int but) {
        for (int slot = 0; slot < slots; slot++) {
            if (slot != but && address[slot] != 0 && address[slot] < page + Bytes.PAGE && address[slot] + Math.max(written[slot], 1) > page) {
                return true;
            }
        }
        return false;
    }

    /** The block is about to be freed, or was freed by a realloc to nothing. */
    public void remove(int slot) {
        if (exact) {
            shadow.release(address[slot], written[slot]);
        }
        address[slot] = 0;
    }

    /**
     * The removed block's memory must be unmapped. Another part of the process may have mapped something new there within
     * these nanoseconds; then the block's words are not what is found.
     */
    public void requireGone(int slot, long at) {
        long last = written[slot] - 1;
        if (isStillThere(slot, at, 0) || isStillThere(slot, at, last - Contents.WORD & -Contents.WORD)) {
            throw new Deviation(Deviation.Kind.STILL_MAPPED, name(slot) + " (" + size[slot] + " bytes) is still mapped after "
                    + "its free, with its contents", name(slot) + " was at " + hex(at));
        }
    }

    private boolean isStillThere(int slot, long at, long offset) {
        return Mapped.isWhole(at + offset, 1) && Contents.isWord(at, key[slot], offset);
    }

    private void claim(int slot, long at, long bytes, long usable) {
        if (exact && !shadow.claim(at, usable)) {
            throw overlap(slot, at, bytes, usable);
        }
        requireMapped(slot, at, usable);
    }

    private void requireMapped(int slot, long at, long bytes) {
        if ((bytes >= LARGE || careful) && !Mapped.isWhole(at, bytes)) {
            throw new Deviation(Deviation.Kind.NOT_MAPPED, "b" + slot + " (" + bytes + " bytes) is not mapped to its end",
                    "b" + slot + " at " + hex(at));
        }
    }

    private Deviation overlap(int slot, long at, long bytes, long usable) {
        String put = name(slot) + " (" + bytes + " bytes, usable " + usable + ") was put ";
        for (int other = 0; other < slots; other++) {
            long start = address[other];
            if (start != 0 && at < start + Math.max(written[other], 1) && start < at + Math.max(usable, 1)) {
                return new Deviation(Deviation.Kind.OVERLAP, put + (at >= start ? at - start + " bytes into " : start - at
                        + " bytes before ") + name(other) + ", which is live (" + size[other] + " bytes, usable "
                        + written[other] + ")", name(slot) + " at " + hex(at) + ", " + name(other) + " at " + hex(start));
            }
        }
        return new Deviation(Deviation.Kind.OVERLAP, put + "where another block is live", name(slot) + " at " + hex(at));
    }

    /** What stands at {@code offset} of the block, as far as that is the same in each run, and what should. */
    private String change(int slot, long offset, long length) {
        return "found " + describe(address[slot] + offset, length - offset) + ", expected "
                + Contents.expectedAt(key[slot], offset, length);
    }

    /** The block's address, its bytes from {@code offset} on, and the block below: often the one written past its end. */
    private String whereabouts(int slot, long offset) {
        String text = name(slot) + " at " + hex(address[slot]) + ", found there: "
                + Contents.bytesAt(address[slot], offset, written[slot]);
        int below = -1;
        for (int other = 0; other < slots; other++) {
            if (other != slot && address[other] != 0 && address[other] <= address[slot] + offset
                    && (below < 0 || address[other] > address[below])) {
                below = other;
            }
        }
        return below < 0 ? text : text + "; below it " + name(below) + " at " + hex(address[below]) + " (usable "
                + written[below] + ")";
    }

    /** Names the up to eight bytes at an address without an address in them: an allocator's own words are such. */
    public String describe(long at, long length) {
        int count = (int) Math.min(Contents.WORD, length);
        if (count > 1 && Contents.isRepeated(at, count)) {
            return count + " bytes of 0x" + Contents.bytesAt(at, 0, 1);
        }
        for (int slot = 0; count == Contents.WORD && slot < slots; slot++) {
            long offset = Contents.offsetOf(Contents.wordAt(at), key[slot], LARGEST);
            if (offset >= 0) {
                return "what " + name(slot) + " holds at byte " + offset;
            }
        }
        return "something else";
    }

    private static String name(int slot) {
        return "b" + slot;
    }

    private static String hex(long at) {
        return "0x" + Long.toHexString(at);
    }
}
