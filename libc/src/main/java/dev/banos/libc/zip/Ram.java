package dev.banos.libc.zip;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.banos.bindings.Native;
import dev.banos.libc.segment.Liveness;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Little-endian loads and stores at addresses. Nothing here checks an address: {@link Inflater} proves at its entry that
 * the caller's segments may be used, and each loop in this package keeps the margins that it states.
 */
final class Ram {
    private static final VarHandle BYTE = JAVA_BYTE.varHandle().withInvokeExactBehavior();
    private static final VarHandle SHORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle().withInvokeExactBehavior();
    /** For paths so rare that the compiler would call {@link #getInt}: it never calls an access of a handle. */
    static final VarHandle INT = JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle().withInvokeExactBehavior();
    static final VarHandle LONG = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle().withInvokeExactBehavior();

    private static final long LOWEST_ORDINARY = 1L << 31;
    private static final long HIGHEST_ORDINARY = 1L << 47;
    /** Input up to here is copied before it is decoded; and such pieces are copied without a call. */
    static final int SMALL_PIECE = 256;
    private static final int FOUR_WORDS = 4 * Long.BYTES;

    private Ram() {
    }

    /** Whether all of a range lies where {@link #ordinary} leaves addresses alone: all memory does that nobody placed by hand. */
    static boolean isOrdinary(long address, long bytes) {
        return address >= LOWEST_ORDINARY && address + bytes <= HIGHEST_ORDINARY;
    }

    /**
     * The same address, from which the compiler can see that no int added to it makes it negative: then it removes the
     * comparison with the end of the address space from each access, and a table's index goes into the load itself.
     */
    static long ordinary(long address) {
        return Math.min(Math.max(address, LOWEST_ORDINARY), HIGHEST_ORDINARY);
    }

    static int getByte(long address) {
        return (byte) BYTE.get(Native.EVERYTHING, address) & 0xFF;
    }

    static void putByte(long address, int value) {
        BYTE.set(Native.EVERYTHING, address, (byte) value);
    }

    static int getShort(long address) {
        return (short) SHORT.get(Native.EVERYTHING, address) & 0xFFFF;
    }

    static void putShort(long address, int value) {
        SHORT.set(Native.EVERYTHING, address, (short) value);
    }

    static int getInt(long address) {
        return (int) INT.get(Native.EVERYTHING, address);
    }

    static void putInt(long address, int value) {
        INT.set(Native.EVERYTHING, address, value);
    }

    static long getLong(long address) {
        return (long) LONG.get(Native.EVERYTHING, address);
    }

    static void putLong(long address, long value) {
        LONG.set(Native.EVERYTHING, address, value);
    }

    static void copy(long from, long to, long bytes) {
        MemorySegment.copy(Native.EVERYTHING, from, Native.EVERYTHING, to, bytes);
    }

    /** For few bytes, in areas that do not overlap: by words in place of a call, the last ones ending where the bytes end. */
    static void copyFew(long from, long to, int bytes) {
        long source = ordinary(from);
        long target = ordinary(to);
        if (bytes >= FOUR_WORDS) {
            int last = bytes - FOUR_WORDS;
            copyFourWords(source, target);
            if (last > FOUR_WORDS) {
                copyMiddle(source, target, last);
            }
            copyFourWords(source + last, target + last);
        } else if (bytes >= Long.BYTES) {
            int last = bytes - Long.BYTES;
            for (int i = 0; i < last; i += Long.BYTES) {
                putLong(target + i, getLong(source + i));
            }
            putLong(target + last, getLong(source + last));
        } else {
            for (int i = 0; i < bytes; i++) {
                putByte(target + i, getByte(source + i));
            }
        }
    }

    private static void copyMiddle(long from, long to, int end) {
        for (int i = FOUR_WORDS; i < end; i += FOUR_WORDS) {
            copyFourWords(from + i, to + i);
        }
    }

    private static void copyFourWords(long from, long to) {
        long first = getLong(from);
        long second = getLong(from + Long.BYTES);
        long third = getLong(from + 2 * Long.BYTES);
        long fourth = getLong(from + 3 * Long.BYTES);
        putLong(to, first);
        putLong(to + Long.BYTES, second);
        putLong(to + 2 * Long.BYTES, third);
        putLong(to + 3 * Long.BYTES, fourth);
    }

    static void fill(long address, long bytes, int value) {
        long to = address;
        long end = address + bytes;
        for (long word = value * 0x0101_0101_0101_0101L; to + Long.BYTES <= end; to += Long.BYTES) {
            putLong(to, word);
        }
        for (; to < end; to++) {
            putByte(to, value);
        }
    }

    /** Whether this may be addressed as long as the calling thread is busy here. */
    static boolean isInPlace(MemorySegment segment) {
        return Liveness.isCertain(segment) && isOrdinary(segment.address(), segment.byteSize());
    }

    /** {@link #copyFew} where the memory allows it: for a few bytes the other copy costs more than a look at the scope. */
    static void copyOut(long from, MemorySegment out, long offset, long bytes) {
        if (bytes <= SMALL_PIECE && isInPlace(out)) {
            copyFew(from, out.address() + offset, (int) bytes);
        } else {
            MemorySegment.copy(Native.EVERYTHING, from, out, offset, bytes);
        }
    }

    static void copyIn(MemorySegment in, long offset, long to, long bytes) {
        if (bytes <= SMALL_PIECE && isInPlace(in)) {
            copyFew(in.address() + offset, to, (int) bytes);
        } else {
            MemorySegment.copy(in, offset, Native.EVERYTHING, to, bytes);
        }
    }
}
