package dev.banos.libc.zip;

import java.io.ByteArrayOutputStream;

/** Writes DEFLATE streams by hand, wrong ones above all. */
final class BitWriter {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private int pending;
    private int count;

    /** A number, its lowest bit first. */
    BitWriter bits(long value, int n) {
        for (int i = 0; i < n; i++) {
            pending |= (int) (value >>> i & 1) << count;
            if (++count == Byte.SIZE) {
                bytes.write(pending);
                pending = 0;
                count = 0;
            }
        }
        return this;
    }

    /** A codeword, its highest bit first. */
    BitWriter code(int codeword, int n) {
        return bits(Integer.reverse(codeword) >>> Integer.SIZE - n, n);
    }

    BitWriter align() {
        return count == 0 ? this : bits(0, Byte.SIZE - count);
    }

    BitWriter bytes(int... values) {
        for (int value : values) {
            bits(value, Byte.SIZE);
        }
        return this;
    }

    BitWriter header(boolean last, int type) {
        return bits(last ? 1 : 0, 1).bits(type, 2);
    }

    BitWriter fixedLiteral(int symbol) {
        if (symbol < 144) {
            return code(0x30 + symbol, 8);
        } else if (symbol < 256) {
            return code(0x190 + symbol - 144, 9);
        } else if (symbol < 280) {
            return code(symbol - 256, 7);
        }
        return code(0xC0 + symbol - 280, 8);
    }

    BitWriter fixedDistance(int symbol) {
        return code(symbol, 5);
    }

    /** The head of a dynamic block whose precode knows 0, 1 and 2 in two bits, 7 to 9 and 14 to 18 in five: see {@link #length}. */
    BitWriter dynamic(boolean last, int literalCount, int distanceCount) {
        header(last, 2).bits(literalCount - 257, 5).bits(distanceCount - 1, 5).bits(19 - 4, 4);
        for (int symbol : new int[] {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}) {
            bits(precodeLength(symbol), 3);
        }
        return this;
    }

    private static int precodeLength(int symbol) {
        return switch (symbol) {
            case 0, 1, 2 -> 2;
            case 7, 8, 9, 14, 15, 16, 17, 18 -> 5;
            default -> 0;
        };
    }

    /** One item of the code lengths of a {@link #dynamic} block. */
    BitWriter length(int symbol) {
        int codeword = 0;
        int shortest = precodeLength(symbol);
        for (int length = 1; length <= shortest; length++) {
            for (int other = 0; other < 19; other++) {
                boolean before = precodeLength(other) == length && (length < shortest || other < symbol);
                if (before) {
                    codeword += 1 << shortest - length;
                }
            }
        }
        return code(codeword, shortest);
    }

    BitWriter zeros(int n) {
        int left = n;
        while (left >= 11) {
            int run = Math.min(left, 138);
            length(18).bits(run - 11, 7);
            left -= run;
        }
        for (; left > 0; left--) {
            length(0);
        }
        return this;
    }

    byte[] toBytes() {
        align();
        return bytes.toByteArray();
    }
}
