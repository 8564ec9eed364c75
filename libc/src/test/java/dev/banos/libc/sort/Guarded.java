package dev.banos.libc.sort;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** A segment with bytes before and behind it that nobody may change. */
final class Guarded {
    private static final int GUARD = 64;

    private final byte[] before = new byte[GUARD];
    private final byte[] behind = new byte[GUARD];
    private final MemorySegment whole;
    final MemorySegment segment;

    /** @param misalignment how many bytes past a multiple of 16 the segment begins */
    Guarded(Arena scope, long bytes, int misalignment) {
        new Random(bytes).nextBytes(before);
        new Random(bytes + 1).nextBytes(behind);
        whole = scope.allocate(bytes + 2 * GUARD + misalignment, 16);
        MemorySegment.copy(before, 0, whole, ValueLayout.JAVA_BYTE, misalignment, GUARD);
        MemorySegment.copy(behind, 0, whole, ValueLayout.JAVA_BYTE, misalignment + GUARD + bytes, GUARD);
        segment = whole.asSlice(misalignment + GUARD, bytes);
    }

    void requireIntact() {
        long start = segment.address() - whole.address();
        assertThat(whole.asSlice(start - GUARD, GUARD).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(before);
        assertThat(whole.asSlice(start + segment.byteSize(), GUARD).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(behind);
    }
}
