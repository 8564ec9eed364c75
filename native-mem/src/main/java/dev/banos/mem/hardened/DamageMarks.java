package dev.banos.mem.hardened;

import org.jspecify.annotations.Nullable;

/**
 * What a hardened heap writes beside its live blocks and over its freed ones, so that a damage shows, and its looking at
 * that. Under the lock of the heap, all of it.
 *
 * <pre>
 *   live    | canary | block | canary |        from start to end, of HardenedBlock
 *   freed   |          fill           |        slots only: a freed mapping has no access
 * </pre>
 */
public final class DamageMarks {
    private final BlockTable blocks;
    private final boolean zeroes;
    /** Null where there is none, as the next. */
    private final @Nullable Canary canary;
    private final @Nullable FreedFill fill;

    /**
     * @param zeroes whether freed blocks become zeros, and new ones are
     * @param canary whether the slack of blocks is filled
     * @param quarantine whether freed blocks wait for a while, and are looked at then
     */
    public DamageMarks(BlockTable blocks, boolean zeroes, boolean canary, boolean quarantine) {
        this.blocks = blocks;
        this.zeroes = zeroes;
        this.canary = canary ? new Canary() : null;
        this.fill = zeroes || quarantine ? new FreedFill(zeroes) : null;
    }

    /** How much larger than the request its place must be. */
    public long slackBytes() {
        return canary == null ? 0 : Canary.LEAST_BYTES;
    }

    public void setAtBirth(HardenedBlock block) {
        if (zeroes && fill != null && !block.isMapping()) {
            fill.fill(block.start, block.end); // its memory may have been another heap's
        }
        if (canary != null) {
            canary.fill(block.start, block.address);
            canary.fill(block.address + block.size, block.end);
        }
    }

    /** For a block in a slot. */
    void setAtFree(HardenedBlock block) {
        if (fill != null) {
            fill.fill(block.start, block.end);
        }
    }

    /** Looks at a block, and puts it out of use if it is damaged. @return null if it is not, or was known to be */
    public @Nullable Damage damageOf(HardenedBlock block) {
        Damage damage = null;
        if (block.state == HardenedBlock.State.LIVE) { // no switch: it makes a class, which is lost where Java's heap is full
            damage = canary == null ? null : slackDamage(canary, block);
        } else if (block.state == HardenedBlock.State.FREED && fill != null && !block.isMapping()) { // else on its way to the pool, without a fill
            damage = freedDamage(fill, block);
        }
        if (damage != null) {
            block.state = HardenedBlock.State.DAMAGED;
        }
        return damage;
    }

    /** Of a block that was freed, and without an object: whether {@link #damageOf} finds something, or has found it before. */
    boolean isDamaged(HardenedBlock freed) {
        return fill != null && !freed.isMapping() && fill.firstWrong(freed.start, freed.end) != FreedFill.NONE;
    }

    /** What is written in front of a block hits the slot before it. */
    public @Nullable Damage damageBefore(HardenedBlock block) {
        HardenedBlock before = block.isMapping() ? null : blocks.get(block.address - block.run().slotBytes);
        return before == null || before.run != block.run ? null : damageOf(before);
    }

    private static @Nullable Damage slackDamage(Canary canary, HardenedBlock block) {
        long wrong = canary.firstWrong(block.start, block.address);
        if (wrong == Canary.NONE) {
            wrong = canary.firstWrong(block.address + block.size, block.end);
        }
        return wrong == Canary.NONE ? null : Damage.at(block, wrong, canary.expected(wrong));
    }

    private static @Nullable Damage freedDamage(FreedFill fill, HardenedBlock block) {
        long wrong = fill.firstWrong(block.start, block.end);
        return wrong == FreedFill.NONE ? null : Damage.at(block, wrong, fill.expected());
    }
}
