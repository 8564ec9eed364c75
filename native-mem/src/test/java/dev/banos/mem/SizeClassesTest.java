package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The laws of the size classes, over every size there is. */
class SizeClassesTest {
    @Test
    void everySizeHasASlotThatHoldsItAndTheNextSmallerOneDoesNot() {
        for (int size = 1; size <= SizeClasses.DIRECT_BYTES; size++) {
            int index = SizeClasses.indexOf(size);
            assertThat(SizeClasses.slotBytes(index)).isGreaterThanOrEqualTo(size);
            if (index > 0) {
                assertThat(SizeClasses.slotBytes(index - 1)).isLessThan(size);
            }
        }
    }

    /** What exceeds one eighth, at 65 to 111 bytes, is the alignment of 16 alone: no slot in between would be aligned. */
    @Test
    void atMostOneEighthIsWastedFrom64BytesUpBeyondWhatTheAlignmentTakes() {
        for (int size = 64; size <= SizeClasses.DIRECT_BYTES; size++) {
            int slot = SizeClasses.slotBytes(SizeClasses.indexOf(size));
            int aligned = (size + SizeClasses.ALIGNMENT - 1) / SizeClasses.ALIGNMENT * SizeClasses.ALIGNMENT;
            assertThat((slot - aligned) * 8).as("size %d in %d", size, slot).isLessThanOrEqualTo(slot);
            if (size > 111) {
                assertThat((slot - size) * 8).as("size %d in %d", size, slot).isLessThanOrEqualTo(slot);
            }
        }
    }

    @Test
    void aSizeRoundedUpToAnAlignmentGetsASlotThatIsAMultipleOfIt() {
        for (int alignment = 16; alignment < SizeClasses.DIRECT_BYTES; alignment *= 2) {
            for (int size = alignment; size < SizeClasses.DIRECT_BYTES; size += alignment) {
                assertThat(SizeClasses.slotBytes(SizeClasses.indexOf(size)) % alignment).isZero();
            }
        }
    }

    @Test
    void aRunFitsItsSpansAndItsSummaryFitsALong() {
        for (int i = 0; i < SizeClasses.COUNT; i++) {
            int slots = SizeClasses.slots(i);
            assertThat((long) slots * SizeClasses.slotBytes(i))
                    .isLessThanOrEqualTo(SizeClasses.spans(i) * SizeClasses.SPAN_BYTES);
            assertThat(SizeClasses.spans(i)).isBetween(1, SizeClasses.SPANS_PER_ARENA);
            assertThat(slots).isGreaterThanOrEqualTo(16);
            assertThat(Bitmaps.words(slots)).isLessThanOrEqualTo(Long.SIZE);
            assertThat(slots % Long.SIZE == 0 || slots < Long.SIZE).isTrue();
        }
    }

    /** Against the division itself, for every byte of every run. */
    @Test
    void theReciprocalDividesExactly() {
        for (int i = 0; i < SizeClasses.COUNT; i++) {
            Run run = new Run(new Bin(null, i), 0, 0);
            long bytes = SizeClasses.spans(i) * SizeClasses.SPAN_BYTES;
            for (long offset = 0; offset < bytes; offset++) {
                if (run.slotOf(offset) != offset / run.slotBytes) {
                    throw new AssertionError("offset " + offset + " of slots of " + run.slotBytes);
                }
            }
        }
    }
}
