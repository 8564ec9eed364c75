package dev.banos.libc.zip;

/**
 * Multiplies a CRC register by x^(8n), as n zero bytes would, in a few look-ups: one table of products for each value of
 * each of the lowest hexadecimal digits of n.
 *
 * <pre>
 *   n = 0x5DC    digit 2 = 5         digit 1 = 13        digit 0 = 12
 *                · x^(8·5·256)   ·   · x^(8·13·16)   ·   · x^(8·12)         each: four look-ups that do not wait for each other
 * </pre>
 *
 * This is what lets an engine that can only start afresh continue from any state: crc(state, data) =
 * crc(0, data) xor shift(state, n), and the processor computes both terms at once. The power-of-two size lets the
 * compiler see from a mask alone that no index leaves the array.
 *
 * @param polynomial serves lengths beyond 32 bits, at some 30 ns a bit
 * @param products of digit d with value v, 1024 entries from {@code (d·16 + v)·1024}: see {@link CrcPolynomial#fillProducts}
 * @param further of each bit beyond the digits, in ascending order, 1024 entries
 */
record CrcShift(CrcPolynomial polynomial, int[] products, int[] further) {
    private static final int DIGITS = 4;
    private static final int DIGIT_BITS = 4;
    private static final int RADIX = 1 << DIGIT_BITS;
    private static final int PRODUCTS = CrcTable.PRODUCTS;
    private static final int LENGTH = DIGITS * RADIX * PRODUCTS;
    private static final int FIRST_BIT = DIGITS * DIGIT_BITS;
    private static final int BITS = 16;
    private static final int FURTHER_LENGTH = BITS * PRODUCTS;
    private static final long BEYOND_DIGITS = -1L << FIRST_BIT;
    private static final long BEYOND_TABLES = -1L << FIRST_BIT + BITS;

    static CrcShift of(CrcPolynomial polynomial) {
        int[] products = new int[LENGTH];
        int unit = polynomial.powers()[0];
        for (int digit = 0; digit < DIGITS; digit++) {
            int factor = CrcPolynomial.ONE;
            for (int value = 0; value < RADIX; value++) {
                polynomial.fillProducts(factor, products, (digit * RADIX + value) * PRODUCTS);
                factor = polynomial.times(factor, unit);
            }
            unit = factor;
        }
        int[] further = new int[FURTHER_LENGTH];
        for (int bit = 0; bit < BITS; bit++) {
            polynomial.fillProducts(polynomial.powers()[FIRST_BIT + bit], further, bit * PRODUCTS);
        }
        return new CrcShift(polynomial, products, further);
    }

    int apply(int register, long n) {
        int low = (int) n;
        int shifted = times(times(times(times(register, low, 0), low, 1), low, 2), low, 3);
        return (n & BEYOND_DIGITS) == 0 ? shifted : applyFurther(shifted, n & BEYOND_DIGITS);
    }

    private int applyFurther(int register, long n) {
        int shifted = register;
        for (long rest = n & ~BEYOND_TABLES; rest != 0; rest &= rest - 1) {
            shifted = timesBit(shifted, Long.numberOfTrailingZeros(rest) - FIRST_BIT);
        }
        return polynomial.appendZeroBytes(shifted, n & BEYOND_TABLES);
    }

    private int timesBit(int register, int bit) {
        int table = bit * PRODUCTS;
        return further[table + (register & 255) & (FURTHER_LENGTH - 1)]
                ^ further[table + 256 + (register >>> 8 & 255) & (FURTHER_LENGTH - 1)]
                ^ further[table + 512 + (register >>> 16 & 255) & (FURTHER_LENGTH - 1)]
                ^ further[table + 768 + (register >>> 24) & (FURTHER_LENGTH - 1)];
    }

    private int times(int register, int n, int digit) {
        int value = n >>> digit * DIGIT_BITS & (RADIX - 1);
        if (value == 0) {
            return register;
        }
        int table = (digit * RADIX + value) * PRODUCTS;
        return products[table + (register & 255) & (LENGTH - 1)]
                ^ products[table + 256 + (register >>> 8 & 255) & (LENGTH - 1)]
                ^ products[table + 512 + (register >>> 16 & 255) & (LENGTH - 1)]
                ^ products[table + 768 + (register >>> 24) & (LENGTH - 1)];
    }
}
