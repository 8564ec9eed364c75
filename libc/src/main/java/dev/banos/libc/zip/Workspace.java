package dev.banos.libc.zip;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/**
 * The memory of one inflater, one block of fixed size.
 *
 * <pre>
 *   window                                 tables                       header
 *   +---------------+---------------+------+---------+----------+-------+----------------------+
 *   | history 32 K  | new bytes 32 K| slop | literal | distance | ...   | name, comment, extra |
 *   +---------------+---------------+------+---------+----------+-------+----------------------+
 * </pre>
 */
final class Workspace {
    static final int HISTORY_BYTES = 1 << 15;
    static final int WINDOW_BYTES = 2 * HISTORY_BYTES;
    static final int STAGE_BYTES = 1 << 13;
    static final int HEADER_TEXT_BYTES = Inflater.HEADER_TEXT_BYTES;

    private static final StructLayout LAYOUT = MemoryLayout.structLayout(
            MemoryLayout.sequenceLayout(WINDOW_BYTES + SymbolLoop.OUTPUT_MARGIN, JAVA_BYTE).withName("window"),
            MemoryLayout.sequenceLayout(STAGE_BYTES, JAVA_BYTE).withName("stage"),
            MemoryLayout.sequenceLayout(DecodeTable.LITERAL_ENTRIES, JAVA_INT).withName("literals"),
            MemoryLayout.sequenceLayout(DecodeTable.DISTANCE_ENTRIES, JAVA_INT).withName("distances"),
            MemoryLayout.sequenceLayout(DecodeTable.PRECODE_ENTRIES, JAVA_INT).withName("precode"),
            MemoryLayout.sequenceLayout(DecodeTable.SCRATCH_BYTES / Short.BYTES, JAVA_SHORT).withName("scratch"),
            MemoryLayout.sequenceLayout(Alphabet.LITERAL_SYMBOLS + Alphabet.DISTANCE_SYMBOLS, JAVA_BYTE).withName("lengths"),
            MemoryLayout.sequenceLayout(HEADER_TEXT_BYTES, JAVA_BYTE).withName("name"),
            MemoryLayout.sequenceLayout(HEADER_TEXT_BYTES, JAVA_BYTE).withName("comment"),
            MemoryLayout.sequenceLayout(HEADER_TEXT_BYTES, JAVA_BYTE).withName("extra"));

    private final Arena scope;
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

    Workspace() {
        scope = Arena.ofShared();
        MemorySegment block = scope.allocate(LAYOUT);
        window = block.address() + offset("window");
        stage = block.address() + offset("stage");
        literals = block.address() + offset("literals");
        distances = block.address() + offset("distances");
        precode = block.address() + offset("precode");
        scratch = block.address() + offset("scratch");
        lengths = block.address() + offset("lengths");
        name = text(block, "name");
        comment = text(block, "comment");
        extra = text(block, "extra");
    }

    private static MemorySegment text(MemorySegment block, String field) {
        return block.asSlice(offset(field), HEADER_TEXT_BYTES);
    }

    private static long offset(String field) {
        return LAYOUT.byteOffset(PathElement.groupElement(field));
    }

    void free() {
        scope.close();
    }
}
