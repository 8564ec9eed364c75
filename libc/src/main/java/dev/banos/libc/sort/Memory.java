package dev.banos.libc.sort;

import static dev.banos.bindings.Native.EVERYTHING;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Memory by address, for loops whose bounds and whose memory's life were checked before they began. The segment's own
 * accessors check less than a layout's handle, which looks at the bounds twice.
 */
final class Memory {
    private static final long BASES = (1L << 62) - 1;
    private static final long OFFSETS = (1L << 61) - 1;

    private Memory() {
    }

    /**
     * The sum, of what every address and every distance in memory is. The compiler sees that it lies in the address space, so
     * there is nothing to compare in an access, nor a reason to split the loop around it in two, the outer one of which
     * counts 2^29 elements: of those it vectorises and unrolls neither.
     */
    private static long address(long base, long offset) {
        return (base & BASES) + (offset & OFFSETS);
    }

    static byte getByte(long address) {
        return EVERYTHING.get(JAVA_BYTE, address);
    }

    static byte getByte(long base, long offset) {
        return EVERYTHING.get(JAVA_BYTE, address(base, offset));
    }

    static void setByte(long address, byte value) {
        EVERYTHING.set(JAVA_BYTE, address, value);
    }

    static short getShort(long address) {
        return EVERYTHING.get(JAVA_SHORT_UNALIGNED, address);
    }

    static void setShort(long address, short value) {
        EVERYTHING.set(JAVA_SHORT_UNALIGNED, address, value);
    }

    static short getShort(long base, long offset) {
        return EVERYTHING.get(JAVA_SHORT_UNALIGNED, address(base, offset));
    }

    static void setShort(long base, long offset, short value) {
        EVERYTHING.set(JAVA_SHORT_UNALIGNED, address(base, offset), value);
    }

    static int getInt(long address) {
        return EVERYTHING.get(JAVA_INT_UNALIGNED, address);
    }

    static void setInt(long address, int value) {
        EVERYTHING.set(JAVA_INT_UNALIGNED, address, value);
    }

    static int getInt(long base, long offset) {
        return EVERYTHING.get(JAVA_INT_UNALIGNED, address(base, offset));
    }

    static void setInt(long base, long offset, int value) {
        EVERYTHING.set(JAVA_INT_UNALIGNED, address(base, offset), value);
    }

    static long getLong(long address) {
        return EVERYTHING.get(JAVA_LONG_UNALIGNED, address);
    }

    static void setLong(long address, long value) {
        EVERYTHING.set(JAVA_LONG_UNALIGNED, address, value);
    }

    static long getLong(long base, long offset) {
        return EVERYTHING.get(JAVA_LONG_UNALIGNED, address(base, offset));
    }

    static void setLong(long base, long offset, long value) {
        EVERYTHING.set(JAVA_LONG_UNALIGNED, address(base, offset), value);
    }

    /** A signed number of {@code 1 << log} bytes. A chain of conditions: the compiler takes each out of a loop, a switch not. */
    static long getSigned(int log, long address) {
        if (log == 3) {
            return getLong(address);
        } else if (log == 2) {
            return getInt(address);
        }
        return log == 1 ? getShort(address) : getByte(address);
    }

    static void setSigned(int log, long address, long number) {
        if (log == 3) {
            setLong(address, number);
        } else if (log == 2) {
            setInt(address, (int) number);
        } else if (log == 1) {
            setShort(address, (short) number);
        } else {
            setByte(address, (byte) number);
        }
    }

    /** For a loop that only reads, one element behind the other: the compiler vectorises it over a segment, not over addresses. */
    static MemorySegment range(long address, long bytes) {
        return EVERYTHING.asSlice(address, bytes);
    }

    static void fill(long address, long bytes, byte value) {
        range(address, bytes).fill(value);
    }

    /** Nothing to do where both are the same place. */
    static void move(long from, long to, long bytes) {
        if (from != to) {
            MemorySegment.copy(EVERYTHING, from, EVERYTHING, to, bytes);
        }
    }
}
