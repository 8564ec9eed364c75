package dev.banos.libc.zip;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import dev.banos.bindings.generated.Linux;
import dev.banos.libc.zip.Inflater.Format;
import dev.banos.libc.zip.Inflater.Status;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Input and output stand with their ends, or their beginnings, at pages that must not be touched: one step too far is a crash. */
class InflaterBoundsTest {
    private static final long PAGE = 4096;
    private static final long ROOM = 64 * PAGE;

    @Test
    void noByteOutsideIsTouched() throws InflateException {
        try (Arena scope = Arena.ofConfined(); Inflater inflater = Inflater.of(Format.RAW)) {
            MemorySegment input = guarded(scope);
            MemorySegment output = guarded(scope);
            for (Deflated.Shape shape : Deflated.Shape.values()) {
                for (int bytes : IntStream.concat(IntStream.range(0, 300), IntStream.of(16_000, 17_000, 100_000, 200_000)).toArray()) {
                    byte[] data = shape.bytes(bytes, bytes);
                    byte[] stream = Deflated.stream(data, 6, 0, true);
                    for (boolean atEnd : new boolean[] {true, false}) {
                        MemorySegment in = place(input, stream.length, atEnd).copyFrom(MemorySegment.ofArray(stream));
                        MemorySegment out = place(output, data.length, atEnd);
                        inflater.reset();
                        assertThat(inflater.inflate(in, out)).isEqualTo(Status.DONE);
                        assertThat(out.mismatch(MemorySegment.ofArray(data))).isEqualTo(-1);
                    }
                }
            }
        }
    }

    private static MemorySegment place(MemorySegment room, long bytes, boolean atEnd) {
        return room.asSlice(atEnd ? ROOM - bytes : 0, bytes);
    }

    private static MemorySegment guarded(Arena scope) {
        MemorySegment state = scope.allocate(SystemCalls.STATE);
        long all = ROOM + 2 * PAGE;
        long address = SystemCalls.mmap(state, 0, all, Linux.PROT_NONE(), Linux.MAP_PRIVATE() | Linux.MAP_ANONYMOUS(), -1, 0);
        assertThat(SystemCalls.isError(address)).isFalse();
        assertThat(SystemCalls.mprotect(state, address + PAGE, ROOM, Linux.PROT_READ() | Linux.PROT_WRITE())).isZero();
        return Native.segment(address + PAGE, ROOM, scope, room -> unmap(address, all));
    }

    private static void unmap(long address, long bytes) {
        try (Arena scope = Arena.ofConfined()) {
            SystemCalls.munmap(scope.allocate(SystemCalls.STATE), address, bytes);
        }
    }
}
