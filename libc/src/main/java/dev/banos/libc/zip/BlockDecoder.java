package dev.banos.libc.zip;

import org.jspecify.annotations.Nullable;

/**
 * A raw DEFLATE stream (RFC 1951), block by block. {@link #run} goes on until the input ends, the output limit of
 * {@link #symbols} is reached, the last block has ended, or the stream is wrong, and may be called again at any of the first two.
 */
final class BlockDecoder {
    enum Stop { INPUT, OUTPUT, END, ERROR }

    private enum State { HEADER, STORED_LENGTH, STORED, COUNTS, PRECODE, LENGTHS, SYMBOLS, END }

    /** The order in which the precode's lengths come (RFC 1951, 3.2.7), five bits each: 16 17 18 0 8 7 ... */
    private static final int[] PRECODE_ORDER = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    private static final int PRECODE_LENGTH_BITS = 3;
    private static final int REPEAT_PREVIOUS = 16;
    private static final int REPEAT_ZERO_LONG = 18;
    private static final int LONGEST_PRECODE_ITEM = DecodeTable.PRECODE_BITS + 7;

    final SymbolLoop symbols;
    private final BitInput input;
    private final Workspace workspace;
    private final DecodeTable builder;

    private State state = State.HEADER;
    private boolean last;
    private int storedLeft;
    private int literalCount;
    private int distanceCount;
    private int precodeCount;
    private int precodeMask;
    private int done;
    private String error = "";

    BlockDecoder(BitInput input, Workspace workspace) {
        this.input = input;
        this.workspace = workspace;
        symbols = new SymbolLoop(input);
        builder = new DecodeTable(workspace.scratch);
    }

    void reset() {
        state = State.HEADER;
        last = false;
        error = "";
    }

    /** zlib's words for what is wrong. */
    String error() {
        return error;
    }

    Stop run() {
        Stop stop;
        do {
            stop = switch (state) {
                case HEADER -> header();
                case STORED_LENGTH -> storedLength();
                case STORED -> stored();
                case COUNTS -> counts();
                case PRECODE -> precode();
                case LENGTHS -> lengths();
                case SYMBOLS -> symbols();
                case END -> Stop.END;
            };
        } while (stop == null);
        return stop;
    }

    private @Nullable Stop header() {
        if (last) {
            state = State.END;
            return Stop.END;
        }
        if (!input.need(3)) {
            return Stop.INPUT;
        }
        last = input.take(1) != 0;
        switch (input.take(2)) {
            case 0 -> {
                input.alignToByte();
                state = State.STORED_LENGTH;
            }
            case 1 -> {
                symbols.use(FixedCode.LITERALS, 0, FixedCode.DISTANCES);
                state = State.SYMBOLS;
            }
            case 2 -> state = State.COUNTS;
            default -> {
                return wrong("invalid block type");
            }
        }
        return null;
    }

    private @Nullable Stop storedLength() {
        if (!input.need(32)) {
            return Stop.INPUT;
        }
        int length = input.take(16);
        if (input.take(16) != (length ^ 0xFFFF)) {
            return wrong("invalid stored block lengths");
        }
        input.giveBack();
        storedLeft = length;
        state = State.STORED;
        return null;
    }

    private @Nullable Stop stored() {
        while (storedLeft > 0) {
            long bytes = Math.min(storedLeft, Math.min(input.end - input.next, symbols.outLimit - symbols.out));
            if (bytes <= 0) {
                return symbols.out >= symbols.outLimit ? Stop.OUTPUT : Stop.INPUT;
            }
            Ram.copy(input.next, symbols.out, bytes);
            input.next += bytes;
            symbols.out += bytes;
            storedLeft -= (int) bytes;
        }
        state = State.HEADER;
        return null;
    }

    private @Nullable Stop counts() {
        if (!input.need(14)) {
            return Stop.INPUT;
        }
        literalCount = input.take(5) + 257;
        distanceCount = input.take(5) + 1;
        precodeCount = input.take(4) + 4;
        if (literalCount > Alphabet.VALID_LITERAL_SYMBOLS || distanceCount > Alphabet.VALID_DISTANCE_SYMBOLS) {
            return wrong("too many length or distance symbols");
        }
        done = 0;
        Ram.fill(workspace.lengths, Alphabet.PRECODE_SYMBOLS, 0);
        state = State.PRECODE;
        return null;
    }

    private @Nullable Stop precode() {
        while (done < precodeCount) {
            if (!input.need(PRECODE_LENGTH_BITS)) {
                return Stop.INPUT;
            }
            int there = Math.min(precodeCount - done, input.count / PRECODE_LENGTH_BITS);
            long bits = input.bits;
            for (int i = 0; i < there; i++) {
                Ram.putByte(workspace.lengths + PRECODE_ORDER[done++], (int) bits & (1 << PRECODE_LENGTH_BITS) - 1);
                bits >>>= PRECODE_LENGTH_BITS;
            }
            input.drop(there * PRECODE_LENGTH_BITS);
        }
        if (!builder.accept(workspace.lengths, Alphabet.PRECODE_SYMBOLS, false)) {
            return wrong("invalid code lengths set");
        }
        precodeMask = (1 << builder.longest()) - 1;
        builder.build(workspace.precode, builder.longest(), Alphabet.PRECODE);
        done = 0;
        state = State.LENGTHS;
        return null;
    }

