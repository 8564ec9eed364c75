package dev.banos.libc.sort;

import static dev.banos.bindings.Native.EVERYTHING;

import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** Memory by address, for loops whose bounds and whose memory's life were checked before they began. */
final class Memory {
    private static final VarHandle BYTE = ValueLayout.JAVA_BYTE.varHandle().withInvokeExactBehavior();
    private static final VarHandle SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.varHandle().withInvokeExactBehavior();
    private static final VarHandle INT = ValueLayout.JAVA_INT_UNALIGNED.varHandle().withInvokeExactBehavior();
    private static final VarHandle LONG = ValueLayout.JAVA_LONG_UNALIGNED.varHandle().withInvokeExactBehavior();

    private Memory() {
    }

    static byte getByte(long address) {
        return (byte) BYTE.get(EVERYTHING, address);
    }

    static void setByte(long address, byte value) {
        BYTE.set(EVERYTHING, address, value);
    }

    static short getShort(long address) {
        return (short) SHORT.get(EVERYTHING, address);
    }

    static void setShort(long address, short value) {
        SHORT.set(EVERYTHING, address, value);
    }

    static int getInt(long address) {
        return (int) INT.get(EVERYTHING, address);
    }

    static void setInt(long address, int value) {
        INT.set(EVERYTHING, address, value);
    }

    static long getLong(long address) {
        return (long) LONG.get(EVERYTHING, address);
    }

    static void setLong(long address, long value) {
        LONG.set(EVERYTHING, address, value);
    }

    static void fill(long address, long bytes, byte value) {
        EVERYTHING.asSlice(address, bytes).fill(value);
    }

    /** Nothing to do where both are the same place. */
    static void move(long from, long to, long bytes) {
        if (from != to) {
            java.lang.foreign.MemorySegment.copy(EVERYTHING, from, EVERYTHING, to, bytes);
        }
    }
}
