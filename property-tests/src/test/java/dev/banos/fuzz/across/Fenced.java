package dev.banos.fuzz.across;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.Native;
import dev.banos.mem.Malloc;
import java.lang.foreign.MemorySegment;

/** A block from malloc between two others of its size, whose bytes must not change whatever is done to it. */
final class Fenced implements AutoCloseable {
    private static final byte FENCE = 0x5b;

    private final MemorySegment below;
    private final MemorySegment block;
    private final MemorySegment above;

    Fenced(long bytes) {
        below = malloc(bytes).fill(FENCE);
        block = malloc(bytes);
        above = malloc(bytes).fill(FENCE);
    }

    static Fenced of(byte[] bytes) {
        Fenced fenced = new Fenced(bytes.length);
        MemorySegment.copy(bytes, 0, fenced.block, JAVA_BYTE, 0, bytes.length);
        return fenced;
    }

    private static MemorySegment malloc(long bytes) {
        return Native.EVERYTHING.asSlice(Malloc.malloc(bytes), bytes);
    }

    /** Of exactly the bytes asked for. */
    MemorySegment segment() {
        return block;
    }

    byte[] bytes() {
        return block.toArray(JAVA_BYTE);
    }

    @Override
    public void close() {
        for (MemorySegment fence : new MemorySegment[] {below, above}) {
            for (long at = 0; at < fence.byteSize(); at++) {
                assertThat(fence.get(JAVA_BYTE, at)).as("byte %d of the fence", at).isEqualTo(FENCE);
            }
            Malloc.free(fence.address());
        }
        Malloc.free(block.address());
    }
}
