package dev.banos.benchmarks;

import java.util.SplittableRandom;

/**
 * Sizes of buffers as a proxy of web sockets asks for them: what Netty's own benchmarks of its allocators draw from, here by
 * the few sizes that most of them are.
 */
final class NettySizes {
    static final int COUNT = 1 << 17;
    private static final int[] BYTES = {15, 256, 620, 1024, 2048, 4500, 8600, 16639};
    private static final int[] PERCENT = {14, 24, 13, 33, 3, 1, 1, 11};

    private NettySizes() {
    }

    /** The same each time, {@link #COUNT} of them. */
    static int[] draw() {
        SplittableRandom random = new SplittableRandom(42);
        int[] sizes = new int[COUNT];
        for (int i = 0; i < COUNT; i++) {
            int drawn = random.nextInt(100);
            int kind = 0;
            while (drawn >= PERCENT[kind]) {
                drawn -= PERCENT[kind++];
            }
            sizes[i] = BYTES[kind];
        }
        return sizes;
    }
}
