package dev.banos.fuzz.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.fuzz.program.Bytes;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CushionsTest {
    private static final long SMALL_CHANGE = 2 * Bytes.PAGE;

    private final Cushions cushions = new Cushions();

    /** With a gap in the address space into which the mapping would fit, too. */
    @ParameterizedTest
    @ValueSource(longs = {32 << 10, 100_000, 1 << 20, 2 << 20, (2 << 20) + 240, 3 << 20, 4 << 20, 64 << 20})
    void theNextMappingIsPutBeforeACushion(long bytes) {
        long mapped = (bytes & -Bytes.PAGE) + Bytes.PAGE;
        long hole = Mapped.reserve(SMALL_CHANGE + mapped);
        Mapped.unmap(hole + Bytes.PAGE, mapped);
        cushions.behindNext(bytes);
        long at = Mapped.reserve(mapped);
        try {
            assertThat(cushions.contains(at + mapped)).isTrue();
        } finally {
            cushions.release();
            Mapped.unmap(at, mapped);
            Mapped.unmap(hole, Bytes.PAGE);
            Mapped.unmap(hole + SMALL_CHANGE + mapped - Bytes.PAGE, Bytes.PAGE);
        }
    }

    /** Which the kernel aligns to huge pages, so that it need not touch the cushion. */
    @ParameterizedTest
    @ValueSource(longs = {2 << 20, 4 << 20, 64 << 20})
    void aMappingOfHugePagesHasACushionOrNothingBehind(long bytes) {
        cushions.behindNext(bytes);
        long at = Mapped.reserve(bytes);
        try {
            assertThat(cushions.contains(at + bytes) || !Mapped.isWhole(at + bytes, 1)).isTrue();
        } finally {
            cushions.release();
            Mapped.unmap(at, bytes);
        }
    }
}
