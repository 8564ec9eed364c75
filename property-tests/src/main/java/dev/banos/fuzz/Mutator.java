package dev.banos.fuzz;

/** Makes programs from a recorded one: a window of it, with sizes moved to boundaries and operations dropped and doubled. */
final class Mutator {
    private final Program example;
    private final Promises promises;
    private final int maxOperations;
    private final Program program;

    Mutator(Program example, Promises promises, int maxOperations) {
        this.example = example;
        this.promises = promises;
        this.maxOperations = maxOperations;
        program = new Program(maxOperations);
    }

    /** Valid until the next call. Equal seeds give equal programs. */
    Program mutate(long seed) {
        Random64 random = new Random64(seed);
        Sizes sizes = new Sizes(random);
        program.clear();
        int from = random.below(example.length());
        int rarity = 4 << random.below(6);
        long budget = 16 * Sizes.SMALLEST_BUDGET;
        for (int i = from; i < example.length() && program.length() < maxOperations; i++) {
            if (!random.oneIn(rarity)) {
                copy(i, example.size(i));
            } else if (!random.oneIn(4)) {
                copy(i, bounded(random, sizes, example.size(i), budget));
            }
        }
        return program;
    }

    private void copy(int index, long size) {
        boolean asked = example.kind(index) != Program.ALIGNED || promises.largestAlignment() >>> example.log2(index) != 0;
        if (asked) {
            program.add(example.kind(index), example.log2(index), example.thread(index), example.slot(index), size);
        }
    }

    private static long bounded(Random64 random, Sizes sizes, long size, long budget) {
        long mutated = random.oneIn(2) ? sizes.resized(size) : sizes.next();
        return Long.compareUnsigned(mutated, budget) > 0 ? size : mutated;
    }
}
