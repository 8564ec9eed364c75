package dev.banos.fuzz.program;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.VarHandle;

/**
 * How far a run has come, written before each step, in memory that outlives the process that writes it: after a crash the
 * parent reads here what was under way.
 * <pre>
 *  0        8           12      16     20      24
 *  +--------+-----------+-------+------+-------+
 *  |  tries | operation | phase | slot | round |
 *  +--------+-----------+-------+------+-------+
 * </pre>
 */
public final class Progress {
    static final StructLayout LAYOUT = MemoryLayout.structLayout(
            JAVA_LONG.withName("tries"),
            JAVA_INT.withName("operation"),
            JAVA_INT.withName("phase"),
            JAVA_INT.withName("slot"),
            JAVA_INT.withName("round"));

    /** The target itself is running. */
    static final int CALLING = 0;
    /** The fuzzer reads or writes the block of {@link #slot}. */
    public static final int TOUCHING = 1;

    private static final VarHandle TRIES = field("tries");
    private static final VarHandle OPERATION = field("operation");
    private static final VarHandle PHASE = field("phase");
    private static final VarHandle SLOT = field("slot");
    private static final VarHandle ROUND = field("round");

    private final MemorySegment record;

    public Progress() {
        this(Arena.ofAuto().allocate(LAYOUT));
    }

    Progress(MemorySegment record) {
        this.record = record;
    }

    public long tries() {
        return (long) TRIES.getOpaque(record, 0L);
    }

    public void tries(long count) {
        TRIES.setOpaque(record, 0L, count);
    }

    public int operation() {
        return (int) OPERATION.getOpaque(record, 0L);
    }

    public int phase() {
        return (int) PHASE.getOpaque(record, 0L);
    }

    public int slot() {
        return (int) SLOT.getOpaque(record, 0L);
    }

    /** Of a race: how many are over. */
    public int round() {
        return (int) ROUND.getOpaque(record, 0L);
    }

    public void round(int count) {
        ROUND.setOpaque(record, 0L, count);
    }

    public void calling(int operation) {
        OPERATION.setOpaque(record, 0L, operation);
        PHASE.setOpaque(record, 0L, CALLING);
    }

    public void touching(int slot) {
        SLOT.setOpaque(record, 0L, slot);
        PHASE.setOpaque(record, 0L, TOUCHING);
    }

    private static VarHandle field(String name) {
        return LAYOUT.varHandle(PathElement.groupElement(name)).withInvokeExactBehavior();
    }
}
