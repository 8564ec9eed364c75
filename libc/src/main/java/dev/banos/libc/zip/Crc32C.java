package dev.banos.libc.zip;

import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;

/**
 * CRC-32C (Castagnoli) as in iSCSI, SCTP, ext4 and Btrfs.
 *
 * <p>Stateless: a checksum so far goes in, the checksum of that and more bytes comes out. The checksum of no bytes is
 * {@value #INITIAL}. Nothing is allocated.
 *
 * <pre>{@code
 * int sum = Crc32C.INITIAL;
 * sum = Crc32C.update(sum, first);
 * sum = Crc32C.update(sum, second);
 * long asJavaUtilZipHasIt = Integer.toUnsignedLong(sum);
 * }</pre>
 *
 * <p>The work is done by the instructions behind {@link java.util.zip.CRC32C} where that class can reach the bytes, and by
 * loops in Java elsewhere (short inputs; heap segments that are read-only or not of bytes).
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc3720#appendix-B.4">RFC 3720, appendix B.4</a>
 */
public final class Crc32C {
    /** The checksum of no bytes. */
    public static final int INITIAL = 0;

    static final CrcPolynomial POLYNOMIAL = CrcPolynomial.of(0x1EDC6F41);

    static final CrcTable TABLE = CrcTable.of(POLYNOMIAL);

    private static final class Cascade {
        static final CrcCascade.Castagnoli OF_BYTES = new CrcCascade.Castagnoli();
    }

    /** Its tables are computed when the first checksum is continued or combined. */
    private static final class Shift {
        static final CrcShift TABLES = CrcShift.of(POLYNOMIAL);
    }

    private Crc32C() {
    }

    /**
     * The checksum of the bytes whose checksum is {@code state}, followed by all bytes of {@code data}.
     *
     * @param state {@link #INITIAL}, or what an earlier call returned; any value is legal
     * @param data any bytes, on the Java heap or off it
     * @return the checksum of all
     * @throws IllegalStateException if the scope of {@code data} is closed; closing a shared scope during the call fails
     * @throws WrongThreadException if {@code data} is confined to another thread
     */
    public static int update(int state, MemorySegment data) {
        long bytes = data.byteSize();
        if (bytes >= JavaUtilZip.WORTHWHILE && bytes <= JavaUtilZip.LARGEST_PIECE && JavaUtilZip.canTake(data)) {
            int fresh = fresh(data);
            return state == INITIAL ? fresh : fresh ^ Shift.TABLES.apply(state, bytes);
        }
        return updateSlow(state, data);
    }

    private static int fresh(MemorySegment data) {
        CRC32C engine = new CRC32C();
        JavaUtilZip.feed(engine, data);
        return (int) engine.getValue();
    }

    private static int updateSlow(int state, MemorySegment data) {
        long bytes = data.byteSize();
        if (bytes < JavaUtilZip.WORTHWHILE || !JavaUtilZip.canTake(data)) {
            return updateInJava(state, data);
        }
        for (long at = 0; at < bytes; ) {
            long piece = Math.min(bytes - at, JavaUtilZip.LARGEST_PIECE);
            state = update(state, data.asSlice(at, piece));
            at += piece;
        }
        return state;
    }

    /** The same without the help of {@link java.util.zip.CRC32C}. */
    static int updateInJava(int state, MemorySegment data) {
        long bytes = data.byteSize();
        return ~(bytes < CrcCascade.WORTHWHILE ? TABLE.update(~state, data, 0, bytes) : Cascade.OF_BYTES.update(~state, data));
    }

    /**
     * The checksum of two pieces one after the other, from the checksum of each.
     *
     * @param first the checksum of the first piece
     * @param second the checksum of the second piece
     * @param secondBytes the length of the second piece, in bytes
     * @return the checksum of both, one behind the other
     * @throws IllegalArgumentException if {@code secondBytes} is negative
     */
    public static int combine(int first, int second, long secondBytes) {
        if (secondBytes < 0) {
            throw new IllegalArgumentException("secondBytes=" + secondBytes + " is negative");
        }
        return Shift.TABLES.apply(first, secondBytes) ^ second;
    }
}
