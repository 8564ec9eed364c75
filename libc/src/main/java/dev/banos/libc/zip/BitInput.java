package dev.banos.libc.zip;

/**
 * The caller's input as a stream of bits, the lowest bit of a byte first (RFC 1951, 3.1.1).
 *
 * <pre>
 *   bits   ....next bytes....|count valid bits, the next one lowest
 *   memory start .. next .. end
 * </pre>
 *
 * The bits above {@code count} are zero or equal the bytes from {@code next} on, so that loading a byte twice does no harm;
 * {@link #finish} clears them, because the next call brings other memory.
 */
final class BitInput {
    /** A loop reads less than that behind the end: the last word that it loads begins at most 7 bytes behind. */
    static final int PADDING = 2 * Long.BYTES;

    private long start;
    private boolean padded;
    long next;
    long end;
    long bits;
    int count;

    void reset() {
        bits = 0;
        count = 0;
    }

    /** @param padded whether {@link #PADDING} bytes behind these may be read, whatever is there */
    void begin(long address, long length, boolean padded) {
        this.padded = padded;
        start = address;
        next = address;
        end = address + length;
    }

    /** How many of the last bytes a loop leaves alone: what it reads has to be there, or, before padding, only what it uses. */
    int margin(int bytesRead, int bytesUsed) {
        return padded ? bytesUsed : bytesRead;
    }

    /** Takes over from a loop: what it read ahead in the padding was never input, and of the rest it keeps no whole byte. */
    void leaveLoop(long next, long bits, int count) {
        long beyond = Math.max(0, next - end);
        this.next = next - beyond;
        this.bits = bits;
        this.count = count - (int) beyond * Byte.SIZE;
        giveBack();
    }

    /** The memory goes away; returns how many of its bytes count as consumed. */
    long finish() {
        bits &= lowBits(count);
        return next - start;
    }

    /** How many whole bytes of this call's memory have been used up. */
    long used() {
        return next - start - Math.min(count >>> 3, next - start);
    }

    /**
     * Moves the position back over whole bytes that no element needed. Bytes of an earlier call cannot be handed back; they are
     * never there to be, because a call keeps only the bits of an element that is not complete yet.
     */
    void giveBack() {
        long whole = Math.min(count >>> 3, next - start);
        next -= whole;
        count -= (int) whole << 3;
        bits &= lowBits(count);
    }

    /** Whether {@code n} bits (at most 56) are there now; takes every byte there is before it says no. */
    boolean need(int n) {
        if (count < n) {
            refill();
        }
        return count >= n;
    }

    /** As many bits as fit, at least 56 unless the input ends before. */
    void refill() {
        if (end - next >= Long.BYTES) {
            bits |= Ram.getLong(next) << count;
            next += (Long.SIZE - 1 - count) >>> 3;
            count |= Long.SIZE - Byte.SIZE;
        } else if (padded) {
            refillBeforePadding();
        } else {
            refillSlow();
        }
    }

    /** The last bytes of a piece that a word may be loaded from, whatever follows them. */
    private void refillBeforePadding() {
        int bytes = Math.min((int) (end - next), (Long.SIZE - 1 - count) >>> 3);
        bits = (bits & lowBits(count) | Ram.getLong(next) << count) & lowBits(count + bytes * Byte.SIZE);
        next += bytes;
        count += bytes * Byte.SIZE;
    }

    /** The last bytes of a piece: in one load that ends with it, where so many bytes are there, or else one by one. */
    private void refillSlow() {
        int bytes = Math.min((int) (end - next), (Long.SIZE - 1 - count) >>> 3);
        if (end - start < Long.BYTES || bytes <= 0) {
            refillByBytes();
            return;
        }
        long last = Ram.getLong(end - Long.BYTES) >>> (Long.BYTES - (end - next)) * Byte.SIZE;
        bits = bits & lowBits(count) | (last & lowBits(bytes * Byte.SIZE)) << count;
        next += bytes;
        count += bytes * Byte.SIZE;
    }

    private void refillByBytes() {
        bits &= lowBits(count);
        while (count < Long.SIZE - Byte.SIZE && next < end) {
            bits |= (long) Ram.getByte(next++) << count;
            count += Byte.SIZE;
        }
    }

    int peek(int n) {
        return (int) (bits & lowBits(n));
    }

    void drop(int n) {
        bits >>>= n;
        count -= n;
    }

    int take(int n) {
        int value = peek(n);
        drop(n);
        return value;
    }

    long take32() {
        long value = bits & lowBits(32);
        drop(32);
        return value;
    }

    void alignToByte() {
        drop(count & 7);
    }

    private static long lowBits(int n) {
        return (1L << n) - 1;
    }
}
