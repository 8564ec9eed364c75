package dev.banos.libc.zip;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Tables of random complete codes, against the definition of a canonical code (RFC 1951, 3.2.2), symbol by symbol. */
class DecodeTablePropertiesTest {
    private static final byte GUARD = 0x5A;
    private static final int SPACE = 1 << DecodeTable.LONGEST_CODEWORD;

    @Property(tries = 2_000)
    void everyCodewordLeadsToItsSymbol(@ForAll long seed, @ForAll @IntRange(min = 2, max = 286) int used, @ForAll boolean even) {
        byte[] lengths = completeCode(new Random(seed), used, even);
        requireEachFound(lengths);
    }

    private static void requireEachFound(byte[] lengths) {
        try (Arena scope = Arena.ofConfined()) {
            long table = build(scope, lengths, new int[1]);
            int[] codewords = codewords(lengths);
            for (int symbol = 0; symbol < lengths.length; symbol++) {
                if (lengths[symbol] != 0) {
                    assertThat(decode(table, codewords[symbol])).as("symbol %d", symbol)
                            .containsExactly(Alphabet.LITERALS[symbol] >>> DecodeTable.VALUE_SHIFT & 0x7FFF, lengths[symbol]);
                }
            }
        }
    }

    @Property(tries = 2_000)
    void anEvenCodeIsOneWhoseLiteralsOfOneLengthCoverNineTenths(@ForAll long seed,
            @ForAll @IntRange(min = 2, max = 286) int used) {
        byte[] lengths = completeCode(new Random(seed), used, true);
        int[] evenLength = new int[1];
        try (Arena scope = Arena.ofConfined()) {
            build(scope, lengths, evenLength);
        }
        int expected = 0;
        for (int length = 1; length <= DecodeTable.LITERAL_BITS; length++) {
            int of = 0;
            for (int literal = 0; literal < Alphabet.END_OF_BLOCK; literal++) {
                of += lengths[literal] == length ? 1 : 0;
            }
            expected = 10L * of > 9L << length ? length : expected;
        }
        assertThat(evenLength[0]).isEqualTo(expected);
    }

    /** Of each prefix only two codewords are left: subtables as deep as the longest codeword could be have no room. */
    @Test
    void manySmallSubtablesHaveRoom() {
        byte[] lengths = new byte[7 + 272];
        Arrays.fill(lengths, (byte) (DecodeTable.LITERAL_BITS + 1));
        System.arraycopy(new byte[] {1, 2, 3, 5, 6, 7, 8}, 0, lengths, 0, 7);
        requireEachFound(lengths);
    }

    private static long build(Arena scope, byte[] lengths, int[] evenLength) {
        long bytes = (long) DecodeTable.LITERAL_ENTRIES << DecodeTable.ENTRY_SHIFT;
        MemorySegment table = scope.allocate(2 * bytes, Long.BYTES).fill(GUARD);
        MemorySegment lengthBytes = scope.allocateFrom(ValueLayout.JAVA_BYTE, lengths);
        DecodeTable builder = new DecodeTable(scope.allocate(DecodeTable.SCRATCH_BYTES, Long.BYTES).address());
        assertThat(builder.accept(lengthBytes.address(), lengths.length, false)).isTrue();
        builder.build(table.address(), DecodeTable.LITERAL_BITS, Alphabet.LITERALS);
        evenLength[0] = builder.evenLength(Alphabet.END_OF_BLOCK);
        assertThat(table.asSlice(bytes).toArray(ValueLayout.JAVA_BYTE)).as("behind the table").containsOnly(GUARD);
        return table.address();
    }

    /** Splits a codeword into two until there are as many as asked for; even ones are split from the shortest on. */
    private static byte[] completeCode(Random random, int used, boolean even) {
        int[] leaves = new int[used];
        int count = 1;
        while (count < used) {
            int at = random.nextInt(count);
            for (int other = 0; even && other < count; other++) {
                at = leaves[other] < leaves[at] ? other : at;
            }
            if (leaves[at] < DecodeTable.LONGEST_CODEWORD) {
                leaves[at]++;
                leaves[count++] = leaves[at];
            }
        }
        byte[] lengths = new byte[Alphabet.VALID_LITERAL_SYMBOLS];
        int at = random.nextInt(lengths.length - used + 1);
        for (int leaf : leaves) {
            lengths[at++] = (byte) leaf;
        }
        return lengths;
    }

    /** As RFC 1951 defines them, then reversed into the order of the input's bits. */
    private static int[] codewords(byte[] lengths) {
        int[] codewords = new int[lengths.length];
        int code = 0;
        for (int length = 1; length <= DecodeTable.LONGEST_CODEWORD; length++) {
            for (int symbol = 0; symbol < lengths.length; symbol++) {
                if (lengths[symbol] == length) {
                    codewords[symbol] = Integer.reverse(code++) >>> Integer.SIZE - length;
                }
            }
            code <<= 1;
        }
        assertThat(code).isEqualTo(2 * SPACE);
        return codewords;
    }

    /** @return the value and the length of the codeword that these bits begin with */
    private static int[] decode(long table, long bits) {
        int entry = DecodeTable.lookup(table, bits & DecodeTable.LITERAL_MASK);
        if ((entry & DecodeTable.SUBTABLE) != 0) {
            long select = bits >>> DecodeTable.LITERAL_BITS & entry & DecodeTable.LARGEST_SELECT;
            entry = DecodeTable.lookup(table, DecodeTable.value(entry) + select);
        }
        return new int[] {DecodeTable.value(entry), entry >>> DecodeTable.CODEWORD_SHIFT & 0x3F};
    }
}
