package dev.banos.libc.sort;

import dev.banos.libc.segment.Liveness;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What a sort demands of its segments; all of it is checked before anything is touched. */
final class Arguments {
    private Arguments() {
    }

    static void requireData(MemorySegment data, long elementBytes) {
        requireWritable("data", data);
        if (data.byteSize() % elementBytes != 0) {
            throw refused("dataBytes=" + data.byteSize() + " is no multiple of elementBytes=" + elementBytes);
        }
    }

    static void requireTemporary(MemorySegment temporary, MemorySegment data) {
        requireWritable("temporary", temporary);
        long bytes = data.byteSize();
        if (temporary.byteSize() < bytes) {
            throw refused("temporaryBytes=" + temporary.byteSize() + " is less than dataBytes=" + bytes);
        }
        if (Math.abs(data.address() - temporary.address()) < bytes) {
            throw refused("data at 0x" + Long.toHexString(data.address()) + " and temporary at 0x"
                    + Long.toHexString(temporary.address()) + " overlap; dataBytes=" + bytes);
        }
    }

    private static void requireWritable(String name, MemorySegment segment) {
        if (!segment.isNative()) {
            throw refused(name + " is on the Java heap; sort native memory, or an array with java.util.Arrays");
        }
        if (segment.isReadOnly()) {
            throw refused(name + " is read-only");
        }
        if (segment.byteSize() > 0) {
            segment.get(ValueLayout.JAVA_BYTE, 0); // throws if the scope is closed or another thread's
        } else {
            Liveness.requireAccessible(name, segment);
        }
    }

    static IllegalArgumentException refused(String reason) {
        return new IllegalArgumentException(reason);
    }
}
