package dev.banos.mem;

import dev.banos.bindings.Native;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** Aligned 64-bit words of native memory by address: the words of bitmaps. */
final class Words {
    static final int BYTES = Long.BYTES;

    private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle().withInvokeExactBehavior();
    /** For plain access on hot paths: the words are aligned, and this handle does not check it each time. */
    private static final VarHandle UNCHECKED = ValueLayout.JAVA_LONG_UNALIGNED.varHandle().withInvokeExactBehavior();

    private Words() {
    }

    static long get(long address) {
        return (long) UNCHECKED.get(Native.EVERYTHING, address);
    }

    static void put(long address, long value) {
        UNCHECKED.set(Native.EVERYTHING, address, value);
    }

    static long getAcquire(long address) {
        return (long) WORD.getAcquire(Native.EVERYTHING, address);
    }

    static long getAndSet(long address, long value) {
        return (long) WORD.getAndSet(Native.EVERYTHING, address, value);
    }

    static long getAndOr(long address, long bits) {
        return (long) WORD.getAndBitwiseOr(Native.EVERYTHING, address, bits);
    }
}
