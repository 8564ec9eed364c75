package dev.banos.loader.elf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** The bound on names may be told from few bytes: never where one is longer, and always where the table is full of short ones. */
class StringTableTest {
    private static final int START = 3; // the table is a part of its file

    @Test
    void neverTakesALongNameForAShortOne() {
        Random random = new Random(20_26);
        int told = 0;
        for (int round = 0; round < 20_000; round++) {
            int size = 1 + random.nextInt(60);
            StringTable table = table(random, size, 1 + random.nextInt(20));
            int limit = random.nextInt(40);
            if (table.areShorterThan(limit)) {
                told++;
                assertThat(longest(table, size)).as("round %d", round).isLessThan(limit);
            }
        }
        assertThat(told).isGreaterThan(5_000);
    }

    @Test
    void tellsItOfATableOfNamesBelowHalfTheLimit() {
        StringTable table = table(new Random(1), 100_000, 2);
        assertThat(longest(table, 100_000)).isLessThan(100);
        assertThat(table.areShorterThan(2 * 100)).isTrue();
    }

    @Test
    void knowsNothingOfAnEmptyTableOrAnEmptyLimit() {
        assertThat(new StringTable(new byte[0], 0, 0).areShorterThan(100)).isFalse();
        assertThat(table(new Random(1), 10, 1).areShorterThan(1)).isFalse();
        assertThat(table(new Random(1), 10, 1).areShorterThan(-1)).isFalse();
        assertThat(table(new Random(1), 10, 1).areShorterThan(Long.MAX_VALUE)).isTrue();
    }

    /** @param oneIn of how many bytes one is a NUL */
    private static StringTable table(Random random, int size, int oneIn) {
        byte[] file = new byte[START + size + 1];
        for (int i = 0; i < size - 1; i++) {
            file[START + i] = (byte) (random.nextInt(oneIn) == 0 ? 0 : 'n');
        }
        file[START + size] = 'x'; // behind its end
        return new StringTable(file, START, size);
    }

    private static int longest(StringTable table, int size) {
        int longest = 0;
        for (int offset = 0; offset < size; offset++) {
            longest = Math.max(longest, table.length(offset));
        }
        return longest;
    }
}
