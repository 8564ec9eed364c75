package dev.banos.mem.slots;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
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

    /** Against the remainder of the division, for every byte of every run, and for what lies around it. */
    @Test
    void slotsBeginWhereTheDivisionIsExact() {
        for (int i = 0; i < SizeClasses.COUNT; i++) {
            Run run = new Run(new Bin(null, i), 0, 0);
            long bytes = SizeClasses.spans(i) * SizeClasses.SPAN_BYTES;
            for (long offset = -bytes; offset < 2 * bytes; offset++) {
                boolean begins = offset >= 0 && offset % run.slotBytes == 0 && offset / run.slotBytes < run.slots;
                if (run.begins(run.base + offset) != begins) {
                    throw new AssertionError("offset " + offset + " of slots of " + run.slotBytes);
                }
            }
        }
    }

    /** Whatever bits an address has: the multiplication has one result for each, so none passes for another. */
    @Test
    void noSlotBeginsAtAnAddressFarAway() {
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < SizeClasses.COUNT; i++) {
            Run run = new Run(new Bin(null, i), 0, 0);
            long bytes = SizeClasses.spans(i) * SizeClasses.SPAN_BYTES;
            for (int tries = 0; tries < 10_000; tries++) {
                long offset = random.nextLong();
                boolean inside = Long.compareUnsigned(offset, bytes) < 0;
                assertThat(inside || !run.begins(run.base + offset)).as("offset %d", offset).isTrue();
                long power = 1L << random.nextInt(20, Long.SIZE);
                assertThat(run.begins(run.base + power + random.nextInt(run.slots) * run.slotBytes)).isFalse();
            }
        }
    }
}
