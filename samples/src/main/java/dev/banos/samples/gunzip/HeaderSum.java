package dev.banos.samples.gunzip;

import dev.banos.libc.zip.Crc32;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The checksum that a header ends with, beside the one of what stands before it; the header comes in pieces of any size. */
final class HeaderSum implements AutoCloseable {
    private static final long STORED_BYTES = Short.BYTES;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Arena scope = Arena.ofConfined();
    private final MemorySegment last = scope.allocate(2 * STORED_BYTES); // up to two bytes, which may be the checksum
    private long lastBytes;
    private int sum;

    void reset() {
        lastBytes = 0;
        sum = Crc32.INITIAL;
    }

    void add(MemorySegment piece) {
        long copied = Math.min(piece.byteSize(), STORED_BYTES);
        long before = piece.byteSize() - copied;
        if (before > 0) {
            sum = Crc32.update(Crc32.update(sum, last.asSlice(0, lastBytes)), piece.asSlice(0, before));
            lastBytes = 0;
        }
        MemorySegment.copy(piece, before, last, lastBytes, copied);
        lastBytes += copied;
        long surplus = Math.max(0, lastBytes - STORED_BYTES);
        sum = Crc32.update(sum, last.asSlice(0, surplus));
        lastBytes -= surplus;
        MemorySegment.copy(last, surplus, last, 0, lastBytes);
    }

    int stored() {
        return Short.toUnsignedInt(last.get(SHORT, 0));
    }

    int computed() {
        return sum & 0xFFFF;
    }

    @Override
    public void close() {
        scope.close();
    }
}
