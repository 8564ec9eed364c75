package dev.banos.libc.zip;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;

/** The code that every decoder knows (RFC 1951, 3.2.6), built once: a block that uses it costs no table of its own. */
final class FixedCode {
    static final long LITERALS = allocate(DecodeTable.LITERAL_ENTRIES);
    static final long DISTANCES = allocate(DecodeTable.DISTANCE_ENTRIES);

    static {
        try (Arena scope = Arena.ofConfined()) {
            long lengths = scope.allocate(Alphabet.LITERAL_SYMBOLS).address();
            DecodeTable builder = new DecodeTable(scope.allocate(DecodeTable.SCRATCH_BYTES).address());
            Ram.fill(lengths, 144, 8);
            Ram.fill(lengths + 144, 112, 9);
            Ram.fill(lengths + 256, 24, 7);
            Ram.fill(lengths + 280, 8, 8);
            builder.build(LITERALS, DecodeTable.LITERAL_BITS, lengths,
                    Alphabet.LITERAL_SYMBOLS, Alphabet.LITERALS, false);
            Ram.fill(lengths, Alphabet.DISTANCE_SYMBOLS, 5);
            builder.build(DISTANCES, DecodeTable.DISTANCE_BITS, lengths,
                    Alphabet.DISTANCE_SYMBOLS, Alphabet.DISTANCES, false);
        }
    }

    private FixedCode() {
    }

    private static long allocate(int entries) {
        return Arena.global().allocate(ValueLayout.JAVA_INT, entries).address();
    }
}
