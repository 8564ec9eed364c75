package dev.banos.mem.hardened;

import dev.banos.mem.mappings.GuardedMapping;
import dev.banos.mem.slots.Run;
import dev.banos.mem.system.Kernel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a hardened heap knows of one block, live or in quarantine. Changes under the lock of the heap.
 *
 * <pre>
 *  in a slot        start = address                        in a mapping  mapping   start  address          end
 *                   v                                                    v         v      v                v
 *                   | size bytes | slack |  next slot                    |  guard  | slack| size bytes | sl.|  guard  |
 *                                        ^ end
 * </pre>
 */
public final class HardenedBlock {
    /** Where a block is in its life. */
    enum State { LIVE, FREED, DAMAGED }

    public final long size;
    /** Holds the stack of the allocation; null where none was wanted. */
    final @Nullable Throwable birth;
    /** Where the block lies; null for a mapping of its own. */
    final @Nullable Run run;
    public final long address;
    public final long start;
    public final long end;
    /** With its guards; 0 for a slot. */
    final long mapping;
    final long mappingBytes;
    /** Whether it has a mapping although a slot would do. */
    final boolean sampled;
    State state = State.LIVE;
    /** Its line in the {@link FaultRecord}. */
    int faultRecord = FaultRecord.NONE;
    /** Holds the stack of the free; null where none was wanted. */
    @Nullable Throwable death;

    private HardenedBlock(long size, @Nullable Throwable birth, @Nullable Run run, GuardedMapping place, boolean sampled) {
        this.size = size;
        this.birth = birth;
        this.run = run;
        this.address = place.address();
        this.start = place.start();
        this.end = place.end();
        this.mapping = place.mapping();
        this.mappingBytes = place.mappingBytes();
        this.sampled = sampled;
    }

    public static HardenedBlock inSlot(long size, @Nullable Throwable birth, Run run, long address) {
        return new HardenedBlock(size, birth, run, new GuardedMapping(address, 0, 0, address, address + run.slotBytes), false);
    }

    public static HardenedBlock inMapping(long size, @Nullable Throwable birth, GuardedMapping mapping, boolean sampled) {
        return new HardenedBlock(size, birth, null, mapping, sampled);
    }

    public boolean isLive() {
        return state == State.LIVE;
    }

    /** For a block in a slot. */
    Run run() {
        return Objects.requireNonNull(run, "a mapping is in no run");
    }

    public boolean isMapping() {
        return run == null;
    }

    /** Whether it has pages without access around it. */
    boolean isGuarded() {
        return isMapping() && mapping < start;
    }

    /** What it takes of the bound of a quarantine: a mapping there has no memory. */
    long quarantineBytes() {
        return isMapping() ? Kernel.PAGE_BYTES : end - start;
    }

    /** Whether {@code other} is in the memory of this block, its slack or its guards. */
    public boolean covers(long other) {
        return isMapping() ? other >= mapping && other < mapping + mappingBytes : other >= start && other < end;
    }

    /** Where {@code other}, which this block covers, is in it: the beginning of a sentence that {@link #describe} ends. */
    public String place(long other) {
        long offset = other - address;
        if (offset < 0) {
            return -offset + " bytes in front of ";
        }
        return offset == 0 ? "it is " : offset < size ? offset + " bytes inside " : offset - size + " bytes past the end of ";
    }

    /** As it is now, in words, for messages. */
    public String describe() {
        return describe(state);
    }

    /** In words, for messages; outside the locks, because stacks are behind a monitor. */
    String describe(State as) {
        String life = switch (as) {
            case LIVE -> "a live block";
            case FREED -> "a freed block, in quarantine,";
            case DAMAGED -> "a damaged block, out of use,";
        };
        String place = isMapping() ? "a mapping of its own" : "a slot of " + run().slotBytes + " bytes, size class " + run().bin.sizeClass;
        return life + " of " + size + " bytes at 0x" + Long.toHexString(address) + " (" + place + by("allocated", birth)
                + by("freed", death) + ")";
    }

    private static String by(String deed, @Nullable Throwable stack) {
        return stack == null ? "" : ", " + deed + " by " + Callers.outsideTheAllocator(stack);
    }
}
