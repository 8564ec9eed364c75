package dev.banos.libc.zip;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Adler-32 as in zlib streams: s1 is 1 plus the sum of all bytes, s2 the sum of all values that s1 takes, both modulo
 * 65521; the checksum is s2·65536 + s1.
 *
 * <p>Stateless: a checksum so far goes in, the checksum of that and more bytes comes out. The checksum of no bytes is
 * {@value #INITIAL}. Nothing is allocated.
 *
 * <p>The work is done by the instructions behind {@link java.util.zip.Adler32} where that class can reach the bytes, and
 * by a plain loop elsewhere (short inputs; heap segments that are read-only or not of bytes).
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc1950#section-8.2">RFC 1950, section 8.2</a>
 */
public final class Adler32 {
    /** The checksum of no bytes. */
    public static final int INITIAL = 1;

    /** The largest prime below 2^16. */
    private static final int BASE = 65521;

    /** So many bytes of 255 can be summed from any s1, s2 below BASE before the larger sum leaves 31 bits. */
    static final int BYTES_BEFORE_MODULO = 3854;

    private Adler32() {
    }

    /**
     * The checksum of the bytes whose checksum is {@code state}, followed by all bytes of {@code data}.
     *
     * @param state {@link #INITIAL}, or what an earlier call returned
     * @param data any bytes, on the Java heap or off it
     * @return the checksum of all
     * @throws IllegalStateException if the scope of {@code data} is closed; closing a shared scope during the call fails
     * @throws WrongThreadException if {@code data} is confined to another thread
     */
    public static int update(int state, MemorySegment data) {
        long bytes = data.byteSize();
        if (bytes >= JavaUtilZip.WORTHWHILE && bytes <= JavaUtilZip.LARGEST_PIECE && JavaUtilZip.canTake(data)) {
            int fresh = fresh(data);
            return state == INITIAL ? fresh : append(state, fresh, bytes);
        }
        return updateSlow(state, data);
    }

    private static int fresh(MemorySegment data) {
        java.util.zip.Adler32 engine = new java.util.zip.Adler32();
        JavaUtilZip.feed(engine, data);
        return (int) engine.getValue();
    }

    private static int updateSlow(int state, MemorySegment data) {
        long bytes = data.byteSize();
        if (bytes < JavaUtilZip.WORTHWHILE || !JavaUtilZip.canTake(data)) {
            return updateByLoop(state, data);
        }
        for (long at = 0; at < bytes; ) {
            long piece = Math.min(bytes - at, JavaUtilZip.LARGEST_PIECE);
            state = update(state, data.asSlice(at, piece));
            at += piece;
        }
        return state;
    }

    /** The same without the help of {@link java.util.zip.Adler32}. */
    static int updateByLoop(int state, MemorySegment data) {
        int s1 = (state & 0xFFFF) % BASE;
        int s2 = (state >>> 16) % BASE;
        long bytes = data.byteSize();
        for (long at = 0; at < bytes; ) {
            long stop = at + Math.min(bytes - at, BYTES_BEFORE_MODULO);
            for (; at < stop; at++) {
                s1 += data.get(ValueLayout.JAVA_BYTE, at) & 255;
                s2 += s1;
            }
            s1 %= BASE;
            s2 %= BASE;
        }
        return s2 << 16 | s1;
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
        return append(first, second, secondBytes);
    }

    /** The second piece was summed from s1 = 1; each of its values of s1 was too low by the first piece's s1 - 1. */
    private static int append(int first, int second, long secondBytes) {
        long missing = (first & 0xFFFF) - 1 + BASE;
        long s1 = (missing + (second & 0xFFFF)) % BASE;
        long s2 = ((first >>> 16) + (second >>> 16) + secondBytes % BASE * missing) % BASE;
        return (int) (s2 << 16 | s1);
    }
}
