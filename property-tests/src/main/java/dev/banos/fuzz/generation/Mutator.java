package dev.banos.fuzz.generation;

import dev.banos.fuzz.program.Bytes;
import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.Random64;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Makes programs from a recorded one: a window of it, with sizes moved to boundaries and operations dropped. What the target does
 * not promise is left out, and what would make a lawful target's process large: a program keeps few bytes live.
 */
public final class Mutator {
    /** Together: the process of a target that gives much more memory than is live would not be told from it. */
    private static final long MOST_LIVE = 256L << 20;

    private final Operations example;
    private final Repertoire repertoire;
    private final int maxOperations;
    private final Operations program;

    /** The window's slots by those of the example, which may be millions, and the bytes in each. */
    private final Map<Integer, Integer> slots = new HashMap<>();
    private final int maxThreads;
    private final long[] bytes;
    private long live;

    /** @param maxThreads on which the example's are spread, where it has more */
    public Mutator(Operations example, Repertoire repertoire, int maxOperations, int maxThreads) {
        this.example = example;
        this.repertoire = repertoire;
        this.maxOperations = maxOperations;
        this.maxThreads = repertoire.threads() ? maxThreads : 1;
        program = new Operations(maxOperations);
        bytes = new long[maxOperations];
    }

    /** Valid until the next call. Equal seeds give equal programs. */
    public Operations mutate(long seed) {
        Random64 random = new Random64(seed);
        Sizes sizes = new Sizes(random);
        begin();
        int from = random.below(example.length());
        int rarity = 4 << random.below(6);
        long budget = 16 * Sizes.SMALLEST_BUDGET;
        for (int i = from; i < example.length() && program.length() < maxOperations; i++) {
            if (!random.oneIn(rarity)) {
                copy(i, example.size(i));
            } else if (!random.oneIn(4)) {
                copy(i, Operations.isSized(example.kind(i)) ? bounded(random, sizes, example.size(i), budget) : example.size(i));
            }
        }
        return program;
    }

    private void begin() {
        program.clear();
        slots.clear();
        Arrays.fill(bytes, 0);
        live = 0;
    }

    private void copy(int index, long size) {
        if (isPromised(index)) {
            int kind = example.kind(index);
            int old = example.slot(index);
            int slot = Operations.usesSlot(kind) ? slots.getOrDefault(old, slots.size()) : 0;
            if (fits(kind, slot, kind == Operations.CALLOC ? product(size, example.log2(index)) : size)) {
                program.add(kind, example.log2(index), thread(index), slot, size);
                if (Operations.usesSlot(kind)) {
                    slots.put(old, slot);
                }
            }
        }
    }

    /** Where it overflows, what no allocator serves. */
    private static long product(long size, int log2) {
        return log2 > Long.numberOfLeadingZeros(size) ? -1 : size << log2;
    }

    private boolean isPromised(int index) {
        return switch (example.kind(index)) {
            case Operations.ALIGNED -> repertoire.largestAlignment() >>> example.log2(index) != 0;
            case Operations.MISALIGNED -> repertoire.wrongAlignments() && repertoire.largestAlignment() > 0;
            case Operations.EXIT -> thread(index) != 0; // the first stays to the end
            default -> true;
        };
    }

    private int thread(int index) {
        return example.thread(index) % maxThreads;
    }

    /** Whether what is live stays within bounds; then this operation is taken into account. What cannot be served is never live. */
    private boolean fits(int kind, int slot, long size) {
        boolean fills = Operations.isSized(kind) && (kind == Operations.REALLOC || bytes[slot] == 0);
        if (fills && Long.compareUnsigned(size, Bytes.IMPOSSIBLE) < 0) {
            long after = live - bytes[slot] + size;
            if (after > MOST_LIVE) {
                return false;
            }
            live = after;
            bytes[slot] = size;
        } else if (kind == Operations.FREE || kind == Operations.FREE_TWICE) {
            live -= bytes[slot];
            bytes[slot] = 0;
        } else if (kind == Operations.CLOSE && repertoire.closes()) {
            Arrays.fill(bytes, 0);
            live = 0;
        }
        return true;
    }

    private static long bounded(Random64 random, Sizes sizes, long size, long budget) {
        long mutated = random.oneIn(2) ? sizes.resized(size) : sizes.next();
        return Long.compareUnsigned(mutated, budget) > 0 ? size : mutated;
    }
}