    private @Nullable Stop lengths() {
        int total = literalCount + distanceCount;
        while (done < total) {
            int symbol = plainLengths(total);
            if (done == total) {
                break;
            }
            int used = DecodeTable.bitsUsed(symbol);
            if (used > input.count) {
                return Stop.INPUT;
            }
            Stop stop = repeat(DecodeTable.value(symbol), used, total);
            if (stop != null) {
                return stop;
            }
        }
        return tables();
    }

    /** Takes lengths that stand for themselves; returns the entry of the first item that does not, or is not all there. */
    private int plainLengths(int total) {
        long precode = workspace.precode;
        long to = workspace.lengths + done;
        long end = workspace.lengths + total;
        long bits = input.bits; // in locals: through fields each length waits for the one before it to be stored
        int count = input.count;
        final int mask = precodeMask;
        int entry = 0;
        while (to < end) {
            if (count < LONGEST_PRECODE_ITEM) {
                input.bits = bits;
                input.count = count;
                input.refill();
                bits = input.bits;
                count = input.count;
            }
            entry = DecodeTable.lookup(precode, bits & mask);
            int used = DecodeTable.bitsUsed(entry);
            if (used > count || DecodeTable.value(entry) >= REPEAT_PREVIOUS) {
                break;
            }
            bits >>>= used;
            count -= used;
            Ram.putByte(to++, DecodeTable.value(entry));
        }
        input.bits = bits;
        input.count = count;
        done = (int) (to - workspace.lengths);
        return entry;
    }

    private @Nullable Stop repeat(int symbol, int used, int total) {
        int extraBits = symbol == REPEAT_PREVIOUS ? 2 : symbol == REPEAT_ZERO_LONG ? 7 : 3;
        if (used + extraBits > input.count) {
            return Stop.INPUT;
        }
        if (symbol == REPEAT_PREVIOUS && done == 0) {
            return wrong("invalid bit length repeat");
        }
        input.drop(used);
        int times = input.take(extraBits) + (symbol == REPEAT_ZERO_LONG ? 11 : 3);
        if (done + times > total) {
            return wrong("invalid bit length repeat");
        }
        int length = symbol == REPEAT_PREVIOUS ? Ram.getByte(workspace.lengths + done - 1) : 0;
        Ram.fill(workspace.lengths + done, times, length);
        done += times;
        return null;
    }

    private @Nullable Stop tables() {
        if (Ram.getByte(workspace.lengths + Alphabet.END_OF_BLOCK) == 0) {
            return wrong("invalid code -- missing end-of-block");
        }
        if (!builder.accept(workspace.lengths, literalCount, true)) {
            return wrong("invalid literal/lengths set");
        }
        long literals = FixedCode.ONLY_THE_END;
        int evenLength = 0;
        if (!builder.lacks()) {
            literals = workspace.literals;
            builder.build(literals, DecodeTable.LITERAL_BITS, Alphabet.LITERALS);
            evenLength = builder.evenLength(Alphabet.END_OF_BLOCK);
        }
        if (!builder.accept(workspace.lengths + literalCount, distanceCount, true)) {
            return wrong("invalid distances set");
        }
        if (hasMatches()) {
            builder.build(workspace.distances, DecodeTable.DISTANCE_BITS, Alphabet.DISTANCES);
        }
        symbols.use(literals, evenLength, workspace.distances);
        state = State.SYMBOLS;
        return null;
    }

    /** Without a length in the code no distance is ever looked up, so that its table need not be built. */
    private boolean hasMatches() {
        for (int symbol = Alphabet.END_OF_BLOCK + 1; symbol < literalCount; symbol++) {
            if (Ram.getByte(workspace.lengths + symbol) != 0) {
                return true;
            }
        }
        return false;
    }

    private @Nullable Stop symbols() {
        switch (symbols.run()) {
            case SymbolLoop.INPUT:
                return Stop.INPUT;
            case SymbolLoop.OUTPUT:
                return Stop.OUTPUT;
            case SymbolLoop.END_OF_BLOCK:
                state = State.HEADER;
                return null;
            case SymbolLoop.BAD_LITERAL:
                return wrong("invalid literal/length code");
            case SymbolLoop.BAD_DISTANCE:
                return wrong("invalid distance code");
            default:
                return wrong("invalid distance too far back");
        }
    }

    private Stop wrong(String message) {
        error = message;
        return Stop.ERROR;
    }
}
