package dev.banos.fuzz.model;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class ContentsPropertiesTest {
    private static final long KEY = 0x1234_5678_9abc_def1L;

    @Property(tries = 300)
    void whatWasFilledIsUnchanged(@ForAll @IntRange(max = 300_000) int size, @ForAll @IntRange(max = 64) int slack) {
        try (Arena scope = Arena.ofConfined()) {
            long block = scope.allocate(size + slack + 1L, 16).address();
            Contents.fill(block, KEY, 0, size, size + slack);
            assertThat(Contents.firstChange(block, KEY, size + slack)).isEqualTo(-1);
        }
    }

    @Property(tries = 300)
    void anyChangedByteOfASmallBlockIsSeen(@ForAll @IntRange(min = 1, max = 1024) int size, @ForAll @IntRange(max = 1023) int at) {
        int offset = at % size;
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment block = scope.allocate(size, 16);
            Contents.fill(block.address(), KEY, 0, size, size);
            block.set(JAVA_BYTE, offset, (byte) ~block.get(JAVA_BYTE, offset));
            assertThat(Contents.firstChange(block.address(), KEY, size)).isBetween((long) (offset & -8), (long) offset);
        }
    }

    @Property(tries = 200)
    void theLastBytesOfALargeBlockAreAllSeen(@ForAll @IntRange(min = 1025, max = 200_000) int size,
            @ForAll @IntRange(min = 1, max = 56) int fromEnd) {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment block = scope.allocate(size, 16);
            Contents.fill(block.address(), KEY, 0, size, size);
            block.set(JAVA_BYTE, size - fromEnd, (byte) ~block.get(JAVA_BYTE, size - fromEnd));
            assertThat(Contents.firstChange(block.address(), KEY, size)).isNotNegative();
        }
    }

    /** A zero there would hide that a calloc of the same memory did not clear it. */
    @Property(tries = 100)
    void noByteOfABlockIsZero(@ForAll @IntRange(min = 1, max = 1024) int size, @ForAll long key) {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment block = scope.allocate(size, 16);
            Contents.fill(block.address(), key, 0, size, size);
            assertThat(block.toArray(JAVA_BYTE)).doesNotContain((byte) 0);
        }
    }

    @Property(tries = 100)
    void aWordTellsWhereItWasWritten(@ForAll @IntRange(max = 127) int index, @ForAll long key) {
        try (Arena scope = Arena.ofConfined()) {
            long block = scope.allocate(1024, 16).address();
            Contents.fill(block, key, 0, 1024, 1024);
            assertThat(Contents.offsetOf(Contents.wordAt(block + 8L * index), key, 1L << 32)).isEqualTo(8L * index);
        }
    }

    /** As realloc does: the words of the shorter block are those of the longer one. */
    @Property(tries = 200)
    void aBlockThatGrowsKeepsItsWords(@ForAll @IntRange(max = 100_000) int size, @ForAll @IntRange(max = 100_000) int more) {
        try (Arena scope = Arena.ofConfined()) {
            long block = scope.allocate(size + more + 1L, 16).address();
            Contents.fill(block, KEY, 0, size, size);
            Contents.fill(block, KEY, size, size + more, size + more);
            assertThat(Contents.firstChange(block, KEY, size + more)).isEqualTo(-1);
            assertThat(Contents.firstChangeInTail(block, KEY, size, size)).isEqualTo(-1);
        }
    }
}
