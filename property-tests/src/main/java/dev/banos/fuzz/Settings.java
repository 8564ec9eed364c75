package dev.banos.fuzz;

/**
 * What decides the programs of a campaign, and nothing else does.
 *
 * @param seed of the whole campaign
 * @param maxOperations the length of its longest programs
 * @param maxThreads how many threads its programs use at most; from 2 on, every other program lets its threads run freely
 * @param example a program that every other try starts from, mutated; null for none
 */
record Settings(long seed, int maxOperations, int maxThreads, Program example) {
    static final int DEFAULT_OPERATIONS = 2000;

    /** Tries on one instance of the target; then it is renewed. A bug that needs a long history needs an old instance. */
    static final int EPOCH = 64;

    static long epochOf(long tryNumber) {
        return tryNumber / EPOCH;
    }

    boolean runsFreely(long tryNumber) {
        return maxThreads > 1 && (tryNumber & 1) == 1;
    }

    boolean startsFromExample(long tryNumber) {
        return example != null && (tryNumber & 2) == 0 && !runsFreely(tryNumber);
    }

    long seedOf(long tryNumber) {
        return Random64.mix(seed * 0x9E37_79B9_7F4A_7C15L + Random64.mix(tryNumber));
    }
}
