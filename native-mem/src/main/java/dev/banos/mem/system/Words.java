package dev.banos.mem.system;

import dev.banos.bindings.Native;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Aligned 64-bit words of native memory: the words of bitmaps. A word is named by the address of any bit in it, and a bit's
 * address is eight times that of its byte, plus its number in the byte. So a bitmap's address plus a slot is the address of
 * the slot's bit, and its lowest six bits are its place in the word, as shifts take them.
 *
 * <p>An address that was shifted right is positive, which the compiler sees: that saves the comparison with the end of
 * {@link Native#EVERYTHING}.
 */
public final class Words {
    private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle().withInvokeExactBehavior();
    /** For plain access on hot paths: the words are aligned, and this handle does not check it each time. */
    private static final VarHandle UNCHECKED = ValueLayout.JAVA_LONG_UNALIGNED.varHandle().withInvokeExactBehavior();
    private static final int LOG_BITS = Integer.numberOfTrailingZeros(Long.SIZE);
    private static final int LOG_BYTES = Integer.numberOfTrailingZeros(Long.BYTES);

    private Words() {
    }

    /** The address of the first bit of the byte at {@code address}. */
    public static long bitAt(long address) {
        return address * Byte.SIZE;
    }

    /** The byte that holds a bit. */
    public static long byteOf(long bit) {
        return bit / Byte.SIZE;
    }

    private static long wordOf(long bit) {
        return (bit >>> LOG_BITS) << LOG_BYTES;
    }

    public static long get(long bit) {
        return (long) UNCHECKED.get(Native.EVERYTHING, wordOf(bit));
    }

    public static void put(long bit, long value) {
        UNCHECKED.set(Native.EVERYTHING, wordOf(bit), value);
    }

    /** {@link #get} by the address of a word's first bit. */
    public static long getWhole(long firstBit) {
        return (long) UNCHECKED.get(Native.EVERYTHING, firstBit >>> LOG_BYTES);
    }

    public static void putWhole(long firstBit, long value) {
        UNCHECKED.set(Native.EVERYTHING, firstBit >>> LOG_BYTES, value);
    }

    public static long getAcquire(long bit) {
        return (long) WORD.getAcquire(Native.EVERYTHING, wordOf(bit));
    }

    public static long getVolatile(long bit) {
        return (long) WORD.getVolatile(Native.EVERYTHING, wordOf(bit));
    }

    public static long getAndSet(long bit, long value) {
        return (long) WORD.getAndSet(Native.EVERYTHING, wordOf(bit), value);
    }

    public static long getAndOr(long bit, long bits) {
        return (long) WORD.getAndBitwiseOr(Native.EVERYTHING, wordOf(bit), bits);
    }
}
