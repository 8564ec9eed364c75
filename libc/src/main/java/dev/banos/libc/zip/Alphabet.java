package dev.banos.libc.zip;

/**
 * What the symbols of DEFLATE's three alphabets mean (RFC 1951, 3.2.5 and 3.2.7), as table entries that lack only the length
 * of their codeword. {@link DecodeTable} describes an entry.
 */
final class Alphabet {
    static final int LITERAL_SYMBOLS = 288;
    static final int DISTANCE_SYMBOLS = 32;
    static final int PRECODE_SYMBOLS = 19;
    /** 286, 287 and the distances 30, 31 have codewords in the fixed code only, and no meaning. */
    static final int VALID_LITERAL_SYMBOLS = 286;
    static final int VALID_DISTANCE_SYMBOLS = 30;

    static final int END_OF_BLOCK = 256;
    static final int SHORTEST_MATCH = 3;
    static final int LONGEST_MATCH = 258;

    private static final int FIRST_LENGTH = END_OF_BLOCK + 1;
    private static final int LAST_LENGTH = VALID_LITERAL_SYMBOLS - 1;

    static final int[] LITERALS = literals();
    static final int[] DISTANCES = distances();
    static final int[] PRECODE = precode();

    private Alphabet() {
    }

    private static int[] literals() {
        int[] meanings = new int[LITERAL_SYMBOLS];
        for (int symbol = 0; symbol < END_OF_BLOCK; symbol++) {
            meanings[symbol] = DecodeTable.LITERAL | symbol << DecodeTable.VALUE_SHIFT;
        }
        meanings[END_OF_BLOCK] = DecodeTable.END_OF_BLOCK;
        int base = SHORTEST_MATCH;
        for (int symbol = FIRST_LENGTH; symbol < LAST_LENGTH; symbol++) {
            int extraBits = Math.max(0, (symbol - FIRST_LENGTH) / 4 - 1);
            meanings[symbol] = base << DecodeTable.VALUE_SHIFT | extraBits;
            base += 1 << extraBits;
        }
        meanings[LAST_LENGTH] = LONGEST_MATCH << DecodeTable.VALUE_SHIFT;
        for (int symbol = VALID_LITERAL_SYMBOLS; symbol < LITERAL_SYMBOLS; symbol++) {
            meanings[symbol] = DecodeTable.INVALID;
        }
        return meanings;
    }

    private static int[] distances() {
        int[] meanings = new int[DISTANCE_SYMBOLS];
        int base = 1;
        for (int symbol = 0; symbol < VALID_DISTANCE_SYMBOLS; symbol++) {
            int extraBits = Math.max(0, symbol / 2 - 1);
            meanings[symbol] = base << DecodeTable.VALUE_SHIFT | extraBits;
            base += 1 << extraBits;
        }
        for (int symbol = VALID_DISTANCE_SYMBOLS; symbol < DISTANCE_SYMBOLS; symbol++) {
            meanings[symbol] = DecodeTable.INVALID;
        }
        return meanings;
    }

    private static int[] precode() {
        int[] meanings = new int[PRECODE_SYMBOLS];
        for (int symbol = 0; symbol < PRECODE_SYMBOLS; symbol++) {
            meanings[symbol] = symbol << DecodeTable.VALUE_SHIFT;
        }
        return meanings;
    }
}
