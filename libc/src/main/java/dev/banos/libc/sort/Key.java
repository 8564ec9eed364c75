package dev.banos.libc.sort;

/**
 * What is compared: a number in native byte order, at any alignment. Floating-point numbers are in the total order of IEEE
 * 754-2019, section 5.10: NaNs with the sign bit, -infinity to -0.0, 0.0 to infinity, NaNs without. {@code Arrays.sort}
 * differs only in that it puts every NaN last.
 *
 * <p>Each kind maps to an unsigned number of its own width that compares as it does:
 *
 * <pre>
 *   unsigned    the bits
 *   signed      the bits, sign bit inverted
 *   float       positive: sign bit inverted; negative: all bits inverted
 * </pre>
 */
public enum Key {
    /** 8 bits, unsigned. */
    U8(1, false, false),
    /** 8 bits, two's complement: {@code byte}. */
    I8(1, true, false),
    /** 16 bits, unsigned: {@code char}. */
    U16(2, false, false),
    /** 16 bits, two's complement: {@code short}. */
    I16(2, true, false),
    /** 32 bits, unsigned. */
    U32(4, false, false),
    /** 32 bits, two's complement: {@code int}. */
    I32(4, true, false),
    /** 32 bits, binary floating point: {@code float}. */
    F32(4, true, true),
    /** 64 bits, unsigned. */
    U64(8, false, false),
    /** 64 bits, two's complement: {@code long}. */
    I64(8, true, false),
    /** 64 bits, binary floating point: {@code double}. */
    F64(8, true, true);

    private final int bytes;

    /** As {@code long}s, sign-extended: a narrower kind takes the low bits. */
    final long flip;
    final long flipIfNegative;

    Key(int bytes, boolean signed, boolean floating) {
        this.bytes = bytes;
        long sign = -1L << bytes * Byte.SIZE - 1;
        this.flip = signed ? sign : 0;
        this.flipIfNegative = floating ? ~sign : 0;
    }

    /** {@return the width of the number in memory, in bytes} */
    public int bytes() {
        return bytes;
    }

    boolean isFloating() {
        return flipIfNegative != 0;
    }

    /** The number at {@code address} as an unsigned number of {@link #bytes} bytes that compares as it does. */
    long read(long address) {
        return switch (bytes) {
            case 1 -> ordered(Memory.getByte(address)) & 0xFFL;
            case 2 -> ordered(Memory.getShort(address)) & 0xFFFFL;
            case 4 -> ordered(Memory.getInt(address)) & 0xFFFF_FFFFL;
            default -> ordered(Memory.getLong(address));
        };
    }

    private long ordered(long number) {
        return number ^ (number >> 63 & flipIfNegative) ^ flip;
    }
}
