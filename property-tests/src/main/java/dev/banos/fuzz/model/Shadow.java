package dev.banos.fuzz.model;

import java.util.Arrays;

/**
 * Which bytes of the address space are in live blocks: one bit for each 8 bytes, in pages that are found by hashing the
 * address. A block's bits are tested and set in time that depends on its length only.
 * <pre>
 *   address >>> 16  --hash-->  slot of {@code chunks}  -->  128 words of {@code bits}: 64 KiB of address space
 * </pre>
 */
final class Shadow {
    private static final int GRANULE_SHIFT = 3;
    private static final int CHUNK_SHIFT = 16;
    private static final int CHUNK_WORDS = 1 << CHUNK_SHIFT - GRANULE_SHIFT - 6;
    private static final long CHUNK_MASK = (1L << CHUNK_SHIFT) - 1;

    /** Beyond this many chunks an empty shadow starts anew: 4,096 chunks take 4 MiB. */
    private static final int CHUNKS_KEPT = 4096;
    private static final long HASH = 0x9E37_79B9_7F4A_7C15L;

    private long[] chunks = new long[1 << 10];
    private int[] indexes = new int[1 << 10];
    private long[] bits = new long[64 * CHUNK_WORDS];
    private int count;

    private long lastChunk = -1;
    private int lastBase;

    /** Forgets all blocks. */
    void clear() {
        if (count > CHUNKS_KEPT) {
            chunks = new long[1 << 10];
            indexes = new int[1 << 10];
            bits = new long[64 * CHUNK_WORDS];
        } else {
            Arrays.fill(chunks, 0);
            Arrays.fill(bits, 0, count * CHUNK_WORDS, 0);
        }
        count = 0;
        lastChunk = -1;
    }

    /** Marks the block as live; false, with nothing promised of the marks, if a byte of it already was. */
    boolean claim(long address, long bytes) {
        return set(address, bytes, true);
    }

    /** Marks the block, which is live, as not live. */
    void release(long address, long bytes) {
        set(address, bytes, false);
    }

    private boolean set(long address, long bytes, boolean live) {
        long last = address + Math.max(bytes, 1) - 1;
        boolean clean = true;
        for (long at = address; Long.compareUnsigned(at, last) <= 0; at = (at | CHUNK_MASK) + 1) {
            int base = base(at >>> CHUNK_SHIFT);
            int from = (int) (at & CHUNK_MASK) >>> GRANULE_SHIFT;
            int to = at >>> CHUNK_SHIFT == last >>> CHUNK_SHIFT
                    ? (int) (last & CHUNK_MASK) >>> GRANULE_SHIFT : (int) CHUNK_MASK >>> GRANULE_SHIFT;
            clean &= live ? claimBits(base, from, to) : releaseBits(base, from, to);
        }
        return clean;
    }

    private boolean claimBits(int base, int from, int to) {
        long seen = 0;
        for (int word = from >>> 6; word <= to >>> 6; word++) {
            long mask = mask(word, from, to);
            seen |= bits[base + word] & mask;
            bits[base + word] |= mask;
        }
        return seen == 0;
    }

    private boolean releaseBits(int base, int from, int to) {
        for (int word = from >>> 6; word <= to >>> 6; word++) {
            bits[base + word] &= ~mask(word, from, to);
        }
        return true;
    }

    /** The bits of {@code word} that lie from bit {@code from} to bit {@code to}, both counted from the chunk's start. */
    private static long mask(int word, int from, int to) {
        long mask = -1L;
        if (word == from >>> 6) {
            mask &= -1L << from;
        }
        if (word == to >>> 6) {
            mask &= -1L >>> 63 - (to & 63);
        }
        return mask;
    }

    private int base(long chunk) {
        if (chunk == lastChunk) {
            return lastBase;
        }
        int at = find(chunk);
        if (chunks[at] == 0) {
            at = insert(chunk, at);
        }
        lastChunk = chunk;
        lastBase = indexes[at] * CHUNK_WORDS;
        return lastBase;
    }

    /** Keys are {@code chunk + 1}, so that 0 means empty. */
    private int find(long chunk) {
        int mask = chunks.length - 1;
        int at = (int) (chunk * HASH >>> 40) & mask;
        while (chunks[at] != 0 && chunks[at] != chunk + 1) {
            at = at + 1 & mask;
        }
        return at;
    }

    private int insert(long chunk, int at) {
        int place = at;
        if (2 * (count + 1) > chunks.length) {
            grow();
            place = find(chunk);
        }
        if ((count + 1) * CHUNK_WORDS > bits.length) {
            bits = Arrays.copyOf(bits, 2 * bits.length);
        }
        chunks[place] = chunk + 1;
        indexes[place] = count++;
        return place;
    }

    private void grow() {
        long[] oldChunks = chunks;
        int[] oldIndexes = indexes;
        chunks = new long[2 * oldChunks.length];
        indexes = new int[2 * oldIndexes.length];
        for (int i = 0; i < oldChunks.length; i++) {
            if (oldChunks[i] != 0) {
                int at = find(oldChunks[i] - 1);
                chunks[at] = oldChunks[i];
                indexes[at] = oldIndexes[i];
            }
        }
    }
}
