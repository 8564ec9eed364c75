package dev.banos.libc.zip;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;

/** The codes that every decoder knows, built once: a block that uses one costs no table of its own. */
final class FixedCode {
    /** RFC 1951, 3.2.6. */
    static final long LITERALS = allocate(DecodeTable.LITERAL_ENTRIES);
    static final long DISTANCES = allocate(DecodeTable.DISTANCE_ENTRIES);
    /** Literals of a block that is empty: of all codes with one symbol only this one is valid, and it is a cheap attack. */
    static final long ONLY_THE_END = allocate(DecodeTable.LITERAL_ENTRIES);

    static {
        try (Arena scope = Arena.ofConfined()) {
            long lengths = scope.allocate(Alphabet.LITERAL_SYMBOLS).address();
            DecodeTable builder = new DecodeTable(scope.allocate(DecodeTable.SCRATCH_BYTES).address());
            Ram.fill(lengths, 144, 8);
            Ram.fill(lengths + 144, 112, 9);
            Ram.fill(lengths + 256, 24, 7);
            Ram.fill(lengths + 280, 8, 8);
            builder.accept(lengths, Alphabet.LITERAL_SYMBOLS, false);
            builder.build(LITERALS, DecodeTable.LITERAL_BITS, Alphabet.LITERALS);
            Ram.fill(lengths, Alphabet.DISTANCE_SYMBOLS, 5);
            builder.accept(lengths, Alphabet.DISTANCE_SYMBOLS, false);
            builder.build(DISTANCES, DecodeTable.DISTANCE_BITS, Alphabet.DISTANCES);
            Ram.fill(lengths, Alphabet.LITERAL_SYMBOLS, 0);
            Ram.putByte(lengths + Alphabet.END_OF_BLOCK, 1);
            builder.accept(lengths, Alphabet.LITERAL_SYMBOLS, true);
            builder.build(ONLY_THE_END, DecodeTable.LITERAL_BITS, Alphabet.LITERALS);
        }
    }

    private FixedCode() {
    }

    private static long allocate(int entries) {
        return Arena.global().allocate(ValueLayout.JAVA_INT, entries).address();
    }
}
