package dev.banos.libc.zip;

import dev.banos.bindings.Native;
import dev.banos.libc.segment.Liveness;
import java.lang.foreign.MemorySegment;
import java.util.zip.Checksum;

/** Hands segments to the checksums of {@code java.util.zip}, whose loops the virtual machine replaces by vector instructions. */
final class JavaUtilZip {
    /** Below this many bytes those loops go byte by byte. */
    static final int WORTHWHILE = 16;

    /** A buffer ends at 2 GiB; a multiple of a page keeps all pieces as aligned as the first. */
    static final long LARGEST_PIECE = 1L << 30;

    private JavaUtilZip() {
    }

    /** Native memory, or a byte[] that may be written: no other heap segment shows its array. */
    static boolean canTake(MemorySegment data) {
        return data.isNative() || data.heapBase().orElse(null) instanceof byte[];
    }

    /**
     * Updates {@code engine} with {@code data}, of at most {@link #LARGEST_PIECE} bytes. The compiler removes the buffer
     * when it sees the class of the segment that makes it, which it always does for a slice of a constant. A scope that
     * another thread may close is instead held by the buffer of its own segment.
     */
    static void feed(Checksum engine, MemorySegment data) {
        if (Liveness.isCertain(data)) {
            engine.update(Native.EVERYTHING.asSlice(data.address(), data.byteSize()).asByteBuffer());
        } else if (data.isNative()) {
            engine.update(data.asByteBuffer());
        } else {
            engine.update((byte[]) data.heapBase().orElseThrow(), (int) data.address(), (int) data.byteSize());
        }
    }
}
