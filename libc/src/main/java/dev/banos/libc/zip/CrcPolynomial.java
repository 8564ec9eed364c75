package dev.banos.libc.zip;

/**
 * Arithmetic modulo a CRC's polynomial P of degree 32 over GF(2), in the reflected form that CRC-32 uses: bit 31 of an
 * {@code int} is the coefficient of x^0, bit 0 that of x^31.
 *
 * <pre>
 *   bit      31   30   29        1    0
 *          +----+----+----+----+----+----+
 *          |  1 |  x | x^2| .. |x^30|x^31|      times x: shift right, and subtract P when x^31 was set
 *          +----+----+----+----+----+----+
 * </pre>
 *
 * A CRC register is such a polynomial, and to append n zero bytes to the message is to multiply it by x^(8n).
 *
 * @param bits the coefficients of P below x^32, reflected
 * @param powers entry k: x^(8·2^k) mod P, what 2^k zero bytes multiply a register by
 */
record CrcPolynomial(int bits, int[] powers) {
    static final int ONE = 1 << 31;

    /** @param bits the coefficients of P below x^32, as they are usually printed: that of x^31 first */
    static CrcPolynomial of(int bits) {
        CrcPolynomial polynomial = new CrcPolynomial(Integer.reverse(bits), new int[Long.SIZE - 1]);
        int power = ONE >>> Byte.SIZE;
        for (int k = 0; k < polynomial.powers.length; k++) {
            polynomial.powers[k] = power;
            power = polynomial.times(power, power);
        }
        return polynomial;
    }

    int timesX(int a) {
        return (a >>> 1) ^ (bits & -(a & 1));
    }

    /** a · b mod P: the sum of b · x^i for each x^i in a. */
    int times(int a, int b) {
        int product = 0;
        for (int rest = a; rest != 0; rest <<= 1) {
            product ^= b & (rest >> 31);
            b = timesX(b);
        }
        return product;
    }

    /** The register after n more zero bytes: one product for each bit set in n. */
    int appendZeroBytes(int register, long n) {
        for (long rest = n; rest != 0; rest &= rest - 1) {
            register = times(register, powers[Long.numberOfTrailingZeros(rest)]);
        }
        return register;
    }

    /** For k from 0 to 3 and each byte v, at {@code start + k·256 + v}: the register with v as its byte k (0 the lowest) times {@code factor}. */
    void fillProducts(int factor, int[] table, int start) {
        int product = factor;
        for (int bit = Integer.SIZE - 1; bit >= 0; bit--) {
            table[start + bit / Byte.SIZE * 256 + (1 << bit % Byte.SIZE)] = product;
            product = timesX(product);
        }
        for (int i = start; i < start + 4 * 256; i++) {
            int lowBit = Integer.lowestOneBit((i - start) & 255);
            int rest = ((i - start) & 255) - lowBit;
            if (rest != 0) {
                table[i] = table[i - lowBit] ^ table[i - rest];
            }
        }
    }
}
