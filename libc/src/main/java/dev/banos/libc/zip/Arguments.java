package dev.banos.libc.zip;

import dev.banos.libc.segment.Liveness;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** The rules for a call's input and output, checked before anything is touched. */
final class Arguments {
    private Arguments() {
    }

    static void check(MemorySegment in, long inOffset, long inLength, MemorySegment out, long outOffset, long outLength) {
        Objects.checkFromIndexSize(inOffset, inLength, in.byteSize());
        Objects.checkFromIndexSize(outOffset, outLength, out.byteSize());
        if (!Liveness.isGlobal(in)) {
            Liveness.requireAccessible("in", in);
        }
        if (!Liveness.isGlobal(out)) {
            Liveness.requireAccessible("out", out);
        }
        if (out.isReadOnly()) {
            throw new IllegalArgumentException("out.isReadOnly()=true: output has to be writable");
        }
        if (share(in, inOffset, inLength, out, outOffset, outLength)) {
            throw new IllegalArgumentException("in=" + in.asSlice(inOffset, inLength) + " and out="
                    + out.asSlice(outOffset, outLength) + " share memory");
        }
    }

    private static boolean share(MemorySegment in, long inOffset, long inLength,
            MemorySegment out, long outOffset, long outLength) {
        long inStart = in.address() + inOffset;
        long outStart = out.address() + outOffset;
        return inStart < outStart + outLength && outStart < inStart + inLength && sameSpace(in, out);
    }

    private static boolean sameSpace(MemorySegment in, MemorySegment out) {
        if (in.isNative() || out.isNative()) {
            return in.isNative() && out.isNative();
        }
        return in.asOverlappingSlice(out).isPresent();
    }
}
