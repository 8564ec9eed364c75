package dev.banos.libc.hash;

import dev.banos.bindings.Secrets;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Folded multiplication, and the secrets to multiply by. The 128-bit product of a key and a secret, its halves combined by
 * exclusive or: each bit of the result depends on each of both, and who does not know the secret cannot name keys that
 * collide. (The mixing step of Wang Yi's wyhash, 2019.)
 */
final class Mixer {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L; // 2^64 divided by the golden ratio, odd
    private static final long SECRET = Secrets.next();
    private static final long MULTIPLIER = Secrets.next() | 1;
    private static final AtomicLong SEQUENCE = new AtomicLong(Secrets.next());

    private Mixer() {
    }

    static long fold(long left, long right) {
        return Math.unsignedMultiplyHigh(left, right) ^ left * right;
    }

    /**
     * Equally spaced keys leave {@link #fold} equally spaced, with a step that the secret decides: for one secret in thirty
     * they meet in few groups. Another product breaks the rhythm. Its upper half numbers the group, from that half's fourth bit
     * on, the bit before says which half of the group, and the top of its lower half is the tag: all depend on many bits of
     * {@code folded}. (The product's lowest byte depends on that of {@code folded} alone, which is still in step.)
     */
    static long scatter(long folded) {
        return Long.rotateRight(folded * GOLDEN, Integer.SIZE);
    }

    /** Another secret each time; one table's do not tell another's. */
    static long secret() {
        long step = SEQUENCE.getAndAdd(GOLDEN);
        return fold(fold(step ^ SECRET, MULTIPLIER) ^ step, GOLDEN);
    }
}
