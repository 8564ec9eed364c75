package dev.banos.mem;

import dev.banos.mem.event.MemoryEvents;
import dev.banos.mem.hardened.Damage;
import dev.banos.mem.slots.Domain;

/**
 * Thrown when memory of a hardened heap was written to that is no live block's: the slack around a block, or a block after its
 * free. The damaged block is out of use from now on: it is never given out again, and is reported once. Nothing else has changed;
 * but if {@link #freed} is true, the free that found the damage did its own work first.
 */
public final class CorruptBlockException extends InvalidBlockException {
    private static final long serialVersionUID = 1L;

    private final long block;
    private final long offset;
    private final byte expected;
    private final byte found;
    private final boolean freed;

    private CorruptBlockException(long passed, Damage damage, boolean freed, String message) {
        super(passed, message);
        this.block = damage.block().address;
        this.offset = damage.offset();
        this.expected = damage.expected();
        this.found = damage.found();
        this.freed = freed;
    }

    /**
     * @param passed the address that the call was made with, or 0
     * @param freed whether the block there was freed
     */
    static CorruptBlockException of(String operation, long passed, boolean freed, Damage damage, Domain domain) {
        String message = operation + (passed == 0 ? "" : " of 0x" + Long.toHexString(passed)) + " through " + domain + ": "
                + damage + (freed ? "; the block that was freed was another, and is freed" : "");
        MemoryEvents.corruption(damage.block().address, damage.offset(), damage.expected(), damage.found(),
                damage.block().end - damage.block().start, domain.toString(), message);
        return new CorruptBlockException(passed, damage, freed, message);
    }

    /** {@return the address of the damaged block} */
    public long block() {
        return block;
    }

    /** {@return where the first wrong byte is, counted from the block's beginning; negative in front of it} */
    public long offset() {
        return offset;
    }

    /** {@return the byte that the heap had written at {@link #offset}} */
    public byte expected() {
        return expected;
    }

    /** {@return the byte that stands there instead} */
    public byte found() {
        return found;
    }

    /** {@return whether the block that was passed to free is another one than the damaged block; then it is free now} */
    public boolean freed() {
        return freed;
    }
}
