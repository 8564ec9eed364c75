package dev.banos.fuzz.generation;

import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.Random64;
import org.jspecify.annotations.Nullable;

/**
 * What decides the programs of a campaign, and nothing else does.
 *
 * @param seed of the whole campaign
 * @param maxOperations the length of its longest programs
 * @param maxThreads how many threads its programs use at most; from 2 on, half of the programs let their threads run freely
 * @param example a program that half of the tries in order start from, mutated; null for none
 */
public record Settings(long seed, int maxOperations, int maxThreads, @Nullable Operations example) {
    public static final int DEFAULT_OPERATIONS = 2000;

    /** Tries on one instance of the target; then it is renewed. A bug that needs a long history needs an old instance. */
    public static final int EPOCH = 64;

    /** First what repeats exactly: a fault that shows there is then found in the same program each time. */
    private static final int FREE_FROM = EPOCH / 2;

    public static Settings ofOneProgram() {
        return new Settings(0, DEFAULT_OPERATIONS, 1, null);
    }

    public static long epochOf(long tryNumber) {
        return tryNumber / EPOCH;
    }

    boolean runsFreely(long tryNumber) {
        return maxThreads > 1 && tryNumber % EPOCH >= FREE_FROM;
    }

    boolean startsFromExample(long tryNumber) {
        return example != null && (tryNumber & 1) == 0 && !runsFreely(tryNumber);
    }

    long seedOf(long tryNumber) {
        return Random64.mix(seed * 0x9E37_79B9_7F4A_7C15L + Random64.mix(tryNumber));
    }
}
