package dev.banos.mem;

import dev.banos.bindings.Native;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** Aligned 64-bit words of native memory by address: the words of bitmaps. */
final class Words {
    static final int BYTES = Long.BYTES;

    private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle().withInvokeExactBehavior();

    private Words() {
    }

    static long get(long address) {
        return (long) WORD.get(Native.EVERYTHING, address);
    }

    static void put(long address, long value) {
        WORD.set(Native.EVERYTHING, address, value);
    }

    static long getOpaque(long address) {
        return (long) WORD.getOpaque(Native.EVERYTHING, address);
    }

    static long getAndSet(long address, long value) {
        return (long) WORD.getAndSet(Native.EVERYTHING, address, value);
    }

    static long getAndOr(long address, long bits) {
        return (long) WORD.getAndBitwiseOr(Native.EVERYTHING, address, bits);
    }
}
