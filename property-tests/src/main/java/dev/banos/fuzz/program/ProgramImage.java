package dev.banos.fuzz.program;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.VarHandle;

/**
 * A program in a mapped file, written before it runs: what a crashed process leaves behind of it, and how a parent hands one
 * to its child.
 * <pre>
 *  0        4        8      12     16
 *  +--------+--------+------+------+------------------~
 *  | length |  mode  | what | slot | size  | what ...
 *  +--------+--------+------+------+------------------~
 * </pre>
 */
public final class ProgramImage {
    /** The most operations that an image holds. */
    public static final int LARGEST_LENGTH = 1 << 20;

    private static final StructLayout HEADER = MemoryLayout.structLayout(
            JAVA_INT.withName("length"),
            JAVA_INT.withName("mode"));

    private static final StructLayout RECORD = MemoryLayout.structLayout(
            JAVA_INT.withName("what"),
            JAVA_INT.withName("slot"),
            JAVA_LONG.withName("size"));

    static final long BYTES = HEADER.byteSize() + LARGEST_LENGTH * RECORD.byteSize();

    private static final VarHandle LENGTH = field(HEADER, "length");
    private static final VarHandle MODE = field(HEADER, "mode");
    private static final VarHandle WHAT = field(RECORD, "what");
    private static final VarHandle SLOT = field(RECORD, "slot");
    private static final VarHandle SIZE = field(RECORD, "size");

    private static final Mode[] MODES = Mode.values();

    private final MemorySegment image;

    ProgramImage(MemorySegment image) {
        this.image = image;
    }

    /** The image that begins behind a program of this length. */
    public ProgramImage after(Operations program) {
        return new ProgramImage(image.asSlice(HEADER.byteSize() + program.length() * RECORD.byteSize()));
    }

    /** @throws IllegalArgumentException if it has more operations than an image holds */
    public static void requireRunnable(Operations program) {
        if (program.length() > LARGEST_LENGTH) {
            throw new IllegalArgumentException("a program of " + program.length() + " operations: at most " + LARGEST_LENGTH + " can be run");
        }
    }

    public void write(Operations program, Mode mode) {
        requireRunnable(program);
        int length = program.length();
        LENGTH.set(image, 0L, length);
        MODE.set(image, 0L, mode.ordinal());
        long at = HEADER.byteSize();
        for (int i = 0; i < length; i++, at += RECORD.byteSize()) {
            WHAT.set(image, at, program.what(i));
            SLOT.set(image, at, program.slot(i));
            SIZE.set(image, at, program.size(i));
        }
    }

    public Mode mode() {
        return MODES[(int) MODE.get(image, 0L)];
    }

    public Operations read() {
        int length = (int) LENGTH.get(image, 0L);
        Operations program = new Operations(length);
        long at = HEADER.byteSize();
        for (int i = 0; i < length; i++, at += RECORD.byteSize()) {
            program.addPacked((int) WHAT.get(image, at), (int) SLOT.get(image, at), (long) SIZE.get(image, at));
        }
        return program;
    }

    private static VarHandle field(StructLayout layout, String name) {
        return layout.varHandle(PathElement.groupElement(name)).withInvokeExactBehavior();
    }
}
