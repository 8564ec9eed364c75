package dev.banos.libc.zip;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.testing.ChildJvm;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChecksumTest {
    /** The check values that catalogues of CRCs print for the digits 1 to 9; Adler-32's computed by hand. */
    @Test
    void publishedCheckValues() {
        MemorySegment digits = MemorySegment.ofArray("123456789".getBytes(US_ASCII));

        assertThat(Crc32.update(Crc32.INITIAL, digits)).isEqualTo(0xCBF43926);
        assertThat(Crc32C.update(Crc32C.INITIAL, digits)).isEqualTo(0xE3069283);
        assertThat(Adler32.update(Adler32.INITIAL, digits)).isEqualTo(0x091E01DE);
    }

    @Test
    void nothingChangesNothing() {
        assertThat(Crc32.update(0x12345678, MemorySegment.NULL)).isEqualTo(0x12345678);
        assertThat(Crc32C.update(0x12345678, MemorySegment.NULL)).isEqualTo(0x12345678);
        assertThat(Adler32.update(0x12345678, MemorySegment.NULL)).isEqualTo(0x12345678);
        assertThat(Crc32.combine(0x12345678, Crc32.INITIAL, 0)).isEqualTo(0x12345678);
    }

    @Test
    void adlerTakesTheModuloJustInTime() {
        long n = Adler32.BYTES_BEFORE_MODULO;
        assertThat(65520 + n * 65520 + 255 * n * (n + 1) / 2).isLessThanOrEqualTo(Integer.MAX_VALUE);

        byte[] largest = new byte[3 * (int) n];
        Arrays.fill(largest, (byte) 255);
        java.util.zip.Adler32 oracle = new java.util.zip.Adler32();
        oracle.update(largest);
        assertThat(Adler32.updateByLoop(Adler32.INITIAL, MemorySegment.ofArray(largest))).isEqualTo((int) oracle.getValue());
    }

    /** Pieces longer than the tables for continuing reach, and than a ByteBuffer holds, take another way. */
    @Test
    void segmentsBeyondTwoGibibytes() {
        try (Arena scope = Arena.ofConfined()) {
            long bytes = (2L << 30) + 12345; // zeros
            MemorySegment zeros = scope.allocate(bytes);
            assertThat(Crc32.update(0x12345678, zeros)).isEqualTo(Crc32.combine(0x12345678, zerosByHalves(bytes), bytes));
            assertThat(Adler32.update(Adler32.INITIAL, zeros)).isEqualTo((int) (bytes % 65521) << 16 | 1);
        }
    }

    private static int zerosByHalves(long bytes) {
        if (bytes <= 1000) {
            return Crc32.updateInJava(Crc32.INITIAL, MemorySegment.ofArray(new byte[(int) bytes]));
        }
        return Crc32.combine(zerosByHalves(bytes - bytes / 2), zerosByHalves(bytes / 2), bytes / 2);
    }

    /** 1 is the sum of all x^-8d for the distances d: multiplied by x^(8 · the longest), polynomials that must agree. */
    @Test
    void theDistancesOfTheCascadesAreMultiplesOfThePolynomials() {
        requireCongruent(Crc32.POLYNOMIAL, CrcCascade.Ieee.DISTANCES);
        requireCongruent(Crc32C.POLYNOMIAL, CrcCascade.Castagnoli.DISTANCES);
    }

    private static void requireCongruent(CrcPolynomial polynomial, int[] distances) {
        int longest = distances[distances.length - 1];
        assertThat((long) longest + Long.BYTES).isLessThanOrEqualTo(CrcCascade.WORTHWHILE);
        int sum = 0;
        for (int distance : distances) {
            sum ^= polynomial.appendZeroBytes(CrcPolynomial.ONE, longest - distance);
        }
        assertThat(sum).isEqualTo(polynomial.appendZeroBytes(CrcPolynomial.ONE, longest));
    }

    @Test
    void oneMebibyteFromAnyState() {
        byte[] data = Bytes.random(1 << 20, 7);
        MemorySegment segment = MemorySegment.ofArray(data).asSlice(3);
        assertThat(Crc32.update(0x12345678, segment)).isEqualTo(Crc32.updateInJava(0x12345678, segment));
        assertThat(Crc32C.update(0x12345678, segment)).isEqualTo(Crc32C.updateInJava(0x12345678, segment));
    }

    /** From where the cascade begins, and on both sides of its blocks, with a rest of any length. */
    @Test
    void theCascadeAtItsLimits() {
        long block = CrcCascade.BLOCK;
        long rest = CrcCascade.Ieee.DISTANCES[4]; // that of CRC-32C is shorter by less than what is tried on each side
        for (long near : new long[] {CrcCascade.WORTHWHILE, block, block + rest, 2 * block + rest, 5 * block + rest}) {
            for (long bytes = near - 48; bytes <= near + 48; bytes++) {
                MemorySegment data = MemorySegment.ofArray(Bytes.random((int) bytes, bytes));
                assertThat(Crc32.updateInJava(0x12345678, data)).isEqualTo(Crc32.update(0x12345678, data));
                assertThat(Crc32C.updateInJava(0x12345678, data)).isEqualTo(Crc32C.update(0x12345678, data));
            }
        }
    }

    /** In a JVM of its own: what other tests have called decides what the compiler inlines, and so whether views are made. */
    @Test
    void hotCallsAllocateNothing() throws Exception {
        String said = ChildJvm.run(List.of(), ChecksumAllocationChild.class).output().strip();
        assertThat(said).matches("\\d+");
        assertThat(Long.parseLong(said)).isLessThan(2000); // of 240,000 calls; the measurement itself may allocate a little
    }
}
