package dev.banos.libc.zip;

import java.util.Random;

/** Test data that a seed reproduces. */
final class Bytes {
    private Bytes() {
    }

    static byte[] random(int count, long seed) {
        byte[] bytes = new byte[count];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
