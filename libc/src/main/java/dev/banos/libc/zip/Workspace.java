package dev.banos.libc.zip;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.banos.bindings.Native;
import dev.banos.mem.Malloc;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.nio.ByteBuffer;

/**
 * The memory of one inflater, one block of fixed size.
 *
 * <pre>
 *   window                                 tables                       header
 *   +---------------+---------------+------+---------+----------+-------+----------------------+
 *   | history 32 K  | new bytes 64 K| slop | literal | distance | ...   | name, comment, extra |
 *   +---------------+---------------+------+---------+----------+-------+----------------------+
 * </pre>
 */
final class Workspace {
    static final int HISTORY_BYTES = 1 << 15;
    static final int WINDOW_BYTES = 3 * HISTORY_BYTES;
    static final int STAGE_BYTES = 1 << 13;
    static final int HEADER_TEXT_BYTES = Inflater.HEADER_TEXT_BYTES;

    private static final StructLayout LAYOUT = MemoryLayout.structLayout(
            MemoryLayout.sequenceLayout(WINDOW_BYTES + SymbolLoop.OUTPUT_MARGIN, JAVA_BYTE).withName("window"),
            MemoryLayout.sequenceLayout(STAGE_BYTES + BitInput.PADDING, JAVA_BYTE).withName("stage"),
            MemoryLayout.sequenceLayout(DecodeTable.LITERAL_ENTRIES, JAVA_INT).withName("literals"),
            MemoryLayout.sequenceLayout(DecodeTable.DISTANCE_ENTRIES, JAVA_INT).withName("distances"),
            MemoryLayout.sequenceLayout(DecodeTable.PRECODE_ENTRIES, JAVA_INT).withName("precode"),
            MemoryLayout.sequenceLayout(DecodeTable.SCRATCH_BYTES / Short.BYTES, JAVA_SHORT).withName("scratch"),
            MemoryLayout.sequenceLayout(Alphabet.LITERAL_SYMBOLS + Alphabet.DISTANCE_SYMBOLS, JAVA_BYTE).withName("lengths"),
            MemoryLayout.sequenceLayout(HEADER_TEXT_BYTES, JAVA_BYTE).withName("name"),
            MemoryLayout.sequenceLayout(HEADER_TEXT_BYTES, JAVA_BYTE).withName("comment"),
            MemoryLayout.sequenceLayout(HEADER_TEXT_BYTES, JAVA_BYTE).withName("extra"));

    private final long block;
    final long window;
    final long stage;
    final long literals;
    final long distances;
    final long precode;
    final long scratch;
    final long lengths;
    final MemorySegment name;
    final MemorySegment comment;
    final MemorySegment extra;

    /** @throws OutOfMemoryError if there is none */
    Workspace() {
        block = Malloc.malloc(LAYOUT.byteSize());
        if (block == 0) {
            throw new OutOfMemoryError("bytes=" + LAYOUT.byteSize() + ": no memory for an inflater");
        }
        window = block + offset("window");
        stage = block + offset("stage");
        literals = block + offset("literals");
        distances = block + offset("distances");
        precode = block + offset("precode");
        scratch = block + offset("scratch");
        lengths = block + offset("lengths");
        name = text("name");
        comment = text("comment");
        extra = text("extra");
    }

    ByteBuffer windowBuffer() {
        return Native.segment(window, WINDOW_BYTES + SymbolLoop.OUTPUT_MARGIN).asByteBuffer();
    }

    private MemorySegment text(String field) {
        return Native.segment(block + offset(field), HEADER_TEXT_BYTES);
    }

    private static long offset(String field) {
        return LAYOUT.byteOffset(PathElement.groupElement(field));
    }

    void free() {
        Malloc.free(block);
    }
}
