package dev.banos.fuzz.model;

import dev.banos.fuzz.program.Bytes;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What lies around the blocks of a running program, so that a free that unmaps more than its own is seen before something else of
 * the process trips over the hole.
 * <pre>
 *   | block ........ | page behind |
 *                      foreign      mapped before the target was: a suspicion, too, as it may have been unmapped since; in a
 *                                   replay, where it is still as it was, whoever unmaps it breaks the law
 *                      fenced       nothing was there: the fuzzer maps a page of its own for the time of the call
 *                      a cushion    lies behind where the kernel will put the block, in a replay
 *                      unknown      the allocator's, perhaps: a suspicion, which a replay decides
 * </pre>
 */
public final class Surroundings {
    /** What is smaller is hardly ever in a mapping of its own, so that its free has nothing to unmap. */
    private static final long GUARDED = 16 << 10;

    private final Blocks blocks;
    private final Cushions cushions = new Cushions();
    /** Of the target as it was opened. */
    private @Nullable ForeignMemory guarded;
    /** That, and what threads of the program that runs have mapped. */
    private @Nullable ForeignMemory foreign;
    private boolean exact;
    private boolean careful;
    private boolean fencing;
    private boolean trusting;
    private volatile boolean suspicious;

    public Surroundings(Blocks blocks) {
        this.blocks = blocks;
    }

    /**
     * A program starts.
     *
     * @param exact   whether it runs one operation at a time
     * @param fencing whether pages may be mapped for the time of a call
     */
    public void begin(boolean exact, boolean fencing) {
        this.exact = exact;
        this.fencing = fencing;
    }

    /** Whether every block is checked to be mapped before it is touched, not only large ones. */
    public void careful(boolean now) {
        careful = now;
        blocks.careful(now);
    }

    /** From now on this memory must not be unmapped by a free; null for any. */
    public void guard(@Nullable ForeignMemory memory) {
        guarded = memory;
        foreign = memory;
    }

    /** Starts a thread, which maps a stack and more that is not the target's. */
    public void started(Runnable start) {
        if (foreign == null || !careful) {
            start.run();
            return;
        }
        ForeignMemory before = ForeignMemory.now();
        start.run();
        foreign = foreign.and(before, ForeignMemory.now());
    }

    /** From now on what vanishes behind a block is the allocator's own, unless it is known as somebody else's. */
    public void trust() {
        trusting = true;
    }

    /** Whether since the last call a page vanished that may have been anybody's. */
    public boolean takeSuspicion() {
        boolean taken = suspicious;
        suspicious = false;
        return taken;
    }

    /** Prepares for a block that is about to be allocated: in a replay, where it will have a mapping of its own. */
    public void cushion(long bytes) {
        if (careful && exact && foreign != null && bytes >= GUARDED && bytes <= Bytes.MODEST) {
            cushions.behindNext(bytes);
        }
    }

    /** The program has ended: gives the cushions back, and forgets the threads, whose memory goes with them. */
    public void release() {
        cushions.release();
        foreign = guarded;
    }

    /**
     * Whether a call that frees the block must go through {@link #watched}. A small block on a page's boundary may have a mapping of its
     * own, too: it may have been asked for with a large alignment.
     */
    public boolean isWatched(int slot, long address) {
        return foreign != null && (blocks.size(slot) >= GUARDED || careful || (address & Bytes.PAGE - 1) == 0);
    }

    /**
     * Makes a call that frees this block, and sees whether it unmaps the page behind. What is mapped there is the kernel's
     * choice, so the fuzzer maps something where nothing is, lest equal programs come to different ends.
     */
    public long watched(String name, int slot, long address, boolean fences, LongSupplier call) {
        long behind = address + Math.max(blocks.written(slot), 1) + Bytes.PAGE - 1 & -Bytes.PAGE;
        boolean fenced = fences && fencing && Mapped.fence(behind);
        boolean known = fenced || isKnown(slot, behind);
        boolean there = (known || isSuspect(behind)) && Mapped.isWhole(behind, 1);
        long result = call.getAsLong();
        if (there && !Mapped.isWhole(behind, 1)) {
            if (!known) {
                suspicious = true;
                return result;
            }
            throw new Deviation(Deviation.Kind.UNMAPPED_BEYOND, "the " + name + " of b" + slot + " (" + blocks.size(slot)
                    + " bytes) unmapped the page behind it, which is not its own", "b" + slot + " was at 0x"
                    + Long.toHexString(address) + ", usable " + blocks.written(slot));
        }
        if (fenced) {
            Mapped.unmap(behind, Bytes.PAGE);
        }
        return result;
    }

    /** Whether somebody else's memory is there, and not the block of {@code slot}, which is about to be freed. */
    private boolean isKnown(int slot, long page) {
        return cushions.contains(page)
                || careful && (blocks.isInPage(page, slot) || foreign != null && foreign.contains(page) && foreign.isAsItWas(page));
    }

    private boolean isSuspect(long page) {
        return !careful && !trusting && (fencing || foreign != null && foreign.contains(page));
    }
}
