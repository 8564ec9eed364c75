package dev.banos.fuzz;

import java.util.Arrays;

/**
 * The model: which slots hold live blocks, where and how large they are, and what was written into them. Arrays of
 * primitives, so that an operation makes no object.
 *
 * <p>Invariants: a slot is live exactly when {@code address[slot] != 0}; then its bytes 0 to {@code written[slot]} hold
 * {@link Contents} of {@code key[slot]}, and {@code size[slot] <= written[slot]}. Where blocks are tracked exactly, each
 * live block's bytes are set in the shadow, and no others.
 */
final class Blocks {
    /** From here on a block is checked to be mapped before it is touched: what a system call costs is little beside it. */
    private static final long LARGE = 64 << 10;
    private static final long KEY_FACTOR = 0xBF58_476D_1CE4_E5B9L;

    /** What lies further away is in a mapping that the kernel placed as it liked. */
    private static final long REGION = 1 << 20;

    private final Shadow shadow = new Shadow();
    private boolean exact;
    private Progress progress;
    private long origin;
    private long serial;

    private long[] address = new long[0];
    private long[] size = new long[0];
    private long[] written = new long[0];
    private long[] key = new long[0];

    /** @param exact whether overlap is looked up in the shadow: not where several threads run at once */
    void reset(Program program, boolean exact, Progress progress) {
        int slots = program.slots();
        if (slots > address.length) {
            address = new long[slots];
            size = new long[slots];
            written = new long[slots];
            key = new long[slots];
        } else {
            Arrays.fill(address, 0, slots, 0);
        }
        shadow.clear();
        this.exact = exact;
        this.progress = progress;
        origin = 0;
        serial = program.salt();
    }

    boolean isLive(int slot) {
        return address[slot] != 0;
    }

    long address(int slot) {
        return address[slot];
    }

    long size(int slot) {
        return size[slot];
    }

    long written(int slot) {
        return written[slot];
    }

    /** Enters a new block of {@code usable} bytes and fills it. */
    void add(int slot, long at, long bytes, long usable) {
        claim(slot, at, bytes, usable);
        address[slot] = at;
        size[slot] = bytes;
        written[slot] = usable;
        key[slot] = (slot + ++serial * 65_599L) * KEY_FACTOR;
        progress.touching(slot);
        Contents.fill(at, key[slot], 0, bytes, usable);
    }

    /** The block was resized and perhaps moved: checks what must have been kept and fills the rest. */
    void moved(int slot, long to, long bytes, long usable) {
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
            throw new LawBroken(Law.REALLOC_KEEPS_PREFIX, name(slot) + " went from " + oldSize + " to " + bytes + " bytes "
                    + (to == oldAddress ? "in place" : "and moved from " + place(oldAddress) + " to " + place(to))
                    + "; its byte " + wrong + " changed: " + Contents.bytesAt(to, key[slot], wrong, kept));
        }
        Contents.fill(to, key[slot], kept, bytes, usable);
    }

    /** Reads the whole block. */
    void check(int slot, Law law) {
        requireMapped(slot, address[slot], written[slot]);
        progress.touching(slot);
        long wrong = Contents.firstChange(address[slot], key[slot], written[slot]);
        if (wrong >= 0) {
            throw new LawBroken(law, name(slot) + " at " + place(address[slot]) + " (" + size[slot] + " bytes, usable "
                    + written[slot] + ") changed at byte " + wrong + ": "
                    + Contents.bytesAt(address[slot], key[slot], wrong, written[slot]) + neighbour(slot, wrong));
        }
    }

    /** The block is about to be freed, or was freed by a realloc to nothing. */
    void remove(int slot) {
        if (exact) {
            shadow.release(address[slot], written[slot]);
        }
        address[slot] = 0;
    }

    /**
     * The removed block's memory must be unmapped. Another part of the process may have mapped something new there within
     * these nanoseconds; then the block's words are not what is found.
     */
    void requireGone(int slot, long at) {
        long last = written[slot] - 1;
        if (isStillThere(slot, at, 0) || isStillThere(slot, at, last - Contents.WORD & -Contents.WORD)) {
            throw new LawBroken(Law.UNMAPPED_AFTER_FREE, name(slot) + " (" + size[slot] + " bytes) is still mapped at "
                    + place(at) + " after its free, with its contents");
        }
    }

    private boolean isStillThere(int slot, long at, long offset) {
        return Mapped.isWhole(at + offset, 1) && Contents.isWord(at, key[slot], offset);
    }

    private void claim(int slot, long at, long bytes, long usable) {
        if (origin == 0) {
            origin = at;
        }
        if (exact && !shadow.claim(at, usable)) {
            throw new LawBroken(Law.OVERLAP, "b" + slot + " (" + bytes + " bytes, usable " + usable + ") was put at "
                    + place(at) + overlapped(at, Math.max(usable, 1)));
        }
        requireMapped(slot, at, usable);
    }

    private void requireMapped(int slot, long at, long bytes) {
        if (bytes >= LARGE && !Mapped.isWhole(at, bytes)) {
            throw new LawBroken(Law.STAYS_MAPPED, "b" + slot + " at " + place(at) + " (" + bytes
                    + " bytes) is not mapped to its end");
        }
    }

    private String overlapped(long at, long bytes) {
        for (int other = 0; other < address.length; other++) {
            long start = address[other];
            if (start != 0 && at < start + Math.max(written[other], 1) && start < at + bytes) {
                return ", but " + name(other) + " is live at " + place(start) + " (" + size[other] + " bytes, usable "
                        + written[other] + ")";
            }
        }
        return ", where another block is live";
    }

    /** Whose bytes stand in a block that changed: often the one written last that touches it. */
    private String neighbour(int slot, long offset) {
        long at = address[slot] + offset;
        long below = Long.MIN_VALUE;
        int nearest = -1;
        for (int other = 0; other < address.length; other++) {
            if (other != slot && address[other] != 0 && address[other] <= at && address[other] > below) {
                nearest = other;
                below = address[other];
            }
        }
        return nearest < 0 ? "" : "; the block before that byte is " + name(nearest) + " at " + place(below) + " (usable "
                + written[nearest] + ")";
    }

    private static String name(int slot) {
        return "b" + slot;
    }

    /**
     * The address as a distance from the program's first block. Absolute addresses differ from run to run, these do not.
     */
    String place(long at) {
        long distance = at - origin;
        if (Math.abs(distance) >= REGION) {
            return String.format("another region (page offset 0x%03x)", at & (Mapped.PAGE - 1));
        }
        return "first" + (distance < 0 ? "-0x" : "+0x") + Long.toHexString(Math.abs(distance));
    }
}
