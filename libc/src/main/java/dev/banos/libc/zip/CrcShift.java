package dev.banos.libc.zip;

/**
 * Multiplies a CRC register by x^(8n), as n zero bytes would, in time that does not grow with n: one table of products
 * for each value of each hexadecimal digit of n.
 *
 * <pre>
 *   n = 0x5DC    digit 2 = 5         digit 1 = 13        digit 0 = 12
 *                · x^(8·5·256)   →   · x^(8·13·16)   →   · x^(8·12)         each: four look-ups that do not wait for each other
 * </pre>
 *
 * This is what lets an engine that can only start afresh continue from any state: crc(state, data) =
 * crc(0, data) xor shift(state, n), and the processor computes both terms at once.
 *
 * @param products for digit d with value v, 1024 entries from {@code (d·15 + v - 1)·1024}: see {@link CrcPolynomial#fillProducts}
 */
record CrcShift(int[] products) {
    /** n is below this. */
    static final int LIMIT = 1 << 20;

    private static final int DIGIT_BITS = 4;
    private static final int DIGIT_MASK = (1 << DIGIT_BITS) - 1;
    private static final int PRODUCTS = 4 * 256;

    static CrcShift of(CrcPolynomial polynomial) {
        int digits = Integer.numberOfTrailingZeros(LIMIT) / DIGIT_BITS;
        int[] products = new int[digits * DIGIT_MASK * PRODUCTS];
        int unit = polynomial.powers()[0];
        for (int digit = 0; digit < digits; digit++) {
            int factor = CrcPolynomial.ONE;
            for (int value = 1; value <= DIGIT_MASK; value++) {
                factor = polynomial.times(factor, unit);
                polynomial.fillProducts(factor, products, (digit * DIGIT_MASK + value - 1) * PRODUCTS);
            }
            unit = polynomial.times(factor, unit);
        }
        return new CrcShift(products);
    }

    int apply(int register, int n) {
        int start = 0;
        for (int rest = n; rest != 0; rest >>>= DIGIT_BITS) {
            int value = rest & DIGIT_MASK;
            if (value != 0) {
                register = times(register, start + (value - 1) * PRODUCTS);
            }
            start += DIGIT_MASK * PRODUCTS;
        }
        return register;
    }

    private int times(int register, int table) {
        return products[table + (register & 255)]
                ^ products[table + 256 + (register >>> 8 & 255)]
                ^ products[table + 512 + (register >>> 16 & 255)]
                ^ products[table + 768 + (register >>> 24)];
    }
}
